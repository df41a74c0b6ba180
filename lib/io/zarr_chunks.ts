// Boxes of an array of Zarr, put together from its chunks. Each chunk is checked: what the library decodes may be too
// short, and its errors do not say where. Decoded chunks are kept a while: frames that share one are read one by one.

import type * as Zarrita from "zarrita";
import { quoted } from "./quote.ts";
import type { ZarrFiles } from "./zarr_files.ts";

/** What the arrays of a store share. */
export interface ZarrChunks {
  /** Name of the store, for messages. */
  readonly store: string;
  readonly zarrita: typeof Zarrita;
  /** Decoded chunks, the least recently used first. */
  readonly kept: Map<string, Promise<Chunk>>;
  keptBytes: number;
}

type Chunk = Zarrita.Chunk<Zarrita.DataType>;
type OpenArray = Zarrita.Array<Zarrita.DataType, ZarrFiles>;

/** Largest chunk, and largest box, in bytes. */
const LARGEST = 1 << 29;
/** Bytes of decoded chunks that are kept. */
const MOST_KEPT = 32 << 20;
/** Chunks that are on their way at once. */
const MOST_AT_ONCE = 8;
const WIDEST = 8;
/** Chunks of one box, at the most. */
const MOST_CHUNKS = 1 << 18;

/** Runs a few tasks at a time; the first failure ends those that wait. */
function queue() {
  const waiting: (() => Promise<void>)[] = [];
  return {
    add(task: () => Promise<void>) {
      waiting.push(task);
    },
    async onIdle() {
      const work = async () => {
        for (let task = waiting.shift(); task; task = waiting.shift()) {
          try {
            await task();
          } catch (error) {
            waiting.length = 0;
            throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: MOST_AT_ONCE }, work));
      return [];
    },
  };
}

const product = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);

/** Values of any type as numbers, at their own precision where it is no more than double. */
function numbers(data: ArrayLike<unknown> | Iterable<unknown>): Float32Array | Float64Array {
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  // Booleans of the library are no plain array.
  return Float64Array.from(data as Iterable<unknown>, Number);
}

/** Numbers whose axes lie in another order, put into C order. */
function inOrder(
  values: Float32Array | Float64Array,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array | Float64Array {
  const plain = shape.every((size, i) => size === 1 || strides[i] === product(shape.slice(i + 1)));
  if (plain) return values;
  const out = values.slice();
  const at = shape.map(() => 0);
  for (let to = 0, from = 0; to < out.length; to++) {
    out[to] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}

/** Decodes chunks with words of where they lie for what goes wrong. */
function decoder({ store, zarrita }: ZarrChunks, path: string, array: OpenArray) {
  const inner = array.getChunk.bind(array);
  const wanted = product(array.chunks);
  return async (...args: Parameters<OpenArray["getChunk"]>): Promise<Chunk> => {
    const refuse = (why: string, cause?: unknown): never => {
      throw new SyntaxError(
        `Cannot read "${store}": chunk ${args[0].join(", ")} of ${quoted(path)} ${why}`.slice(0, 600),
        { cause },
      );
    };
    let chunk: Chunk;
    try {
      chunk = await inner(...args);
    } catch (error) {
      const { message, cause } = error as Error;
      if (message.includes(store)) throw error;
      if (zarrita.isZarritaError(error, "UnknownCodecError")) {
        return refuse(
          `is stored with the codec "${error.codec}", which is not read; Blosc, Zstandard, LZ4, gzip and zlib are`,
          error,
        );
      }
      return refuse(`is damaged: ${cause instanceof Error ? cause.message : cause ?? message}`, error);
    }
    const { length } = chunk.data as ArrayLike<unknown>;
    return length === wanted ? chunk : refuse(`is damaged: it has ${length} numbers, wanted ${wanted}`);
  };
}

/**
 * What reads boxes of an array.
 *
 * @param shared of the store
 * @param path of the array
 * @param array as the library opened it; its chunks are from now on read through here
 */
export function chunkReader(shared: ZarrChunks, path: string, array: OpenArray) {
  const { store, zarrita, kept } = shared;
  const decode = decoder(shared, path, array);
  const bytes = product(array.chunks) * WIDEST;
  array.getChunk = (coordinates, ...rest) => {
    const key = JSON.stringify([path, coordinates]);
    const known = kept.get(key);
    const chunk = known ?? decode(coordinates, ...rest);
    kept.delete(key);
    // A chunk that fills the room alone would only push out all others.
    if (bytes > MOST_KEPT / 2) return chunk;
    kept.set(key, chunk);
    if (known) return chunk;
    shared.keptBytes += bytes;
    chunk.catch(() => {
      if (kept.delete(key)) shared.keptBytes -= bytes;
    });
    const oldest = kept.keys();
    while (shared.keptBytes > MOST_KEPT) {
      const { value } = oldest.next();
      if (value === undefined || !kept.delete(value)) break;
      shared.keptBytes -= bytes;
    }
    return chunk;
  };
  const { shape } = array;
  return async (start: readonly number[], count: readonly number[]): Promise<Float32Array | Float64Array> => {
    const inside = start.length === shape.length && count.length === shape.length &&
      shape.every((size, i) => start[i]! >= 0 && count[i]! >= 0 && start[i]! + count[i]! <= size);
    if (!inside) {
      throw new RangeError(
        `Cannot read "${store}": array ${
          quoted(path)
        } has shape [${shape}], wanted [${count}] from [${start}]`,
      );
    }
    for (const [what, sizes] of [["chunks", array.chunks], ["numbers", count]] as const) {
      const claimed = product(sizes) * WIDEST;
      if (claimed <= LARGEST) continue;
      throw new RangeError(
        `Cannot read "${store}": ${what} of ${claimed} bytes in ${quoted(path)}, wanted at most ${LARGEST}`,
      );
    }
    if (product(count) === 0) return new Float64Array(0);
    const touched = product(
      array.chunks.map((size, i) =>
        Math.floor((start[i]! + count[i]! - 1) / size) - Math.floor(start[i]! / size) + 1
      ),
    );
    if (touched > MOST_CHUNKS) {
      throw new RangeError(
        `Cannot read "${store}": ${touched} chunks of ${quoted(path)} at once, wanted at most ${MOST_CHUNKS}`,
      );
    }
    const selection = start.map((from, i) => zarrita.slice(from, from + count[i]!));
    const got: unknown = await zarrita.get(array, selection, { createQueue: queue });
    if (shape.length === 0) return Float64Array.of(Number(got));
    const { data, shape: sizes, stride } = got as Chunk;
    return inOrder(numbers(data as ArrayLike<unknown>), sizes, stride);
  };
}
