// Reads files in a worker, so that a try that never ends can be ended, and its memory be told from others.

import { hdf5Library } from "../../lib/io/hdf5_library.ts";
import type { Outcome } from "./isolated.ts";
import { allKinds } from "./all_kinds.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ readonly kind: string; readonly file: Uint8Array }>) => void;
  postMessage(message: Omit<Outcome, "took"> | "ready"): void;
};

const all = await allKinds();
// Started here, or the first file would pay for it.
const { module } = await hdf5Library();

/** Where something that was executed, or a key that was believed, would leave a trace. */
const TRACES: readonly object[] = [globalThis, Object.prototype, Array.prototype, Function.prototype];
const names = () => TRACES.flatMap((object) => Reflect.ownKeys(object).map(String));

scope.onmessage = async ({ data: { kind, file } }) => {
  const before = new Set(names());
  let error: Outcome["error"] = null;
  let cost = { given: 0, asked: 0 };
  try {
    cost = await all.find(({ name }) => name === kind)!.read(file);
  } catch (thrown) {
    const { constructor, message, stack = "" } = thrown as Error;
    error = { name: constructor?.name ?? typeof thrown, message: String(message), stack };
  }
  scope.postMessage({
    ...cost,
    error,
    memory: module.HEAPU8.length,
    resident: Deno.memoryUsage().rss,
    strays: names().filter((name) => !before.has(name)),
  });
};
scope.postMessage("ready");
