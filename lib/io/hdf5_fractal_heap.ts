// Objects of a fractal heap, in which many attributes of one object lie, and the records of a B-tree (version 2) that
// name them. Layout: HDF5 file format specification, sections III.A.2 and III.G.

import { Cursor, type Hdf5Bytes } from "./hdf5_bytes.ts";

/** Levels of a tree or of blocks, at most. */
const MOST_LEVELS = 16;
/** Records of a tree, at most. */
const MOST_RECORDS = 1 << 16;
/** Bytes of a node or block before and behind what it holds: letters, version, type, checksum. */
const NODE_FRAME = 10;

/** Bytes that hold any number up to `most`. */
function bytesFor(most: number): number {
  return Math.floor(Math.log2(Math.max(1, most)) / 8) + 1;
}

/** Records of a B-tree, in its order, as raw bytes. */
export function treeRecords(file: Hdf5Bytes, address: number): Uint8Array[] {
  const head = new Cursor(file.read(address, 64));
  head.expect("BTHD");
  const [nodeBytes, recordBytes, depth] = [head.skip(2).unsigned(4), head.unsigned(2), head.unsigned(2)];
  const root = head.skip(2).unsigned(file.addressBytes);
  const count = head.unsigned(2);
  if (depth > MOST_LEVELS || recordBytes === 0) throw new SyntaxError(`a tree has ${depth} levels`);
  // Widths of counts follow from the most records that a node of each level, and all below it, could hold.
  const most = [Math.floor((nodeBytes - NODE_FRAME) / recordBytes)];
  const below = [most[0]!];
  const countBytes = bytesFor(most[0]!);
  for (let level = 1; level <= depth; level++) {
    const pointer = file.addressBytes + countBytes + (level > 1 ? bytesFor(below[level - 1]!) : 0);
    most.push(Math.floor((nodeBytes - NODE_FRAME - pointer) / (recordBytes + pointer)));
    below.push((most[level]! + 1) * below[level - 1]! + most[level]!);
  }
  const found: Uint8Array[] = [];
  const visit = (at: number, records: number, level: number): void => {
    if (found.length + records > MOST_RECORDS) {
      throw new SyntaxError(`a tree has over ${MOST_RECORDS} records`);
    }
    const node = new Cursor(file.read(at, nodeBytes));
    node.expect(level === 0 ? "BTLF" : "BTIN");
    node.skip(2);
    const own = Array.from({ length: records }, () => node.take(recordBytes));
    for (let i = 0; level > 0 && i <= records; i++) {
      const child = node.unsigned(file.addressBytes);
      const inChild = node.unsigned(countBytes);
      if (level > 1) node.skip(bytesFor(below[level - 1]!));
      visit(child, inChild, level - 1);
    }
    found.push(...own);
  };
  if (count > 0) visit(root, count, depth);
  return found;
}

/** What the head of a heap says. */
interface Heap {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly filtered: boolean;
  /** The tree of objects too large for blocks. */
  readonly large: number;
  readonly width: number;
  readonly firstBlock: number;
  readonly largestBlock: number;
  readonly root: number;
  /** Rows of the root block of blocks; 0 where the root is a block of objects. */
  readonly rows: number;
}

function heapAt(file: Hdf5Bytes, address: number): Heap {
  const head = new Cursor(file.read(address, 256));
  head.expect("FRHP");
  const filtered = head.skip(3).unsigned(2) > 0;
  const largestObject = head.skip(1).unsigned(4);
  const large = head.skip(8).unsigned(file.addressBytes);
  // Counts of objects, and places and counts of free space.
  head.skip(8 + file.addressBytes + 8 * 8);
  const [width, firstBlock, largestBlock] = [head.unsigned(2), head.unsigned(8), head.unsigned(8)];
  const offsetBytes = Math.ceil(head.unsigned(2) / 8);
  const root = head.skip(2).unsigned(file.addressBytes);
  const rows = head.unsigned(2);
  if (width === 0 || firstBlock === 0 || largestBlock < firstBlock) {
    throw new SyntaxError("a heap has no blocks");
  }
  const lengthBytes = Math.min(bytesFor(largestBlock), bytesFor(largestObject));
  return { offsetBytes, lengthBytes, filtered, large, width, firstBlock, largestBlock, root, rows };
}

/** Bytes of an object that lies at an offset of the heap's own space. */
function managed(file: Hdf5Bytes, heap: Heap, offset: number, length: number): Uint8Array {
  const { width, firstBlock, largestBlock, offsetBytes } = heap;
  let block = heap.root;
  let start = 0;
  for (let level = 0, leaf = heap.rows === 0; !leaf; level++) {
    if (level > MOST_LEVELS) throw new SyntaxError(`a heap has over ${MOST_LEVELS} levels`);
    // A row holds `width` blocks: the first two of the first size, then each of twice the size of the one before.
    let row = 0;
    let size = firstBlock;
    while (offset >= start + width * size) {
      start += width * size;
      if (++row > 1) size *= 2;
    }
    const column = Math.floor((offset - start) / size);
    start += column * size;
    const rows = Math.log2(largestBlock / firstBlock) + 2;
    const entries = row < rows ? row * width + column : rows * width + (row - rows) * width + column;
    const at = 5 + file.addressBytes + offsetBytes + entries * file.addressBytes;
    const cursor = new Cursor(file.read(block, at + file.addressBytes));
    cursor.expect("FHIB");
    cursor.at = at;
    block = cursor.unsigned(file.addressBytes);
    leaf = row < rows;
  }
  return new Cursor(file.read(block + offset - start, length)).take(length);
}

/** An object too large for blocks, found by its number. */
function largeObject(file: Hdf5Bytes, { large }: Heap, id: Uint8Array): Uint8Array | null {
  for (const record of treeRecords(file, large)) {
    const cursor = new Cursor(record);
    const [address, length] = [cursor.unsigned(file.addressBytes), cursor.unsigned(8)];
    if (cursor.left < 8) return null;
    if (cursor.take(8).every((byte, i) => byte === (id[1 + i] ?? 0))) return file.read(address, length);
  }
  return null;
}

/**
 * An object of a heap; null where it is not found, and where the heap is compressed.
 *
 * @param address of the heap
 * @param id of the object
 * @throws SyntaxError for one that lies outside the heap
 */
export function heapObject(file: Hdf5Bytes, address: number, id: Uint8Array): Uint8Array | null {
  const kind = id[0]! >> 4 & 3;
  if (kind === 2) return id.subarray(1, 2 + (id[0]! & 15));
  const heap = heapAt(file, address);
  if (heap.filtered) return null;
  if (kind === 1) return largeObject(file, heap, id);
  const cursor = new Cursor(id).skip(1);
  return managed(file, heap, cursor.unsigned(heap.offsetBytes), cursor.unsigned(heap.lengthBytes));
}
