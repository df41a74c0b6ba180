// HDF5 files by path and range. Every read checks the library's status, so damage is an error and never silent
// garbage; links are not followed; nothing is allocated that a header merely claims.

import { openSession, type Session } from "./hdf5_module.ts";
import { hdf5Fault, START_BYTES } from "./hdf5_start.ts";
import type { H5Metadata } from "./hdf5_types.ts";
import { toFloat32 } from "./numbers.ts";
import type { ByteSource } from "./byte_source.ts";
import { openSource, readStart, type SourceInput } from "./source.ts";

/** What a path names. */
export type Hdf5Kind = "group" | "dataset" | "other" | "missing";

/** Value of an attribute: one for a scalar, a list otherwise. Booleans are numbers 0 and 1. */
export type AttributeValue = number | string | readonly number[] | readonly string[];

/** A dataset's extent and how it is stored. */
export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly kind: "float" | "integer" | "string" | "other";
  /** Bytes of an element. */
  readonly bytes: number;
  /** Name of a filter its chunks passed that this reader does not have; null when it can be read. */
  readonly missingFilter: string | null;
}

/** An open file. Calls on one file wait for each other. */
export interface Hdf5File {
  readonly name: string;
  kind(path: string): Promise<Hdf5Kind>;
  /** Names in a group, sorted. */
  keys(path: string): Promise<string[]>;
  attributes(path: string): Promise<Record<string, AttributeValue>>;
  dataset(path: string): Promise<Hdf5Dataset>;
  /** Numbers of a box of a dataset (all of it unless given) in C order, as f32. */
  readFloat32(path: string, start?: readonly number[], count?: readonly number[]): Promise<Float32Array>;
  /** The same in double precision. */
  readFloat64(path: string, start?: readonly number[], count?: readonly number[]): Promise<Float64Array>;
  /**
   * Refuses a size that no file of this one's length can hold.
   *
   * @param bytes what is about to be allocated
   * @param what words for the message, `frames`
   * @throws SyntaxError
   */
  checkClaim(bytes: number, what: string): void;
  close(): void;
  [Symbol.dispose](): void;
}

const CLASSES: Readonly<Record<number, Hdf5Dataset["kind"]>> = {
  0: "integer",
  1: "float",
  3: "string",
  8: "integer",
};
/** Filters the library has: deflate, shuffle, fletcher32, szip, nbit, scale-offset. */
const BUILT_IN = new Set([1, 2, 3, 4, 5, 6]);
/** Largest read: what one allocation of the library can hold. */
const LARGEST_READ = 1 << 30;
/** Bytes that deflate, the densest filter, makes of one at most. */
const MOST_EXPANSION = 1032;
/** What any file may claim, however small. */
const SMALL_CLAIM = 16 << 20;
const LARGEST_ATTRIBUTE = 1 << 20;

function refuse(name: string, why: string): never {
  throw new SyntaxError(`Cannot read "${name}": ${why}`);
}

/** Typed numbers of raw native-endian bytes. */
function numbersOf(
  bytes: Uint8Array,
  { type, size, signed }: Pick<H5Metadata, "type" | "size" | "signed">,
): Float64Array {
  const { buffer } = bytes.slice();
  if (type === 1 && size === 8) return new Float64Array(buffer);
  if (type === 1 && size === 4) return Float64Array.from(new Float32Array(buffer));
  if (type === 1 && size === 2) return Float64Array.from(toFloat32(bytes, "f16"));
  if (size === 8) {
    return Float64Array.from(
      signed ? new BigInt64Array(buffer) : new BigUint64Array(buffer),
      (v: bigint) => Number(v),
    );
  }
  const views = {
    4: signed ? Int32Array : Uint32Array,
    2: signed ? Int16Array : Uint16Array,
    1: signed ? Int8Array : Uint8Array,
  };
  const View = views[size as 1 | 2 | 4];
  if (type === 1 || !View) throw new TypeError(`Cannot convert numbers of ${size} bytes`);
  return Float64Array.from(new View(buffer));
}

class OpenFile implements Hdf5File {
  readonly name: string;
  readonly #session: Session;
  readonly #size: number;
  #open = true;

  constructor({ name, size }: Pick<ByteSource, "name" | "size">, session: Session) {
    this.name = name;
    this.#size = size;
    this.#session = session;
  }

