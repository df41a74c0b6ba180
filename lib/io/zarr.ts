// Stores of Zarr, versions 2 and 3: groups and arrays by the library `zarrita`, which decodes their chunks. Metadata are
// checked before they are believed, chunks before their numbers are used, and only chunks that are asked for are read.

import type * as Zarrita from "zarrita";
import type { FileStore } from "./file_store.ts";
import { quoted } from "./quote.ts";
import { chunkReader, type ZarrChunks } from "./zarr_chunks.ts";
import { checkCodecs } from "./zarr_codecs.ts";
import { probe } from "./zarr_marks.ts";
import { ZarrFiles } from "./zarr_files.ts";

/** An array. */
export interface ZarrArray {
  /** Path in the store. */
  readonly path: string;
  readonly shape: readonly number[];
  /** Names of its dimensions; null for those without. */
  readonly dimensions: readonly (string | null)[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `float32`, `int16`, .. */
  readonly type: string;
  /** What chunks hold that are not there. */
  readonly fill: unknown;
  /** Zarr's version. */
  readonly version: 2 | 3;
  /**
   * Numbers of a box in C order, at their own precision.
   *
   * @throws SyntaxError naming a chunk that is damaged, RangeError for a box that leaves the array
   */
  read(start: readonly number[], count: readonly number[]): Promise<Float32Array | Float64Array>;
}

/** A group. */
export interface ZarrGroup {
  /** Path in the store; empty for the root. */
  readonly path: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** By name. */
  readonly arrays: ReadonlyMap<string, ZarrArray>;
  readonly groups: readonly ZarrGroup[];
}

/** Nodes that are looked at, and groups within each other: more is no store of one data set. */
const MOST_NODES = 2048;
const DEEPEST = 4;

/** Numbers that are read. */
const NUMBERS = /^(?:bool|u?int(?:8|16|32|64)|float(?:16|32|64))$/;

/** Whether the values of an array are numbers. */
export function holdsNumbers({ type }: Pick<ZarrArray, "type">): boolean {
  return NUMBERS.test(type);
}

type Library = typeof Zarrita;
type Opened = Zarrita.Array<Zarrita.DataType, ZarrFiles> | Zarrita.Group<ZarrFiles>;

let loading: Promise<Library> | null = null;

/** The library, with codecs that check. */
function library(): Promise<Library> {
  loading ??= import("zarrita").then((found) => {
    checkCodecs(found.registry);
    return found;
  });
  return loading;
}

class OpenStore {
  readonly #store: FileStore;
  readonly #zarrita: Library;
  readonly #files: ZarrFiles;
  readonly #version: 2 | 3;
  readonly #chunks: ZarrChunks;
  #nodes = 0;

  constructor(store: FileStore, zarrita: Library, files: ZarrFiles, version: 2 | 3) {
    this.#store = store;
    this.#zarrita = zarrita;
    this.#files = files;
    this.#version = version;
    this.#chunks = { store: store.name, zarrita, kept: new Map(), keptBytes: 0 };
  }

  #refuse(why: string, cause?: unknown): never {
    throw new SyntaxError(`Cannot read "${this.#store.name}": ${why}`, { cause });
  }

