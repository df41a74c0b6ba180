// The HDF5 library compiled to WebAssembly (h5wasm), started on first use. It believes what a file says about lengths,
// so its memory, which never shrinks, is held to a bound during each call; and where a file makes it trap it is set
// back to how it started, for a trap leaves its stack and its tables half changed.

import type { H5Module } from "./hdf5_types.ts";

/** What the library's WebAssembly exports, as far as it is used. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __stack_pointer: WebAssembly.Global;
  readonly H5open: unknown;
}

const PAGE = 65_536;
/** Standard streams; those behind them belong to files. */
const FIRST_STREAM = 3;

/** What the library printed since it was last emptied: its error stack. */
export const printed: string[] = [];

function isLibrary(exports: object): exports is Exports {
  return "H5open" in exports && "memory" in exports && "__stack_pointer" in exports;
}

/** The library, with a bound to its memory. */
export class Hdf5Library {
  readonly module: H5Module;
  readonly #exports: Exports;
  /** Its memory when it had started, without the zeros at the end. */
  readonly #start: Uint8Array;
  readonly #stack: number;
  readonly #startBytes: number;
  #limit = Infinity;
  #restarts = 0;

  /** Made by `hdf5Library`, before any file is open. */
  constructor(module: H5Module, exports: Exports) {
    this.module = module;
    this.#exports = exports;
    const bytes = new Uint8Array(exports.memory.buffer);
    this.#startBytes = bytes.length;
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end--;
    this.#start = bytes.slice(0, end);
    this.#stack = exports.__stack_pointer.value;
    const { memory } = exports;
    const grow = memory.grow.bind(memory);
    // The library's allocator asks here, takes an error for memory that is used up, and its callers report that.
    memory.grow = (pages) => {
      if (memory.buffer.byteLength + pages * PAGE > this.#limit) throw new RangeError("The bound is reached");
      return grow(pages);
    };
  }

  /** How often it was set back; what was open before is gone. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Makes calls during which the memory may not grow beyond a bound.
   *
   * @param room bytes beyond those it started with
   * @param call must not wait for anything
   */
  bounded<T>(room: number, call: () => T): T {
    this.#limit = this.#startBytes + room;
    try {
      return call();
    } finally {
      this.#limit = Infinity;
    }
  }

  /** Sets the library back to how it started: all its files are closed. */
  restart(): void {
    const bytes = new Uint8Array(this.#exports.memory.buffer);
    bytes.set(this.#start);
    bytes.fill(0, this.#start.length);
    this.#exports.__stack_pointer.value = this.#stack;
    const { FS } = this.module;
    FS.streams.forEach((stream, number) => {
      if (stream && number >= FIRST_STREAM) FS.closeStream(number);
    });
    this.#restarts++;
  }
}

/** Whether an error comes from the machine that runs the library, in the midst of a call. */
export function isTrap(error: unknown): boolean {
  if (error instanceof WebAssembly.RuntimeError) return true;
  // A full stack is a RangeError or an InternalError, by browser.
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

async function load(): Promise<Hdf5Library> {
  // The library keeps the console's error printer it finds while it starts, and prints its error stacks there. Its
  // memory is reached in no other way than where it is made.
  const { error } = console;
  const { instantiate } = WebAssembly;
  let found: Exports | null = null;
  console.error = (...args: unknown[]) => void printed.push(args.join(" "));
  WebAssembly.instantiate = (async (...args: Parameters<typeof instantiate>) => {
    const result: unknown = await instantiate(...args);
    const instance = result instanceof WebAssembly.Instance
      ? result
      : (result as WebAssembly.WebAssemblyInstantiatedSource).instance;
    if (isLibrary(instance.exports)) found = instance.exports;
    return result;
  }) as typeof instantiate;
  try {
    const { ready } = await import("h5wasm");
    const module = (await ready) as unknown as H5Module;
    if (!found) throw new TypeError("Cannot start the HDF5 library: its memory is not to be found");
    return new Hdf5Library(module, found);
  } finally {
    console.error = error;
    WebAssembly.instantiate = instantiate;
  }
}

let loading: Promise<Hdf5Library> | null = null;

/** The library, started once. */
export function hdf5Library(): Promise<Hdf5Library> {
  return loading ??= load();
}
