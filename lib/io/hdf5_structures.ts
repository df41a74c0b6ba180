// What leads to the objects of an HDF5 file that is written: names of groups, trees of chunks, the heap of texts, the
// start of the file ("HDF5 File Format Specification", II and III). Everything is built once, when all is known.

import { joined, nameBytes, NOWHERE, packed, padded } from "./hdf5_messages.ts";

/** The end of a file that grows. */
export interface FileEnd {
  /** Where the next bytes will lie. */
  next(): number;
  /** Puts bytes there; returns where they lie. */
  append(bytes: Uint8Array): number;
}

/** Entries of a tree's node: twice the numbers that the start of a file names, or is taken to have for chunks. */
const GROUP_NODE = 32;
const CHUNK_NODE = 64;
/** Names of a leaf. */
const LEAF_NAMES = 8;

/** Bytes that the start of a file takes. */
export const SUPERBLOCK_BYTES = 96;

/** The start of a file, whose root group's header lies somewhere. */
export function superblock(root: number, end: number): Uint8Array {
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
  return joined(
    // Versions; addresses and lengths of 8 bytes.
    [...signature, 0, 0, 0, 0, 0, 8, 8, 0],
    packed([2, LEAF_NAMES / 2], [2, GROUP_NODE / 2], [4, 0]),
    packed([8, 0], [8, NOWHERE], [8, end], [8, NOWHERE]),
    packed([8, 0], [8, root], [8, 0], [8, 0], [8, 0]),
  );
}

/** A node of a tree: kind 0 of names, 1 of chunks. */
function treeNode(
  kind: 0 | 1,
  level: number,
  keys: readonly Uint8Array[],
  children: readonly number[],
  capacity: number,
  [left, right]: readonly [number | bigint, number | bigint],
): Uint8Array {
  const head = packed([1, kind], [1, level], [2, children.length], [8, left], [8, right]);
  const parts = [new TextEncoder().encode("TREE"), head];
  children.forEach((child, i) => parts.push(keys[i]!, packed([8, child])));
  const last = keys[children.length] ?? new Uint8Array(keys[0]!.length);
  const used = joined(...parts, last);
  // A node takes the bytes of a full one.
  return joined(used, new Uint8Array(24 + (capacity + 1) * last.length + 8 * capacity - used.length));
}

/** By their bytes, as readers search for names. */
function byBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/**
 * Writes the names of a group.
 *
 * @param members addresses of headers by name
 * @returns where the tree and the heap of names lie
 * @throws RangeError for more than 256
 */
export function writeNames(
  members: ReadonlyMap<string, number>,
  end: FileEnd,
): { tree: number; names: number } {
  const most = GROUP_NODE * LEAF_NAMES;
  if (members.size > most) {
    throw new RangeError(`Cannot write a group of ${members.size} objects, wanted at most ${most}`);
  }
  const sorted = [...members].map(([name, header]) => ({ bytes: nameBytes(name), header }))
    .sort((a, b) => byBytes(a.bytes, b.bytes));
  // The heap begins with the empty name.
  const heap: Uint8Array[] = [new Uint8Array(8)];
  let size = 8;
  const offsets = sorted.map(({ bytes }) => {
    const at = size;
    heap.push(padded(bytes));
    size += heap.at(-1)!.length;
    return at;
  });
  const data = end.append(joined(...heap));
  const names = end.append(
    joined(new TextEncoder().encode("HEAP"), packed([4, 0], [8, size], [8, 1], [8, data])),
  );
  const keys = [packed([8, 0])];
  const leaves: number[] = [];
  for (let from = 0; from < sorted.length; from += LEAF_NAMES) {
    const own = sorted.slice(from, from + LEAF_NAMES);
    const entries = own.map(({ header }, i) =>
      packed([8, offsets[from + i]!], [8, header], [8, 0], [8, 0], [8, 0])
    );
    const unused = new Uint8Array(40 * (LEAF_NAMES - own.length));
    const head = packed([1, 1], [1, 0], [2, own.length]);
    leaves.push(end.append(joined(new TextEncoder().encode("SNOD"), head, ...entries, unused)));
    keys.push(packed([8, offsets[from + own.length - 1]!]));
  }
  return { tree: end.append(treeNode(0, 0, keys, leaves, GROUP_NODE, [NOWHERE, NOWHERE])), names };
}

