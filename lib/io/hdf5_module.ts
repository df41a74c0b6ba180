// Files mounted into the HDF5 library from byte sources, and calls on them that end in a result or in an error that
// names the file. Synchronous sources are read through; for others the missing ranges are noted, the call fails, the
// ranges are fetched and the call is made again: that needs no threads and works everywhere.

import type { H5Module } from "./hdf5_types.ts";
import type { ByteSource } from "./byte_source.ts";
import { type Hdf5Library, hdf5Library, isTrap } from "./hdf5_library.ts";
import type { Hdf5Bytes } from "./hdf5_bytes.ts";
import { findHeaps, findSuperblock, HEAP_HEAD, heapBytes, isWalkable } from "./hdf5_heap.ts";

/** Bytes fetched at a time from sources that are not synchronous. */
const BLOCK = 1 << 16;
/** Blocks kept from call to call, 64 MiB: headers and trees, which are read again and again, are few. */
const MOST_BLOCKS = 1024;
/** Rounds of fetching one call may take; each round fetches at least one block it lacked. */
const MOST_ROUNDS = 10_000;

/** The library's functions, for writing: what they allocate is not bounded. */
export async function hdf5Module(): Promise<H5Module> {
  return (await hdf5Library()).module;
}

/** Bytes that the library may take for each open file, beside the numbers that are read: tables, its own caches. */
const OPENED_BYTES = 64 << 20;