  checkClaim(bytes: number, what: string): void {
    const most = Math.max(SMALL_CLAIM, MOST_EXPANSION * this.#size);
    if (!(bytes <= most)) {
      refuse(this.name, `it claims ${what} of ${bytes} bytes, a file of its size holds at most ${most}`);
    }
  }

  kind(path: string): Promise<Hdf5Kind> {
    const { module, id } = this.#session;
    return this.#session.run(`look up "${path}"`, () => {
      const type = module.get_type(id, path);
      return type === 0 ? "group" : type === 1 ? "dataset" : type < 0 ? "missing" : "other";
    });
  }

  async keys(path: string): Promise<string[]> {
    const { module, id } = this.#session;
    const names = await this.#session.run(`list "${path}"`, () => module.get_names(id, path, false));
    return [...names].sort();
  }

  async attributes(path: string): Promise<Record<string, AttributeValue>> {
    const { module, id } = this.#session;
    const names = await this.#session.run(
      `list the attributes of "${path}"`,
      () => module.get_attribute_names(id, path),
    );
    const values: Record<string, AttributeValue> = Object.create(null);
    for (const name of names) values[name] = await this.#attribute(path, name);
    return values;
  }

  #attribute(path: string, name: string): Promise<AttributeValue> {
    const { module, id, run } = this.#session;
    const what = `read attribute "${name}" of "${path}"`;
    return run(what, () => {
      const metadata = module.get_attribute_metadata(id, path, name);
      if (!metadata) return null;
      const { type, size, shape, total_size: count } = metadata;
      const bytes = count * size;
      if (shape === null || count === 0) return [];
      if (bytes > LARGEST_ATTRIBUTE) {
        refuse(this.name, `attribute "${name}" of "${path}" claims ${bytes} bytes`);
      }
      const kind = CLASSES[type] ?? "other";
      if (kind === "other") return [];
      const pointer = module._malloc(bytes);
      if (!pointer) refuse(this.name, `there is no memory for attribute "${name}" of "${path}"`);
      try {
        if (module.get_attribute_data(id, path, name, BigInt(pointer)) < 0) return null;
        const data = module.HEAPU8.slice(pointer, pointer + bytes);
        const values = kind === "string"
          ? this.#strings(data, metadata, path, name, pointer)
          : [...numbersOf(data, metadata)];
        return shape.length === 0 ? values[0]! : values as readonly string[] | readonly number[];
      } finally {
        module._free(pointer);
      }
    });
  }

  #strings(
    data: Uint8Array,
    { size, vlen }: H5Metadata,
    path: string,
    name: string,
    pointer: number,
  ): string[] {
    const { module, id } = this.#session;
    if (vlen) {
      const pointers = new Uint32Array(data.buffer);
      const texts = [...pointers].map((p) => p === 0 ? "" : module.UTF8ToString(p));
      module.reclaim_vlen_memory(id, path, name, BigInt(pointer));
      return texts;
    }
    const decoder = new TextDecoder();
    return Array.from({ length: data.length / size }, (_, i) => {
      const raw = data.subarray(i * size, (i + 1) * size);
      const end = raw.indexOf(0);
      return decoder.decode(end < 0 ? raw : raw.subarray(0, end));
    });
  }

  async #metadata(path: string): Promise<H5Metadata> {
    const { module, id } = this.#session;
    const kind = await this.kind(path);
    if (kind !== "dataset") {
      const found = kind === "group" ? "a group" : "absent, or a link that leads nowhere";
      refuse(this.name, `"${path}" is ${found}, wanted a dataset`);
    }
    return await this.#session.run(`open dataset "${path}"`, () => module.get_dataset_metadata(id, path));
  }

  async dataset(path: string): Promise<Hdf5Dataset> {
    const { type, size, shape } = await this.#metadata(path);
    const missingFilter = await this.#missingFilter(path);
    return { shape: shape ?? [0], kind: CLASSES[type] ?? "other", bytes: size, missingFilter };
  }

  async #missingFilter(path: string): Promise<string | null> {
    const { module, id, run } = this.#session;
    const filters = await run(`read the filters of "${path}"`, () => module.get_dataset_filters(id, path));
    const unknown = filters.find((f) => !BUILT_IN.has(f.id));
    return unknown ? unknown.name || `number ${unknown.id}` : null;
  }

  async #read<T>(
    path: string,
    start: readonly number[] | undefined,
    count: readonly number[] | undefined,
    convert: (bytes: Uint8Array, metadata: H5Metadata) => T,
  ): Promise<T> {
    const { module, id } = this.#session;
    const metadata = await this.#metadata(path);
    const shape = metadata.shape ?? [0];
    const kind = CLASSES[metadata.type] ?? "other";
    if (kind !== "float" && kind !== "integer") {
      refuse(
        this.name,
        `dataset "${path}" holds ${kind === "string" ? "text" : "compound values"}, wanted numbers`,
      );
    }
    if (metadata.virtual_sources?.length) {
      refuse(this.name, `dataset "${path}" lies in other files, which are not read`);
    }
    const missing = await this.#missingFilter(path);
    if (missing) {
      refuse(
        this.name,
        `dataset "${path}" is stored with the filter "${missing}", wanted gzip, shuffle, szip or none`,
      );
    }
    const from = start ?? shape.map(() => 0);
    const sizes = count ?? shape;
    const inside = from.length === shape.length && sizes.length === shape.length &&
      from.every((s, i) => s >= 0 && sizes[i]! >= 0 && s + sizes[i]! <= shape[i]!);
    if (!inside) {
      refuse(this.name, `dataset "${path}" has shape [${shape}], wanted [${sizes}] from [${from}]`);
    }
    const bytes = sizes.reduce((n, size) => n * size, metadata.size);
    if (bytes > LARGEST_READ) {
      throw new RangeError(
        `Cannot read "${this.name}": ${bytes} bytes of dataset "${path}" at once, wanted at most ${LARGEST_READ}`,
      );
    }
    const chunk = metadata.chunks?.reduce((n, size) => n * size, metadata.size) ?? 0;
    this.checkClaim(bytes, `numbers in "${path}"`);
    this.checkClaim(chunk, `chunks in "${path}"`);
    if (bytes === 0) return convert(new Uint8Array(0), metadata);
    return await this.#session.run(`read dataset "${path}"`, () => {
      const pointer = module._malloc(bytes);
      if (!pointer) {
        throw new RangeError(`Cannot read "${this.name}": no memory for ${bytes} bytes of "${path}"`);
      }
      try {
        const [counts, offsets, strides] = [sizes, from, sizes.map(() => 1)].map((list) => list.map(BigInt));
        const scalar = shape.length === 0;
        const status = module.get_dataset_data(
          id,
          path,
          scalar ? null : counts!,
          scalar ? null : offsets!,
          scalar ? null : strides!,
          BigInt(pointer),
        );
        if (status < 0) return null;
        return convert(module.HEAPU8.subarray(pointer, pointer + bytes), metadata);
      } finally {
        module._free(pointer);
      }
      // A chunk lies in memory up to three times: as it is stored, between its filters, and unpacked.
    }, bytes + 3 * chunk);
  }

  readFloat32(path: string, start?: readonly number[], count?: readonly number[]): Promise<Float32Array> {
    return this.#read(
      path,
      start,
      count,
      (bytes, metadata) =>
        metadata.type === 1 && metadata.size === 4
          ? new Float32Array(bytes.slice().buffer)
          : Float32Array.from(numbersOf(bytes, metadata)),
    );
  }

  readFloat64(path: string, start?: readonly number[], count?: readonly number[]): Promise<Float64Array> {
    return this.#read(path, start, count, numbersOf);
  }

  close(): void {
    if (this.#open) this.#session.close();
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens an HDF5 file.
 *
 * @param input path, URL, Blob or bytes; read by range
 * @throws RangeError when it can not be opened, SyntaxError when it is no HDF5 file or is damaged
 */
export async function openHdf5(input: SourceInput): Promise<Hdf5File> {
  const source = await openSource(input);
  try {
    const fault = hdf5Fault(source.size, await readStart(source, START_BYTES));
    if (fault) refuse(source.name, fault);
    const session = await openSession(source);
    const file = new OpenFile(source, session);
    const close = file.close.bind(file);
    file.close = () => {
      close();
      source.close();
    };
    return file;
  } catch (error) {
    source.close();
    throw error;
  }
}