/** Chunks in the order of their places. */
export interface ChunkList {
  readonly shape: readonly number[];
  /** Sizes of a chunk. */
  readonly sizes: readonly number[];
  readonly addresses: readonly number[];
  /** Bytes that each takes in the file. */
  readonly bytes: readonly number[];
}

/** Where a chunk begins. */
function chunkStart({ shape, sizes }: ChunkList, index: number): number[] {
  const start = shape.map(() => 0);
  for (let axis = shape.length - 1, left = index; axis >= 0; axis--) {
    const count = Math.ceil(shape[axis]! / sizes[axis]!);
    // All that is left of the first axis: the number after the last chunk leads beyond the extent.
    start[axis] = (axis === 0 ? left : left % count) * sizes[axis]!;
    left = Math.floor(left / count);
  }
  return start;
}

/**
 * Writes the tree that leads to chunks.
 *
 * @returns where it lies; null where there are no chunks
 */
export function writeChunkTree(chunks: ChunkList, end: FileEnd): number | null {
  const count = chunks.addresses.length;
  if (count === 0) return null;
  const key = (index: number) => {
    const places = [...chunkStart(chunks, index), 0].map((place) => [8, place] as const);
    return packed([4, chunks.bytes[index] ?? 0], [4, 0], ...places);
  };
  // Of each child its first chunk; one more for the end.
  let firsts = Array.from({ length: count + 1 }, (_, i) => i);
  let children = chunks.addresses;
  for (let level = 0;; level++) {
    const nodes = Math.ceil(children.length / CHUNK_NODE);
    const size = 24 + (CHUNK_NODE + 1) * key(0).length + 8 * CHUNK_NODE;
    const start = end.next();
    const [above, next]: [number[], number[]] = [[], []];
    for (let node = 0; node < nodes; node++) {
      const from = node * CHUNK_NODE;
      const own = children.slice(from, from + CHUNK_NODE);
      const keys = firsts.slice(from, from + own.length + 1).map(key);
      const beside = [
        node > 0 ? start + (node - 1) * size : NOWHERE,
        node + 1 < nodes ? start + (node + 1) * size : NOWHERE,
      ] as const;
      above.push(end.append(treeNode(1, level, keys, own, CHUNK_NODE, beside)));
      next.push(firsts[from]!);
    }
    if (nodes === 1) return above[0]!;
    children = above;
    firsts = [...next, count];
  }
}

/** Least bytes of a heap of texts. */
const LEAST_HEAP = 4096;
const HEAD = 16;
const MOST_TEXTS = 0xffff;

/** Texts of a file, each once. */
export class TextHeap {
  readonly #texts = new Map<string, { number: number; length: number }>();
  readonly #parts: Uint8Array[] = [];
  #size = HEAD;

  /**
   * Adds a text.
   *
   * @returns its length and number, which {@link place} completes
   * @throws RangeError for more than 65535
   */
  add(text: string): { readonly number: number; readonly length: number } {
    const found = this.#texts.get(text);
    if (found) return found;
    const bytes = new TextEncoder().encode(text);
    const added = { number: this.#texts.size + 1, length: bytes.length };
    if (added.number > MOST_TEXTS) {
      throw new RangeError(`Cannot write more than ${MOST_TEXTS} texts in one file`);
    }
    this.#texts.set(text, added);
    this.#parts.push(packed([2, added.number], [2, 1], [4, 0], [8, bytes.length]), padded(bytes));
    this.#size += HEAD + padded(bytes).length;
    return added;
  }

  /** The heap; null when there is nothing in it. */
  bytes(): Uint8Array | null {
    if (this.#texts.size === 0) return null;
    const size = Math.max(LEAST_HEAP, this.#size + HEAD);
    const free = size - this.#size;
    return joined(
      new TextEncoder().encode("GCOL"),
      packed([4, 1], [8, size]),
      ...this.#parts,
      packed([2, 0], [2, 0], [4, 0], [8, free]),
      new Uint8Array(free - HEAD),
    );
  }
}
