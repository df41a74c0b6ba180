// HDF5 files by path and range. Every read checks the library's status, so damage is an error and never silent
// garbage; links are not followed; nothing is allocated that a header merely claims.

import type { ByteSource } from "./byte_source.ts";
import { DisposedError } from "./disposed.ts";
import { attributeTypes } from "./hdf5_attributes.ts";
import { parsing } from "./hdf5_bytes.ts";
import { type Hdf5Type, typeName } from "./hdf5_datatype.ts";
import { addressOf, Descriptions, type Hdf5Kind } from "./hdf5_describe.ts";
import { openSession, type Session } from "./hdf5_module.ts";
import { isFloat32, type NumberType, toNumbers } from "./hdf5_numbers.ts";
import { loadPlugins } from "./hdf5_plugins.ts";
import { hdf5Fault, START_BYTES } from "./hdf5_start.ts";
import type { H5Filter, H5Metadata } from "./hdf5_types.ts";
import {
  type AttributeValue,
  inMemory,
  MOST_ROWS,
  type Parameters,
  toValues,
  typeFault,
} from "./hdf5_values.ts";
import { openSource, readStart, type SourceInput } from "./source.ts";

export type { Hdf5Kind } from "./hdf5_describe.ts";
export type { AttributeValue } from "./hdf5_values.ts";

/** A dataset's extent and what it holds. */
export interface Hdf5Dataset {
  readonly shape: readonly number[];
  readonly holds: "numbers" | "text" | "parameters" | "other";
  /** Whether its numbers are whole. */
  readonly integer: boolean;
  /** Its type in words: `32-bit float`. */
  readonly type: string;
  /** Bytes of an element. */
  readonly bytes: number;
  /** Why no numbers are read of it, `holds text, wanted numbers`; null when they are. */
  readonly fault: string | null;
}

/** An open file. Calls on one file wait for each other; once it is closed they reject with a `DisposedError`. */
export interface Hdf5File {
  readonly name: string;
  kind(path: string): Promise<Hdf5Kind>;
  /** Names in a group, sorted. */
  keys(path: string): Promise<string[]>;
  attributes(path: string): Promise<Record<string, AttributeValue>>;
  dataset(path: string): Promise<Hdf5Dataset>;
  /** The path of the first dimension scale of each axis of a dataset; null where an axis has none. */
  scales(path: string): Promise<(string | null)[]>;
  /** A table of names and numbers; `dataset` says whether it is one. */
  parameters(path: string): Promise<Parameters["parameters"]>;
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

/** Whether elements point to texts that the library takes memory for. */
function pointsElsewhere(type: Hdf5Type): boolean {
  if (type.kind === "compound") return type.members.some((member) => pointsElsewhere(member.type));
  return type.kind === "text" && type.varying;
}

/** Numbers of a box, and where they lie. */
interface Box {
  readonly start: readonly number[] | undefined;
  readonly count: readonly number[] | undefined;
}

class OpenFile implements Hdf5File {
  readonly name: string;
  readonly #session: Session;
  readonly #most: number;
  readonly #descriptions: Descriptions;
  #open = true;

  constructor({ name, size, claims }: Pick<ByteSource, "name" | "size" | "claims">, session: Session) {
    this.name = name;
    this.#most = claims ?? Math.max(SMALL_CLAIM, MOST_EXPANSION * size);
    this.#session = session;
    this.#descriptions = new Descriptions({ name, session, run: (...call) => this.#run(...call) });
  }

  checkClaim(bytes: number, what: string): void {
    if (!(bytes <= this.#most)) {
      refuse(
        this.name,
        `it claims ${what} of ${bytes} bytes, a file of its size holds at most ${this.#most}`,
      );
    }
  }

  /** Runs library calls as long as the file is open, also where they have waited. */
  async #run<T>(what: string, call: (id: bigint) => T | null, extra?: number): Promise<T> {
    const check = () => {
      if (!this.#open) throw new DisposedError(`Cannot ${what} of "${this.name}": the file is closed`);
    };
    check();
    try {
      return await this.#session.run(what, (id) => this.#open ? call(id) : null, extra);
    } catch (error) {
      check();
      throw error;
    }
  }

  kind(path: string): Promise<Hdf5Kind> {
    return this.#descriptions.kind(path);
  }

  async keys(path: string): Promise<string[]> {
    const names = await this.#run(
      `list "${path}"`,
      (id) => this.#session.module.get_names(id, path, false),
    );
    return [...names].sort();
  }

