// The HDF5 library compiled to WebAssembly (h5wasm), started on first use. It believes what a file says about lengths,
// so its memory, which never shrinks, is held to a bound during each call; and where a file makes it trap it is set
// back to how it started, for a trap leaves its stack and its tables half changed.

import type { H5Module } from "./hdf5_types.ts";

const PAGE = 65_536;
/** Standard output, where plug-ins complain, and standard error. */
const PRINTED_TO = [1, 2];
/** Standard streams; those behind them belong to files. */
const FIRST_STREAM = 3;
/** Bytes that the library does not have when it starts. */
const TOO_MUCH = 2 ** 30;
const LINE_FEED = 10;
/** The library's number of the class of floats. */
const FLOAT = 1;
/** Bytes that a plug-in may take when it is loaded. */
const PLUGIN_BYTES = 16 << 20;

/**
 * Collects what the library prints, instead of on the console. Its package gives no way to pass Emscripten's
 * `printErr`, but its file system is open: the terminals behind its streams belong to this library alone.
 */
function collectErrors({ FS }: H5Module, printed: string[]): void {
  let line: number[] = [];
  const end = () => {
    if (line.length > 0) printed.push(new TextDecoder().decode(Uint8Array.from(line)));
    line = [];
  };
  for (const stream of PRINTED_TO) {
    FS.streams[stream]!.tty!.ops = {
      put_char: (_, byte) => byte === LINE_FEED || byte === null ? end() : void line.push(byte),
      fsync: end,
    };
  }
}

/**
 * The library's memory, which its package keeps to itself: whoever it asks for more sees it. For one call of its
 * allocator, in which nothing waits and nothing grows, that is this function.
 *
 * @throws TypeError when it does not ask
 */
function memoryOf(module: H5Module): WebAssembly.Memory {
  const { prototype } = WebAssembly.Memory;
  const { grow } = prototype;
  let found: WebAssembly.Memory | null = null;
  prototype.grow = function (this: WebAssembly.Memory) {
    found = this;
    throw new RangeError("Nothing grows while the memory is looked for");
  };
  try {
    module._free(module._malloc(TOO_MUCH));
  } finally {
    prototype.grow = grow;
  }
  if (!found) throw new TypeError("Cannot start the HDF5 library: its memory is not to be found");
  return found;
}

/** Bytes without the zeros at their end. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.slice(0, end);
}

/**
 * Makes the library load a plug-in, by a dataset in memory that wants its filter. It is empty: nothing is filtered.
 */
function wantFilter(module: H5Module, id: number): void {
  const path = "/wanted.h5";
  const file = module.open(path, module.H5F_ACC_TRUNC, false, -1, -1);
  const extent = { shape: [0n], maxshape: [1n], chunks: [1n], type: FLOAT, size: 4 };
  module.create_dataset(file, "a", 0n, { ...extent, compression: id, compression_opts: [] });
  module.close_file(file);
  module.FS.unlink(path);
}

/** The library, with a bound to its memory. */
export class Hdf5Library {
  readonly module: H5Module;
  /** What it printed since this was last emptied: its error stack. */
  readonly printed: string[] = [];
  /** Files that are open now, and those that ever were. */
  opened = 0;
  mounted = 0;
  /** Its memory when it had started, without the zeros at the end. */
  #start: Uint8Array;
  #startBytes: number;
  #limit = Infinity;
  #restarts = 0;
  readonly #memory: WebAssembly.Memory;
  #starts = 0;
  /** Plug-ins by the number of their filter, and whether they started: none is started twice. */
  readonly #plugins = new Map<number, boolean>();

