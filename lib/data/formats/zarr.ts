// Stores of Zarr, versions 2 and 3, with the attributes of CF as xarray writes them: folders, folders of a server, zip
// archives. What their arrays mean is found in cf/. A folder of several stores is divided as one of files is.

import { memorySource } from "../../io/byte_source.ts";
import { type FileStore, treeStore, zipStore } from "../../io/file_store.ts";
import { openZarr, type ZarrGroup } from "../../io/zarr.ts";
import { isZarr } from "../../io/zarr_marks.ts";
import type { OpenOptions, Reader } from "../reader.ts";
import { filesLike, type Source } from "../source.ts";
import { cfSplits } from "./cf/splits.ts";
import { zarrGroup } from "./zarr/zarr_group.ts";
import { collectionReader, type FileContext, stemOf, type StoredFile } from "./stored/collection.ts";

const FORMAT = "zarr";
const MARK = /(?:^|\/)(?:zarr\.json|\.zmetadata|\.zgroup|\.zarray)$/;
const ARCHIVE = /\.(?:zarr\.)?zip$/i;
/** How the stores of a source are called among its files. */
const STORE = /\.zarr$/i;

/** A store of a source. */
interface Place {
  /** As its files are divided by: `train/a.zarr`. */
  readonly name: string;
  open(): Promise<FileStore>;
}

/** A store's name, as one of a file. */
function named(name: string): string {
  const plain = name.replace(/[?#].*$/, "").replace(/[/\\]+$/, "").replace(ARCHIVE, "");
  return STORE.test(plain) ? plain : `${plain}.zarr`;
}

/** The last part of a path or URL. */
function lastPart(path: string): string {
  return path.replace(/[?#].*$/, "").replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) || path;
}

/** The outermost folders that have metadata of Zarr, each ending with a slash; empty for the source itself. */
function rootsOf(source: Source): string[] {
  const folders = [...source.files.keys()].filter((name) => MARK.test(name)).map((name) =>
    name.replace(/[^/]*$/, "")
  );
  const sorted = [...new Set(folders)].sort((a, b) => a.length - b.length);
  return sorted.filter((folder, i) => !sorted.slice(0, i).some((outer) => folder.startsWith(outer))).sort();
}

/** A part of a store as a store. */
function beneath(store: FileStore, folder: string): FileStore {
  if (folder === "") return store;
  const path = folder.replace(/\/$/, "");
  return {
    name: `${store.name}/${path}`,
    get: (inner) => store.get(folder + inner),
    open: (inner) => store.open(folder + inner),
    list: (inner) => store.list(inner === "" ? path : folder + inner),
    close: () => store.close(),
  };
}

/** The stores of a source. */
async function placesOf(source: Source): Promise<Place[]> {
  const roots = rootsOf(source);
  if (roots.length === 0 && source.store && source.files.size === 0) {
    const store = await source.store();
    return await isZarr(store) ? [{ name: named(lastPart(source.name)), open: source.store }] : [];
  }
  const folders = roots.map((folder): Place => ({
    name: named(folder || lastPart(source.name)),
    async open() {
      if (source.store) return beneath(await source.store(), folder);
      const name = folder === "" ? source.name : `${source.name}/${folder.slice(0, -1)}`;
      return treeStore(name, source.files, folder);
    },
  }));
  const archives = filesLike(source, ARCHIVE).filter((name) => ARCHIVE.test(name)).map((name): Place => ({
    name: named(name),
    open: async () => await zipStore(await source.files.get(name)!()),
  }));
  return [...folders, ...archives];
}

/** What an image of OME has and a simulation has not. */
function looksLikeImage({ attributes }: ZarrGroup): boolean {
  return "multiscales" in attributes || "ome" in attributes || "omero" in attributes;
}

/** Whether any array of a group, or of those in it, names its dimensions. */
function namesDimensions({ arrays, groups }: ZarrGroup): boolean {
  return [...arrays.values()].some(({ dimensions }) => dimensions.some((name) => name !== null)) ||
    groups.some(namesDimensions);
}

/** Why a store is none of a simulation, before CF is asked. */
function nearMiss(root: ZarrGroup): string | null {
  if (looksLikeImage(root)) {
    return "it looks like an image (OME-Zarr, attribute multiscales), wanted a simulation with frames";
  }
  if (root.arrays.size === 0 && root.groups.length === 0) return "it is a store of Zarr without arrays";
  return namesDimensions(root)
    ? null
    : "it is a store of Zarr, but its arrays do not name their dimensions: dimension_names, or _ARRAY_DIMENSIONS of xarray";
}

async function openStore(store: FileStore, context: FileContext): Promise<StoredFile> {
  try {
    const dataset = stemOf(context.name);
    const root = await openZarr(store, dataset);
    const lack = nearMiss(root);
    if (lack !== null) throw new SyntaxError(lack);
    const warnings: string[] = [];
    const splits = await cfSplits(zarrGroup(root), store.name, context, warnings);
    return { dataset, splits, warnings, close: () => store.close() };
  } catch (error) {
    store.close();
    if (!(error instanceof SyntaxError) || error.message.includes(`"${store.name}"`)) throw error;
    throw new SyntaxError(`Cannot read "${store.name}": ${error.message}`, { cause: error });
  }
}

async function recognise(source: Source): Promise<true | string> {
  if ((await placesOf(source)).length > 0) return true;
  return source.store && source.files.size === 0
    ? `"${source.name}" has no zarr.json, .zmetadata, .zgroup or .zarray`
    : "it has no folder with zarr.json, .zmetadata, .zgroup or .zarray, and no *.zarr.zip";
}

async function open(source: Source, options: OpenOptions = {}) {
  const places = new Map((await placesOf(source)).map((place) => [place.name, place]));
  // Each store stands for a file, whose bytes are never asked for: files divide into splits, and stores as they do.
  const stand = (name: string) => () => Promise.resolve(memorySource(new Uint8Array(0), name));
  const others = [...source.files].filter(([name]) => !STORE.test(name) && !MARK.test(name));
  const files = new Map([...others, ...[...places.keys()].map((name) => [name, stand(name)] as const)]);
  const stores = collectionReader({
    format: FORMAT,
    files: STORE,
    recognise,
    open: async (_, context) => await openStore(await places.get(context.name)!.open(), context),
  });
  return await stores.open({ ...source, files, folder: true }, options);
}

/** Reads stores of Zarr. */
export const zarrReader: Reader = { format: FORMAT, recognise, open };