/** The innermost line of the library's last error stack, or a fallback. */
function lastError({ printed }: Hdf5Library): string {
  const lines = printed.filter((line) => /^\s*#\d+:/.test(line) || /major|minor/.test(line));
  const innermost = printed.filter((line) => /^\s*#\d+:/.test(line)).at(-1) ?? lines.at(-1);
  const text = innermost?.replace(/^.*\(\):\s*/, "").trim();
  return text || "the HDF5 library gave no reason";
}

interface Mount {
  readonly path: string;
  /** Blocks that a failed call lacked. */
  readonly missing: Set<number>;
  /** Bytes of the source, as the library would read them. */
  readonly read: (position: number, length: number) => Uint8Array;
  readonly fetch: () => Promise<void>;
  /** Lets go of blocks, the oldest first, that no call wants any more. */
  readonly trim: () => void;
  readonly unmount: () => void;
}

/** Makes a source visible to the library as a read-only file. */
function mount(library: Hdf5Library, source: ByteSource): Mount {
  const { FS } = library.module;
  const folder = `/source${library.mounted++}`;
  const missing = new Set<number>();
  const blocks = new Map<number, Uint8Array>();
  let failure: unknown = null;
  const attributes = (node: { mode: number; id: number }, size: number) => ({
    dev: 1,
    ino: node.id,
    mode: node.mode,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size,
    atime: new Date(0),
    mtime: new Date(0),
    ctime: new Date(0),
    blksize: BLOCK,
    blocks: Math.ceil(size / BLOCK),
  });
  const readBlocks = (position: number, length: number): Uint8Array => {
    const out = new Uint8Array(length);
    for (let b = Math.floor(position / BLOCK); b * BLOCK < position + length; b++) {
      const block = blocks.get(b);
      if (!block) {
        missing.add(b);
        continue;
      }
      const start = Math.max(position, b * BLOCK);
      const end = Math.min(position + length, b * BLOCK + block.length);
      out.set(block.subarray(start - b * BLOCK, end - b * BLOCK), start - position);
    }
    if (missing.size > 0) throw new FS.ErrnoError(29);
    return out;
  };
  const readRange = (position: number, length: number): Uint8Array =>
    source.readSync ? source.readSync(position, length) : readBlocks(position, length);
  /** Heaps that a walk ends in. */
  const walkable = new Set<number>();
  const checkHeap = (start: number) => {
    if (walkable.has(start)) return;
    const most = source.size - start;
    const bytes = heapBytes(readRange(start, Math.min(HEAP_HEAD, most)), most);
    if (!isWalkable(readRange(start, bytes))) {
      throw new SyntaxError(`Cannot read "${source.name}": the heap of texts at byte ${start} is damaged`);
    }
    walkable.add(start);
  };
  const file = {
    node_ops: {
      getattr: (node: { mode: number; id: number }) => attributes(node, source.size),
      setattr: () => {},
    },
    stream_ops: {
      llseek: (stream: { position: number }, offset: number, whence: number) =>
        whence === 1 ? stream.position + offset : whence === 2 ? source.size + offset : offset,
      read: (_: unknown, buffer: Int8Array, offset: number, length: number, position: number): number => {
        const count = Math.max(0, Math.min(length, source.size - position));
        if (count === 0) return 0;
        try {
          const bytes = readRange(position, count);
          for (const at of findHeaps(bytes)) checkHeap(position + at);
          new Uint8Array(buffer.buffer, buffer.byteOffset + offset, count).set(bytes);
        } catch (error) {
          if (!(error instanceof FS.ErrnoError)) failure = error;
          throw new FS.ErrnoError(29);
        }
        return count;
      },
    },
  };
  const type = {
    mount: () => {
      const root = FS.createNode(null, "/", 0o40555, 0);
      root.node_ops = {
        getattr: (node: { mode: number; id: number }) => attributes(node, BLOCK),
        setattr: () => {},
        lookup: (parent: unknown, name: string) => {
          if (name !== "data") throw new FS.ErrnoError(44);
          return Object.assign(FS.createNode(parent, name, 0o100444, 0), file);
        },
        readdir: () => [".", "..", "data"],
      };
      root.stream_ops = {};
      return root;
    },
  };
  FS.mkdir(folder);
  FS.mount(type, {}, folder);
  return {
    path: `${folder}/data`,
    missing,
    read: readRange,
    async fetch() {
      if (failure) throw failure;
      // Neighbouring blocks come in one read.
      const wanted = [...missing].sort((a, b) => a - b);
      missing.clear();
      for (let i = 0; i < wanted.length;) {
        const first = wanted[i]!;
        let count = 1;
        while (wanted[i + count] === first + count) count++;
        const bytes = await source.read(first * BLOCK, Math.min(count * BLOCK, source.size - first * BLOCK));
        for (let k = 0; k < count; k++) blocks.set(first + k, bytes.subarray(k * BLOCK, (k + 1) * BLOCK));
        i += count;
      }
    },
    trim() {
      for (const block of blocks.keys()) {
        if (blocks.size <= MOST_BLOCKS) break;
        blocks.delete(block);
      }
    },
    unmount() {
      FS.unmount(folder);
      FS.rmdir(folder);
      blocks.clear();
    },
  };
}

/** Closes a file, in which damage may come to light even now: it is closed in any case. */
function closeFile(library: Hdf5Library, id: bigint): void {
  try {
    library.bounded(OPENED_BYTES * library.opened, () => library.module.close_file(id));
  } catch (error) {
    if (isTrap(error)) library.restart();
  }
}

/** A source open in the library. One call at a time: retries must not interleave. */
export interface Session {
  readonly library: Hdf5Library;
  readonly module: H5Module;
  /** The file's bytes, to be read within calls. */
  readonly bytes: Hdf5Bytes;
  /**
   * Runs library calls.
   *
   * @param what words for the error message, `open "density"`
   * @param call is given the file's number in the library; may run several times; throws or returns null when it fails
   * @param extra bytes that the library needs for it
   */
  run<T>(what: string, call: (id: bigint) => T | null, extra?: number): Promise<T>;
  close(): void;
}

/** The bytes of a mounted source, from its superblock on. */
async function bytesOf(source: ByteSource, { read }: Mount): Promise<Hdf5Bytes> {
  const { at, addressBytes } = await findSuperblock(source);
  return {
    addressBytes,
    read(address, length) {
      const left = source.size - at - address;
      if (!(left > 0)) {
        throw new SyntaxError(`it is damaged: byte ${address} is wanted, it has ${source.size - at}`);
      }
      return read(at + address, Math.min(length, left));
    },
  };
}

/**
 * Opens a source in the library.
 *
 * @throws SyntaxError when it is no HDF5 file or is damaged
 */
export async function openSession(source: ByteSource): Promise<Session> {
  const library = await hdf5Library();
  const { module, restarts } = library;
  const mounting = mount(library, source);
  let queue: Promise<unknown> = Promise.resolve();
  let file = { id: -1n, starts: -1 };
  /** The file's number; it is opened again where the library has started anew with another plugin. */
  const fileId = (): bigint => {
    if (file.starts !== library.starts) {
      file = { id: module.open(mounting.path, module.H5F_ACC_RDONLY, false, -1, -1), starts: library.starts };
    }
    if (file.id < 0n) file.starts = -1;
    return file.id;
  };
  const attempt = async <T>(what: string, call: (id: bigint) => T | null, extra: number): Promise<T> => {
    const refuse = (why: string, cause?: unknown): never => {
      throw new SyntaxError(`Cannot ${what} of "${source.name}": ${why}`, { cause });
    };
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (library.restarts !== restarts) {
        refuse("another file broke the HDF5 library, which was restarted; open this file again");
      }
      library.printed.length = 0;
      mounting.missing.clear();
      let result: T | null = null;
      let thrown: unknown = null;
      try {
        result = library.bounded(OPENED_BYTES * library.opened + extra, () => {
          const id = fileId();
          return id < 0n ? null : call(id);
        });
      } catch (error) {
        thrown = error;
      }
      if (isTrap(thrown)) {
        library.restart();
        refuse("it is damaged so that the HDF5 library broke", thrown);
      }
      if (mounting.missing.size > 0) {
        await mounting.fetch();
        continue;
      }
      if (result !== null && thrown === null) {
        mounting.trim();
        return result;
      }
      // A read error of the source itself says more than the library's words.
      await mounting.fetch();
      if (thrown instanceof SyntaxError || thrown instanceof RangeError || thrown instanceof TypeError) {
        if (thrown.message.includes(source.name)) throw thrown;
        refuse(thrown.message, thrown);
      }
      refuse(lastError(library), thrown);
    }
    return refuse("it asks for ever more of the file");
  };
  const run = <T>(what: string, call: (id: bigint) => T | null, extra = 0): Promise<T> => {
    const next = queue.then(() => attempt(what, call, extra));
    queue = next.catch(() => {});
    return next;
  };
  const close = () => {
    if (library.restarts === restarts && library.starts === file.starts) closeFile(library, file.id);
    library.opened--;
    mounting.unmount();
  };
  library.opened++;
  try {
    const bytes = await bytesOf(source, mounting);
    await run("read the start", (id) => id);
    return { library, module, bytes, run, close };
  } catch (error) {
    library.opened--;
    mounting.unmount();
    throw error;
  }
}
