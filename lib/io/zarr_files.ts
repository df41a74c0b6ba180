// A store of files as the library for Zarr asks for it: metadata once where they are put together, chunks whole, parts of
// shards by range.

import type { AbsolutePath, RangeQuery } from "zarrita";
import type { ByteSource } from "./byte_source.ts";
import type { FileStore } from "./file_store.ts";
import { quoted } from "./quote.ts";

/** Shards that stay open. */
const MOST_OPEN = 8;
const LARGEST_METADATA = 64 << 20;

/** Metadata of many nodes in one file, by the path of theirs. */
type Documents = Readonly<Record<string, unknown>>;

function record(value: unknown): Documents | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Documents : null;
}

/** Metadata that are put together; null where they are not. */
async function consolidated(store: FileStore, version: 2 | 3): Promise<Map<string, unknown> | null> {
  const path = version === 3 ? "zarr.json" : ".zmetadata";
  const bytes = await store.get(path).catch((error) => {
    if ([401, 403].includes(error.cause)) return null;
    throw error;
  });
  if (!bytes || bytes.length > LARGEST_METADATA) return null;
  let root: Documents | null;
  try {
    root = record(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new SyntaxError(
      `Cannot read "${store.name}": ${path} is no JSON: ${(error as Error).message}`.slice(0, 400),
      { cause: error },
    );
  }
  const nodes = record(version === 3 ? record(root?.consolidated_metadata)?.metadata : root?.metadata);
  if (!nodes) return null;
  if (version === 2) return new Map(Object.entries(nodes));
  const { consolidated_metadata: _, ...own } = root!;
  const inner = Object.entries(nodes).map(([path, node]) =>
    [`${path.replace(/^\//, "")}/zarr.json`, node] as const
  );
  return new Map<string, unknown>([["zarr.json", own], ...inner]);
}

/** The files of a store. */
export class ZarrFiles {
  readonly #store: FileStore;
  readonly #documents: ReadonlyMap<string, unknown> | null;
  readonly #open = new Map<string, Promise<ByteSource | null>>();
  /** Arrays whose shards begin with their index, which the library looks for at the end. */
  readonly #indexFirst = new Set<string>();

  private constructor(store: FileStore, documents: ReadonlyMap<string, unknown> | null) {
    this.#store = store;
    this.#documents = documents;
  }

  /** Opens a store whose version is known. */
  static async open(store: FileStore, version: 2 | 3): Promise<ZarrFiles> {
    return new ZarrFiles(store, await consolidated(store, version));
  }

  /** Names of the nodes in a group by the metadata that are put together; null where they are not. */
  known(group: string): string[] | null {
    if (!this.#documents) return null;
    const prefix = group === "" ? "" : `${group}/`;
    const names = new Set<string>();
    for (const path of this.#documents.keys()) {
      const rest = path.startsWith(prefix) ? path.slice(prefix.length).split("/") : [];
      if (rest.length > 1) names.add(rest[0]!);
    }
    return [...names];
  }

  /**
   * Takes note of where the index of an array's shards stands.
   *
   * @param array its path
   * @throws SyntaxError for shards that other codecs change as a whole: their parts can not be read by range
   */
  async lookAtShards(array: string): Promise<void> {
    const bytes = await this.get(`/${array === "" ? "" : `${array}/`}zarr.json`);
    const codecs = bytes && record(JSON.parse(new TextDecoder().decode(bytes)))?.codecs;
    const list = Array.isArray(codecs) ? codecs.map(record) : [];
    const sharding = list.find((codec) => codec?.name === "sharding_indexed");
    if (!sharding) return;
    const other = list.find((codec) => codec !== sharding);
    if (other) {
      throw new SyntaxError(
        `Cannot read "${this.#store.name}": the shards of ${quoted(array)} also pass the codec ${
          quoted(String(other.name))
        }, wanted codecs within shards`,
      );
    }
    if (record(sharding.configuration)?.index_location === "start") this.#indexFirst.add(array);
  }

  /** A whole file; absent where there is none. */
  async get(key: AbsolutePath): Promise<Uint8Array | undefined> {
    const path = key.slice(1);
    if (this.#documents && /(?:^|\/)(?:zarr\.json|\.z(?:array|group|attrs))$/.test(path)) {
      const document = this.#documents.get(path);
      return document === undefined ? undefined : new TextEncoder().encode(JSON.stringify(document));
    }
    return await this.#store.get(path) ?? undefined;
  }

  /** A part of a file, from its start or before its end; absent where there is no such file. */
  async getRange(key: AbsolutePath, range: RangeQuery): Promise<Uint8Array | undefined> {
    const file = await this.#opened(key.slice(1));
    if (!file) return undefined;
    const isTail = "suffixLength" in range;
    const length = isTail ? range.suffixLength : range.length;
    const isFirst = [...this.#indexFirst].some((array) => key.startsWith(array === "" ? "/" : `/${array}/`));
    const offset = !isTail ? range.offset : isFirst ? 0 : file.size - length;
    if (offset >= 0 && offset + length <= file.size) return await file.read(offset, length);
    throw new SyntaxError(
      `Cannot read "${this.#store.name}": shard ${quoted(key.slice(1))} points to bytes ${offset} to ${
        offset + length
      }, it has ${file.size}`,
    );
  }

  /** A shard, kept open: its index and its parts are read one after the other. */
  #opened(path: string): Promise<ByteSource | null> {
    const found = this.#open.get(path) ?? this.#store.open(path);
    this.#open.delete(path);
    this.#open.set(path, found);
    found.catch(() => this.#open.delete(path));
    for (const [oldest, source] of this.#open) {
      if (this.#open.size <= MOST_OPEN) break;
      this.#open.delete(oldest);
      source.then((file) => file?.close(), () => {});
    }
    return found;
  }

  /** Closes what is open. */
  close(): void {
    for (const source of this.#open.values()) source.then((file) => file?.close(), () => {});
    this.#open.clear();
  }
}