  /** A node; null where there is none. */
  async #node(path: string): Promise<Opened | null> {
    const { open, root } = this.#zarrita;
    const at = root(this.#files).resolve(
      path === "" ? "/" : `/${path.split("/").map(encodeURIComponent).join("/")}`,
    );
    try {
      if (this.#version === 3) return await open.v3(at) as Opened;
      // The library takes an array that it can not read for a group that is not there.
      const isArray = await this.#files.get(at.resolve(".zarray").path) !== undefined;
      return await (isArray ? open.v2(at, { kind: "array" }) : open.v2(at, { kind: "group" })) as Opened;
    } catch (error) {
      if (this.#zarrita.isZarritaError(error, "NotFoundError")) return null;
      // What the files themselves say goes before the library's words.
      if (error instanceof Error && error.message.includes(this.#store.name)) throw error;
      this.#refuse(
        `the metadata of ${quoted(path || "/")} are damaged: ${(error as Error).message}`.slice(0, 400),
        error,
      );
    }
  }

  #array(path: string, array: Zarrita.Array<Zarrita.DataType, ZarrFiles>): ZarrArray {
    const { shape, chunks, dtype, dimensionNames } = array;
    const isSize = (least: number) => (size: unknown) =>
      Number.isSafeInteger(size) && (size as number) >= least;
    const fits = Array.isArray(shape) && Array.isArray(chunks) && shape.every(isSize(0)) &&
      chunks.every(isSize(1)) &&
      chunks.length === shape.length;
    if (!fits) {
      this.#refuse(
        `array ${quoted(path)} has shape ${quoted(String(shape))} in chunks of ${quoted(String(chunks))}`,
      );
    }
    const names: unknown = dimensionNames;
    const dimensions = Array.isArray(names) && names.length === shape.length ? names : shape.map(() => null);
    return {
      path,
      shape,
      dimensions: dimensions.map((name: unknown) => typeof name === "string" && name !== "" ? name : null),
      attributes: { ...array.attrs },
      type: String(dtype),
      fill: array.fillValue,
      version: this.#version,
      read: chunkReader(this.#chunks, path, array),
    };
  }

  /** Names of what lies in a group. */
  async #names(path: string): Promise<string[]> {
    const known = this.#files.known(path);
    if (known) return known;
    const listed = await this.#store.list(path);
    if (listed) return listed;
    return this.#refuse(
      "it has no consolidated metadata, and a server does not list what there is; " +
        "zarr.consolidate_metadata(STORE) of Python writes them",
    );
  }

  async group(path: string, depth: number): Promise<ZarrGroup | ZarrArray | null> {
    if (++this.#nodes > MOST_NODES) this.#refuse(`it has more than ${MOST_NODES} groups and arrays`);
    const node = await this.#node(path);
    if (!node) return null;
    if (node.kind === "array") {
      if (this.#version === 3) await this.#files.lookAtShards(path);
      return this.#array(path, node);
    }
    const arrays = new Map<string, ZarrArray>();
    const groups: ZarrGroup[] = [];
    for (const name of depth < DEEPEST ? await this.#names(path) : []) {
      const inner = await this.group(path === "" ? name : `${path}/${name}`, depth + 1);
      if (inner && "read" in inner) arrays.set(name, inner);
      else if (inner) groups.push(inner);
    }
    return { path, attributes: { ...node.attrs }, arrays, groups };
  }
}

/** Zarr's version by what lies at the root; null where nothing of it does. */
async function versionOf(store: FileStore): Promise<2 | 3 | null> {
  if (await probe(store, "zarr.json")) return 3;
  for (const mark of [".zmetadata", ".zgroup", ".zarray"]) if (await probe(store, mark)) return 2;
  return null;
}

/**
 * Opens a store.
 *
 * @param store stays open as long as its arrays are read
 * @param name of the array where the root is one
 * @throws SyntaxError naming the store and what is wrong in it
 */
export async function openZarr(store: FileStore, name: string): Promise<ZarrGroup> {
  const version = await versionOf(store);
  if (version === null) {
    throw new SyntaxError(`Cannot read "${store.name}": it has no zarr.json, .zmetadata, .zgroup or .zarray`);
  }
  const zarrita = await library();
  const files = await ZarrFiles.open(store, version);
  const root = await new OpenStore(store, zarrita, files, version).group("", 0);
  if (!root) throw new SyntaxError(`Cannot read "${store.name}": its root is neither a group nor an array`);
  if (!("read" in root)) return root;
  return { path: "", attributes: {}, arrays: new Map([[name, { ...root, path: name }]]), groups: [] };
}