  async attributes(path: string): Promise<Record<string, AttributeValue>> {
    const { module, bytes } = this.#session;
    const [names, types] = await this.#run(`list the attributes of "${path}"`, (id) => {
      const names = module.get_attribute_names(id, path);
      if (!names) return null;
      return [names, parsing(() => attributeTypes(bytes, addressOf(module, id, path)))] as const;
    });
    const values: Record<string, AttributeValue> = Object.create(null);
    for (const name of names) values[name] = await this.#attribute(path, name, types.get(name));
    return values;
  }

  #attribute(path: string, name: string, typed: (() => Hdf5Type) | undefined): Promise<AttributeValue> {
    const { module } = this.#session;
    return this.#run(`read attribute "${name}" of "${path}"`, (id): AttributeValue | null => {
      const metadata = module.get_attribute_metadata(id, path, name);
      if (!metadata) return null;
      const { size, shape, total_size: count } = metadata;
      if (shape === null || count === 0) return [];
      if (count * size > LARGEST_ATTRIBUTE) {
        refuse(this.name, `attribute "${name}" of "${path}" claims ${count * size} bytes`);
      }
      if (!typed) return { unread: "unknown, since it is large or shared" };
      const type = inMemory(parsing(typed), metadata);
      const fault = typeFault(type);
      if (fault) return { unread: fault };
      const read = (pointer: number) => module.get_attribute_data(id, path, name, BigInt(pointer));
      const values = this.#values(id, path, name, type, metadata, read);
      return values && Array.isArray(values) && shape.length === 0 ? values[0]! : values;
    });
  }

  /** Values of an attribute, or of a table where its name is empty; null where the read fails. */
  #values(
    id: bigint,
    path: string,
    name: string,
    type: Hdf5Type,
    { size, total_size: count }: H5Metadata,
    read: (pointer: number) => number,
  ): number[] | string[] | Parameters | null {
    const { module } = this.#session;
    const pointer = module._malloc(count * size);
    if (!pointer) refuse(this.name, `there is no memory for "${name}" of "${path}"`);
    try {
      if (read(pointer) < 0) return null;
      const values = toValues(
        module.HEAPU8.slice(pointer, pointer + count * size),
        type,
        (text) => module.UTF8ToString(text),
      );
      if (pointsElsewhere(type)) module.reclaim_vlen_memory(id, path, name, BigInt(pointer));
      return values;
    } finally {
      module._free(pointer);
    }
  }

  async dataset(path: string): Promise<Hdf5Dataset> {
    const { metadata: { shape, size }, type, fault } = await this.#descriptions.of(path);
    const { kind } = type;
    const holds = kind === "text"
      ? "text"
      : kind === "float" || kind === "integer"
      ? "numbers"
      : kind === "compound" && !typeFault(type)
      ? "parameters"
      : "other";
    const integer = kind === "integer";
    return { shape: shape ?? [0], holds, integer, type: typeName(type), bytes: size, fault };
  }

  async scales(path: string): Promise<(string | null)[]> {
    const { shape } = await this.dataset(path);
    return await this.#run(`look for the dimension scales of "${path}"`, (id) => {
      const { library, module } = this.#session;
      const found = shape.map((_, axis) => module.get_attached_scales(id, path, axis));
      return library.printed.length > 0 ? null : found.map(([scale]) => scale ?? null);
    });
  }

  async parameters(path: string): Promise<Parameters["parameters"]> {
    const { module } = this.#session;
    const { metadata, type, filters } = await this.#descriptions.of(path);
    const { total_size: count } = metadata;
    if (type.kind !== "compound" || typeFault(type) || count > MOST_ROWS) {
      const what = `${count} rows of ${typeName(type)}`;
      refuse(this.name, `"${path}" holds ${what}, wanted at most ${MOST_ROWS} of a text and a number`);
    }
    if (count === 0) return {};
    await this.#load(path, filters);
    const values = await this.#run(
      `read table "${path}"`,
      (id) =>
        this.#values(
          id,
          path,
          "",
          type,
          metadata,
          (pointer) => module.get_dataset_data(id, path, null, null, null, BigInt(pointer)),
        ),
    );
    return (values as Parameters).parameters;
  }

  async #load(path: string, filters: readonly H5Filter[]): Promise<void> {
    try {
      await loadPlugins(this.#session.library, filters);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SyntaxError(`Cannot read "${this.name}": dataset "${path}": ${error.message}`, {
        cause: error,
      });
    }
  }

  async #read<T>(
    path: string,
    box: Box,
    convert: (bytes: Uint8Array, type: NumberType) => T,
  ): Promise<T> {
    const { module } = this.#session;
    const { metadata, type, filters, fault } = await this.#descriptions.of(path);
    if (fault || (type.kind !== "float" && type.kind !== "integer")) {
      return refuse(this.name, `dataset "${path}" ${fault}`);
    }
    const shape = metadata.shape ?? [0];
    const from = box.start ?? shape.map(() => 0);
    const sizes = box.count ?? shape;
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
    if (bytes === 0) return convert(new Uint8Array(0), type);
    await this.#load(path, filters);
    return await this.#run(`read dataset "${path}"`, (id) => {
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
        return convert(module.HEAPU8.subarray(pointer, pointer + bytes), type);
      } finally {
        module._free(pointer);
      }
      // A chunk lies in memory up to three times: as it is stored, between its filters, and unpacked.
    }, bytes + 3 * chunk);
  }

  readFloat32(path: string, start?: readonly number[], count?: readonly number[]): Promise<Float32Array> {
    return this.#read(
      path,
      { start, count },
      (bytes, type) =>
        isFloat32(type) ? new Float32Array(bytes.slice().buffer) : Float32Array.from(toNumbers(bytes, type)),
    );
  }

  readFloat64(path: string, start?: readonly number[], count?: readonly number[]): Promise<Float64Array> {
    return this.#read(path, { start, count }, toNumbers);
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
