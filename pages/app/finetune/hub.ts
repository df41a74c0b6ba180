// How the page's worker reaches a Hub: what is large is fetched only when the user has seen its size, progress is told,
// and files are kept in the page's private storage.

import type { HubOptions } from "walrus/hub";
import { bytes, progress } from "../words.ts";
import type { Answer, HubAccess } from "./messages.ts";

/** Bytes from which the user is asked. */
const LARGE = 5e6;

/**
 * How a Hub is reached.
 *
 * @param access what the user gave
 * @param tell takes what the page shows
 * @param allowed resolved when the user lets the worker fetch
 * @param signal ends requests
 */
export function hubOf(
  access: HubAccess,
  tell: (answer: Answer) => void,
  allowed: Promise<void>,
  signal: AbortSignal,
): HubOptions {
  let told = 0;
  return {
    ...access,
    signal,
    async admit({ name, bytes: count }) {
      if (count < LARGE) return;
      tell({ kind: "ask", text: `${name}: ${bytes(count)} to fetch and keep in this browser` });
      await allowed;
    },
    onProgress({ path, done, size }) {
      if (done < size && performance.now() - told < 200) return;
      told = performance.now();
      tell({ kind: "phase", text: `fetching ${path}, ${progress(done, size)}` });
    },
    onNote: (text) => tell({ kind: "phase", text }),
  };
}
