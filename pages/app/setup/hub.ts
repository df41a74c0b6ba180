// How a Hub is reached from the page: what is large is fetched only once the user has seen its size.

import type { HubOptions } from "walrus/hub";
import type { OnBytes } from "../download.ts";
import { type Message, say } from "../message.ts";
import { bytes } from "../words.ts";

/** Bytes from which the user is asked. */
const LARGE = 5e6;

/** A Hub whose access the user gave; session storage keeps neither. */
export const access: { endpoint?: string; token?: string } = {};

/**
 * How a Hub is reached.
 *
 * @param ask shows a question
 * @param onBytes told how far the files are, all together
 * @param refuse the user said no
 * @param signal ends requests
 */
export function hubAsking(
  ask: (message: Message) => void,
  onBytes: OnBytes,
  refuse: () => void,
  signal: AbortSignal,
): HubOptions {
  let total: number | null = null;
  const done = new Map<string, number>();
  return {
    ...access,
    signal,
    async admit({ name, bytes: size }) {
      total = size;
      if (size < LARGE) return true;
      const allowed = Promise.withResolvers<boolean>();
      ask(say("info", `${name}: ${bytes(size)} to load. Kept on this device until removed.`, [
        { label: "Load", run: () => allowed.resolve(true) },
        { label: "Not now", run: () => allowed.resolve(false) },
      ]));
      if (await allowed.promise) return true;
      refuse();
      return false;
    },
    onProgress({ path, done: here }) {
      done.set(path, here);
      onBytes([...done.values()].reduce((sum, n) => sum + n, 0), total);
    },
  };
}
