// Writing HDF5: a plain tree of groups, datasets and attributes to bytes, or to a file into which the numbers of some
// datasets are streamed, of which one chunk is held. Everything but numbers is written at the end. Equal contents give
// equal bytes: nothing depends on time or on how the numbers came.

import { type ByteSink, memorySink } from "./byte_sink.ts";
import {
  attributeMessage,
  datasetMessages,
  groupMessage,
  type Hdf5NumberType,
  objectHeader,
  packed,
  type WritableAttribute,
} from "./hdf5_messages.ts";
import {
  type DatasetLayout,
  type GrowingFile,
  LEVEL,
  product,
  Streamed,
  type StreamedDataset,
  TYPES,
  type WritableNumbers,
} from "./hdf5_streamed.ts";
import {
  type FileEnd,
  superblock,
  SUPERBLOCK_BYTES,
  TextHeap,
  writeChunkTree,
  writeNames,
} from "./hdf5_structures.ts";

export type { DatasetLayout, StreamedDataset, WritableNumbers } from "./hdf5_streamed.ts";
export type { Hdf5NumberType, WritableAttribute } from "./hdf5_messages.ts";

/** A dataset to write. */
export interface WritableDataset extends DatasetLayout {
  readonly attributes?: Readonly<Record<string, WritableAttribute>>;
  /** C order; or what has been streamed. */
  readonly data: WritableNumbers | StreamedDataset;
}

/** A group to write. */
export interface WritableGroup {
  readonly attributes?: Readonly<Record<string, WritableAttribute>>;
  readonly groups?: Readonly<Record<string, WritableGroup>>;
  readonly datasets?: Readonly<Record<string, WritableDataset>>;
}

/** Writes a file as its numbers come. */
class Hdf5Stream implements GrowingFile {
  readonly #sink: ByteSink;
  #end = SUPERBLOCK_BYTES;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Makes room at the end, whose start is a multiple of eight. */
  reserve(bytes: number): number {
    const at = Math.ceil(this.#end / 8) * 8;
    this.#end = at + bytes;
    return at;
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    await this.#sink.write(position, bytes);
  }

  dataset(layout: DatasetLayout, type: Hdf5NumberType = "f32"): StreamedDataset {
    return new Streamed(this, layout, type);
  }

  async finish(root: WritableGroup): Promise<number> {
    const streamed = await this.#numbersOf(root);
    // What is left is small: it is made at once and written in one piece, which is read with few requests.
    const first = this.reserve(0);
    const parts: { at: number; bytes: Uint8Array }[] = [];
    const end: FileEnd = {
      next: () => this.reserve(0),
      append: (bytes) => {
        const at = this.reserve(bytes.length);
        parts.push({ at, bytes });
        return at;
      },
    };
    const header = writeObjects(root, streamed, end);
    const all = new Uint8Array(this.#end - first);
    for (const { at, bytes } of parts) all.set(bytes, at - first);
    await this.#sink.write(first, all);
    await this.#sink.write(0, superblock(header, this.#end));
    return this.#end;
  }

  /** Writes the numbers that came with the tree; gives all by their dataset. */
  async #numbersOf(group: WritableGroup, found = new Map<WritableDataset, Streamed>()) {
    for (const dataset of Object.values(group.datasets ?? {})) {
      const { data, ...layout } = dataset;
      if (data instanceof Streamed) {
        data.checkWhole();
        found.set(dataset, data);
        continue;
      }
      const numbers = data as WritableNumbers;
      const own = new Streamed(this, layout, TYPES[numbers.constructor.name as keyof typeof TYPES]);
      await own.append(numbers);
      own.checkWhole();
      found.set(dataset, own);
    }
    for (const inner of Object.values(group.groups ?? {})) await this.#numbersOf(inner, found);
    return found;
  }
}

/** All attributes of a tree. */
function attributesOf(group: WritableGroup): WritableAttribute[] {
  return [
    ...Object.values(group.attributes ?? {}),
    ...Object.values(group.datasets ?? {}).flatMap(({ attributes }) => Object.values(attributes ?? {})),
    ...Object.values(group.groups ?? {}).flatMap(attributesOf),
  ];
}

/** Writes headers and what leads to them; returns where the root's lies. */
function writeObjects(
  root: WritableGroup,
  numbers: ReadonlyMap<WritableDataset, Streamed>,
  end: FileEnd,
): number {
  const heap = new TextHeap();
  const isText = (value: unknown): value is string => typeof value === "string";
  for (const value of attributesOf(root)) [value].flat().filter(isText).forEach((text) => heap.add(text));
  const texts = heap.bytes();
  const heapAt = texts ? end.append(texts) : 0;
  const addText = (text: string) => {
    const { length, number } = heap.add(text);
    return packed([4, length], [8, heapAt], [4, number]);
  };
  const attributes = (of: WritableGroup["attributes"]) =>
    Object.entries(of ?? {}).map(([name, value]) => attributeMessage(name, value, addText));
  const writeDataset = (dataset: WritableDataset): number => {
    const { layout: { shape, chunks, level = LEVEL }, type, start, addresses, bytes } = numbers.get(dataset)!;
    const place = chunks
      ? {
        address: writeChunkTree({ shape, sizes: chunks, addresses, bytes }, end),
        chunks: { sizes: chunks, level },
      }
      : { address: product(shape) > 0 ? start : null };
    const messages = datasetMessages({ shape, type, ...place });
    return end.append(objectHeader([...messages, ...attributes(dataset.attributes)]));
  };
  const writeGroup = (group: WritableGroup): number => {
    const members = new Map<string, number>();
    for (const [name, inner] of Object.entries(group.groups ?? {})) members.set(name, writeGroup(inner));
    for (const [name, inner] of Object.entries(group.datasets ?? {})) members.set(name, writeDataset(inner));
    const { tree, names } = writeNames(members, end);
    return end.append(objectHeader([groupMessage(tree, names), ...attributes(group.attributes)]));
  };
  return writeGroup(root);
}

/** A file that is being written. */
export interface StreamedHdf5 {
  /** Begins a dataset whose numbers are streamed; it becomes a part of the file where the tree names it. */
  dataset(layout: DatasetLayout, type?: Hdf5NumberType): StreamedDataset;
  /**
   * Writes all but the streamed numbers.
   *
   * @param root group of the file
   * @returns bytes of the file
   * @throws RangeError for datasets that lack numbers
   */
  finish(root: WritableGroup): Promise<number>;
}

/**
 * Begins a file whose numbers are streamed.
 *
 * @param sink takes its bytes, the start last
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySource } from "./byte_source.ts";
 * import { openHdf5 } from "./hdf5.ts";
 * const bytes = new Uint8Array(1 << 14);
 * const file = streamHdf5({ write: (position, part) => bytes.set(part, position) });
 * const data = file.dataset({ shape: [3, 2], chunks: [1, 2] });
 * for (const value of [1, 2, 3]) await data.append(Float32Array.of(value, -value));
 * const size = await file.finish({ datasets: { numbers: { ...data.layout, data } } });
 * using again = await openHdf5(memorySource(bytes.subarray(0, size)));
 * assert.deepEqual([...await again.readFloat32("numbers")], [1, -1, 2, -2, 3, -3]);
 * ```
 */
export function streamHdf5(sink: ByteSink): StreamedHdf5 {
  return new Hdf5Stream(sink);
}

/**
 * An HDF5 file.
 *
 * @param root its root group
 * @returns the bytes of the file
 */
export async function writeHdf5(root: WritableGroup): Promise<Uint8Array> {
  const sink = memorySink();
  const size = await streamHdf5(sink).finish(root);
  return sink.bytes(size);
}
