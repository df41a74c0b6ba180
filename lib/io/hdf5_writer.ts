// Writing HDF5 through the same library, from a plain tree of groups, datasets and attributes to bytes.

import { exchangeBooleans, STAND_IN, standIn } from "./hdf5_booleans.ts";
import { hdf5Module } from "./hdf5_module.ts";

/** Value of an attribute to write. Booleans become enumerations of FALSE and TRUE, as h5py writes them. */
export type WritableAttribute = string | number | boolean | bigint | readonly string[] | readonly boolean[];

/** A dataset to write. */
export interface WritableDataset {
  readonly attributes?: Readonly<Record<string, WritableAttribute>>;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int8Array;
  /** Chunk sizes; chunked data is compressed with gzip. */
  readonly chunks?: readonly number[];
}

/** A group to write. */
export interface WritableGroup {
  readonly attributes?: Readonly<Record<string, WritableAttribute>>;
  readonly groups?: Readonly<Record<string, WritableGroup>>;
  readonly datasets?: Readonly<Record<string, WritableDataset>>;
}

/** The library's high-level writing interface, as far as it is used. */
interface Writer {
  create_attribute(
    name: string,
    data: unknown,
    shape?: number[] | null,
    dtype?: string | null | typeof STAND_IN,
  ): void;
}

interface GroupWriter extends Writer {
  create_group(name: string): GroupWriter;
  create_dataset(options: object): Writer;
}

interface Library {
  readonly File: new (
    path: string,
    mode: string,
    options: { libver: [string, string] },
  ) => GroupWriter & { flush(): void; close(): number };
}

const COMPRESSION = 4;
/** The library's names of number types: `"<f8"` would silently become f32. */
const TYPES = { Float32Array: "<f", Float64Array: "<d", Int8Array: "<b" } as const;

function writeAttribute(target: Writer, name: string, value: WritableAttribute): void {
  if (typeof value === "string") target.create_attribute(name, value, [], null);
  else if (typeof value === "boolean") target.create_attribute(name, standIn([value]), [], STAND_IN);
  else if (typeof value === "bigint") target.create_attribute(name, BigInt64Array.of(value), [], "<q");
  else if (typeof value === "number") target.create_attribute(name, Float64Array.of(value), [], "<d");
  else if (value.length === 0) target.create_attribute(name, new Float64Array(0), [0], "<d");
  else if (value.every((v) => typeof v === "boolean")) {
    target.create_attribute(name, standIn(value), [value.length], STAND_IN);
  } else target.create_attribute(name, [...value], [value.length], null);
}

function writeGroup(target: GroupWriter, group: WritableGroup): void {
  for (const [name, value] of Object.entries(group.attributes ?? {})) writeAttribute(target, name, value);
  for (const [name, sub] of Object.entries(group.groups ?? {})) writeGroup(target.create_group(name), sub);
  for (const [name, { attributes, shape, data, chunks }] of Object.entries(group.datasets ?? {})) {
    const dtype = TYPES[data.constructor.name as keyof typeof TYPES];
    const dataset = target.create_dataset({
      name,
      data,
      shape: [...shape],
      dtype,
      ...(chunks ? { chunks: [...chunks], compression: COMPRESSION } : {}),
    });
    for (const [key, value] of Object.entries(attributes ?? {})) writeAttribute(dataset, key, value);
  }
}

let written = 0;

/**
 * An HDF5 file.
 *
 * @param root its root group
 * @returns the bytes of the file
 */
export async function writeHdf5(root: WritableGroup): Promise<Uint8Array> {
  const { FS } = await hdf5Module();
  const { File } = (await import("h5wasm")) as unknown as Library;
  const path = `/written${written++}.h5`;
  // The oldest formats: every reader has them, and none of their parts is summed up elsewhere.
  const file = new File(path, "w", { libver: ["earliest", "latest"] });
  try {
    writeGroup(file, root);
    file.flush();
  } finally {
    file.close();
  }
  const bytes = FS.readFile(path);
  FS.unlink(path);
  exchangeBooleans(bytes);
  return bytes;
}
