// Guards the HDF5 library against damaged global heaps, in which strings of any length lie: it walks a heap object by
// object, and an object that takes no bytes keeps it walking for ever. Heaps are recognised in what the library reads.
// Layout: HDF5 file format specification, section III.E.

import type { ByteSource } from "./byte_source.ts";

/** "GCOL", version 1; the library does not look at the three reserved bytes behind them. */
const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c, 1];
/** Bytes of the heads of a heap and of its objects, where lengths have 8 bytes. */
export const HEAP_HEAD = 16;
const ALIGNMENT = 8n;

const SUPERBLOCK = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** What the start of a file says. */
export interface Superblock {
  /** Where it lies: addresses of the file count from there. */
  readonly at: number;
  /** Bytes of an address. */
  readonly addressBytes: number;
}

/**
 * Finds the start of a file. Files whose lengths do not have 8 bytes are refused: the walk below would not be the
 * library's.
 *
 * @throws SyntaxError naming the file
 */
export async function findSuperblock(source: ByteSource): Promise<Superblock> {
  for (let at = 0; at + HEAP_HEAD <= source.size; at = at === 0 ? 512 : 2 * at) {
    const head = await source.read(at, HEAP_HEAD);
    if (!SUPERBLOCK.every((byte, i) => head[i] === byte)) continue;
    const [address, length] = head[8]! < 2 ? [head[13]!, head[14]] : [head[9]!, head[10]];
    if (length === 8) return { at, addressBytes: address };
    throw new SyntaxError(`Cannot read "${source.name}": its lengths have ${length} bytes, wanted 8`);
  }
  throw new SyntaxError(`Cannot read "${source.name}": it has no start of an HDF5 file`);
}

/** Whether a heap begins at a place. */
function startsAt(bytes: Uint8Array, at: number): boolean {
  return SIGNATURE.every((byte, i) => bytes[at + i] === byte);
}

/**
 * Places in a piece of file where a global heap begins.
 *
 * @param bytes the piece
 */
export function findHeaps(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(SIGNATURE[0]!); at >= 0; at = bytes.indexOf(SIGNATURE[0]!, at + 1)) {
    if (at + HEAP_HEAD <= bytes.length && startsAt(bytes, at)) found.push(at);
  }
  return found;
}

function lengthAt(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
}

/**
 * Bytes a heap claims to have, no more than the file has.
 *
 * @param head its first 16 bytes
 * @param most bytes from its start to the end of the file
 */
export function heapBytes(head: Uint8Array, most: number): number {
  const claimed = lengthAt(head, 8);
  return claimed < BigInt(most) ? Number(claimed) : most;
}

/**
 * Whether each object of a heap leads to a later one, so that a walk ends.
 *
 * @param heap all its bytes
 */
export function isWalkable(heap: Uint8Array): boolean {
  const view = new DataView(heap.buffer, heap.byteOffset, heap.byteLength);
  let at = HEAP_HEAD;
  // Less than a head at the end is free space.
  while (at + HEAP_HEAD <= heap.length) {
    const size = lengthAt(heap, at + 8);
    const free = view.getUint16(at, true) === 0;
    // Free space counts its own head.
    const step = free ? size : BigInt(HEAP_HEAD) + (size + ALIGNMENT - 1n) / ALIGNMENT * ALIGNMENT;
    if (step < BigInt(HEAP_HEAD) || step > BigInt(heap.length - at)) return false;
    at += Number(step);
  }
  return true;
}
