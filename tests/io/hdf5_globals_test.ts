// Opening a file replaces no global while anything else may run. This file starts the library anew: nothing before its
// test opens one.

import assert from "node:assert/strict";
import { memorySource } from "../../lib/io/byte_source.ts";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { fixture } from "../shared.ts";

/** Objects that all code of a page shares, by name. */
const SHARED: Readonly<Record<string, object>> = {
  globalThis,
  console,
  WebAssembly,
  "WebAssembly.Memory.prototype": WebAssembly.Memory.prototype,
  "WebAssembly.Instance.prototype": WebAssembly.Instance.prototype,
  "Object.prototype": Object.prototype,
  "Promise.prototype": Promise.prototype,
};

/** The functions and objects that the shared objects hold now; what the runtime makes on first use is left out. */
function held(): Map<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [name, object] of Object.entries(SHARED)) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
      if (value instanceof Object) all.set(`${name}.${key}`, value);
    }
  }
  return all;
}

/** Names of what differs from before. */
function changes(before: ReadonlyMap<string, unknown>): string[] {
  const now = held();
  return [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
}

/**
 * Watches every way another task can come to run: the event loop turns, a source is asked, and a microtask that is
 * queued the moment a global is written, which nothing that waits runs before.
 */
function watch() {
  const found = new Set<string>();
  const written = new Set<string>();
  const restore: (() => void)[] = [];
  const tempting: [object, string][] = [
    [console, "error"],
    [console, "log"],
    [WebAssembly, "instantiate"],
    [WebAssembly, "Instance"],
    [WebAssembly.Memory.prototype, "grow"],
  ];
  for (const [object, key] of tempting) {
    const original = Object.getOwnPropertyDescriptor(object, key)!;
    let value: unknown = original.value;
    Object.defineProperty(object, key, {
      configurable: true,
      get: () => value,
      set(this: object, next: unknown) {
        // What inherits from the object gets a property of its own, as it would without a setter.
        if (this !== object) {
          Object.defineProperty(this, key, { value: next, writable: true, configurable: true });
          return;
        }
        written.add(key);
        value = next;
        queueMicrotask(() => value === original.value || found.add(key));
      },
    });
    restore.push(() => Object.defineProperty(object, key, original));
  }
  const before = held();
  const look = () => changes(before).forEach((name) => found.add(name));
  let watching = true;
  const turns = (async () => {
    let count = 0;
    for (; watching; count++) {
      look();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return count;
  })();
  return {
    look,
    written,
    async end(): Promise<{ found: string[]; turns: number }> {
      watching = false;
      const count = await turns;
      look();
      restore.forEach((undo) => undo());
      return { found: [...found], turns: count };
    },
  };
}

Deno.test("openHdf5() leaves every global as it is whenever another task may run", async () => {
  const bytes = await Deno.readFile(fixture("samples-bad/00_good.hdf5"));
  const watcher = watch();
  const { readSync: _, ...source } = memorySource(bytes, "good.hdf5");
  let asked = 0;
  const slow = {
    ...source,
    read: async (position: number, length: number) => {
      asked++;
      watcher.look();
      await new Promise((resolve) => setTimeout(resolve, 1));
      watcher.look();
      return await source.read(position, length);
    },
  };
  using file = await openHdf5(slow);
  watcher.look();
  await file.attributes("/");
  // Errors are collected without the console too.
  await assert.rejects(() => file.readFloat32("nothing"), /"good.hdf5"/);
  const { found, turns } = await watcher.end();
  assert.deepEqual(found, []);
  assert.ok(asked > 1 && turns > 2, `${asked} reads, ${turns} turns of the event loop`);
});

Deno.test("the watcher sees what is replaced across an await, and accepts what is not", async () => {
  const replace = async (wait: boolean) => {
    const watcher = watch();
    const { grow } = WebAssembly.Memory.prototype;
    WebAssembly.Memory.prototype.grow = () => 0;
    if (wait) await null;
    WebAssembly.Memory.prototype.grow = grow;
    assert.ok(watcher.written.has("grow"));
    return (await watcher.end()).found;
  };
  assert.deepEqual(await replace(true), ["grow"]);
  assert.deepEqual(await replace(false), []);
});