  /** Made by `hdf5Library`, before any file is open. */
  constructor(module: H5Module) {
    this.module = module;
    collectErrors(module, this.printed);
    const memory = memoryOf(module);
    this.#memory = memory;
    this.#startBytes = memory.buffer.byteLength;
    this.#start = withoutZeros(new Uint8Array(memory.buffer));
    const grow = memory.grow.bind(memory);
    // The library's allocator asks here, takes an error for memory that is used up, and its callers report that.
    memory.grow = (pages) => {
      if (memory.buffer.byteLength + pages * PAGE > this.#limit) throw new RangeError("The bound is reached");
      return grow(pages);
    };
    // Said before it prints that it gives up and refuses to go on: a trap like others.
    module.onAbort = (why) => {
      throw new WebAssembly.RuntimeError(`Aborted(${why})`);
    };
  }

  /** How often it was set back; what was open before is gone. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Makes calls during which the memory may not grow beyond a bound. Its stack is afterwards as it was, also where
   * they trapped.
   *
   * @param extra bytes beyond those it started with
   * @param call must not wait for anything
   */
  bounded<T>(extra: number, call: () => T): T {
    let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
    // Emscripten's `ccall` keeps the stack pointer for arguments that go through the stack, though this one is none.
    this.module._within = () => {
      try {
        outcome = { value: call() };
      } catch (error) {
        outcome = { error };
      }
      return 0;
    };
    this.#limit = this.#startBytes + extra;
    try {
      this.module.ccall("within", "number", ["string"], [null]);
    } finally {
      this.#limit = Infinity;
    }
    if ("value" in outcome!) return outcome.value;
    throw outcome!.error;
  }

  /** Sets the library back to how it started: all its files are closed. */
  restart(): void {
    this.#reset();
    this.#restarts++;
  }

  #reset(): void {
    const { FS, HEAPU8 } = this.module;
    HEAPU8.set(this.#start);
    HEAPU8.fill(0, this.#start.length);
    FS.streams.forEach((stream, number) => {
      if (stream && number >= FIRST_STREAM) FS.closeStream(number);
    });
  }

  /** How often it started anew to add a plug-in: files that were open have to be opened again. */
  get starts(): number {
    return this.#starts;
  }

  /** Whether a plug-in for a filter was added. */
  hasPlugin(id: number): boolean {
    return this.#plugins.get(id) === true;
  }

  /**
   * Adds a plug-in. It must lie where it lay whenever the library is set back, so the library starts anew with it.
   *
   * @param id registered number of its filter
   * @param name of the plug-in
   * @param bytes its module
   * @throws TypeError when it can not be started, now or before
   */
  addPlugin(id: number, name: string, bytes: Uint8Array): void {
    const { FS } = this.module;
    if (this.#plugins.has(id)) throw new TypeError("it could not be started");
    this.#plugins.set(id, false);
    this.#starts++;
    this.#reset();
    try {
      const folder = this.module.get_plugin_search_paths()[0]!;
      FS.mkdirTree(folder);
      FS.writeFile(`${folder}/libH5Z${name}.so`, bytes);
      this.bounded(PLUGIN_BYTES, () => wantFilter(this.module, id));
      this.#start = withoutZeros(new Uint8Array(this.#memory.buffer));
      this.#startBytes = Math.max(this.#startBytes, Math.ceil(this.#start.length / PAGE) * PAGE);
      this.#plugins.set(id, true);
    } catch (error) {
      this.#reset();
      throw new TypeError("it could not be started", { cause: error });
    }
  }
}

/** Whether an error comes from the machine that runs the library, in the midst of a call. */
export function isTrap(error: unknown): boolean {
  if (error instanceof WebAssembly.RuntimeError) return true;
  // A plug-in calls what the library does not have: a TypeError.
  if (error instanceof TypeError && /is not a function/.test(error.message)) return true;
  // A full stack is a RangeError or an InternalError, by browser.
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

/** The package's own object keeps what is made of it: scripts that have copies of this module share one library. */
type Shared = H5Module & { library?: Hdf5Library };

async function load(): Promise<Hdf5Library> {
  const { ready } = await import("h5wasm");
  const module = (await ready) as unknown as Shared;
  return module.library ??= new Hdf5Library(module);
}

let loading: Promise<Hdf5Library> | null = null;

/** The library, started once. */
export function hdf5Library(): Promise<Hdf5Library> {
  return loading ??= load();
}
