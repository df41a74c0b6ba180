// What is known of the objects of an HDF5 file before their numbers are read: what a path names, and of a dataset its
// extent, type, filters, and why no numbers are read of it where none are.

import { parsing } from "./hdf5_bytes.ts";
import { type Hdf5Type, typeName } from "./hdf5_datatype.ts";
import { objectType } from "./hdf5_header.ts";
import type { Session } from "./hdf5_module.ts";
import { numberFault } from "./hdf5_numbers.ts";
import { missingFilter, WITHOUT_FILTER } from "./hdf5_plugins.ts";
import type { H5Filter, H5Metadata, H5Module } from "./hdf5_types.ts";
import { inMemory } from "./hdf5_values.ts";
import { quoted } from "./quote.ts";

/** What a path names. */
export type Hdf5Kind = "group" | "dataset" | "other" | "missing";

/** A dataset. */
export interface Description {
  readonly metadata: H5Metadata;
  readonly type: Hdf5Type;
  /** Those of what it is made of too, where it is virtual. */
  readonly filters: readonly H5Filter[];
  /** Why no numbers are read of it, `holds text, wanted numbers`; null when they are. */
  readonly fault: string | null;
}

/** The open file. */
export interface Described {
  readonly name: string;
  readonly session: Pick<Session, "library" | "module" | "bytes">;
  readonly run: Session["run"];
}

/** Virtual datasets that are made of virtual ones, at most. */
const MOST_VIRTUAL = 8;

/** Address of an object's header, within a library call. */
export function addressOf(module: H5Module, id: bigint, path: string): number {
  const bytes = Uint8Array.from(module.create_object_reference(id, path));
  return Number(new DataView(bytes.buffer).getBigUint64(0, true));
}

/** Why no numbers are read of a type; null when they are. */
function wantedNumbers(type: Hdf5Type): string | null {
  const fault = type.kind === "float" || type.kind === "integer" ? numberFault(type) : typeName(type);
  return fault && `holds values of the type ${fault}, wanted numbers`;
}

/** Descriptions of a file's datasets, each found out once. */
export class Descriptions {
  readonly #file: Described;
  readonly #found = new Map<string, Promise<Description>>();

  /** @param file open as long as it is asked */
  constructor(file: Described) {
    this.#file = file;
  }

  #refuse(why: string): never {
    throw new SyntaxError(`Cannot read "${this.#file.name}": ${why}`);
  }

  /** What a path names. */
  kind(path: string): Promise<Hdf5Kind> {
    const { run, session: { library, module } } = this.#file;
    return run(`look up "${path}"`, (id) => {
      const type = module.get_type(id, path);
      // Where it fails it gives whatever lay in memory.
      if (library.printed.length > 0) return null;
      return type === 0 ? "group" : type === 1 ? "dataset" : type < 0 ? "missing" : "other";
    });
  }

  /**
   * Describes a dataset.
   *
   * @throws SyntaxError when there is none, or it lies elsewhere
   */
  of(path: string): Promise<Description> {
    const found = this.#found.get(path) ?? this.#describe(path, [], new Map());
    this.#found.set(path, found);
    found.catch(() => this.#found.delete(path));
    return found;
  }

  /**
   * @param above virtual datasets that are made of this one
   * @param seen what the outermost of them is made of, so far
   */
  async #describe(
    path: string,
    above: readonly string[],
    seen: Map<string, Description>,
  ): Promise<Description> {
    const { run, session: { module, bytes } } = this.#file;
    const kind = await this.kind(path);
    if (kind !== "dataset") {
      const found = kind === "group" ? "a group" : "absent, or a link that leads nowhere";
      this.#refuse(`"${path}" is ${found}, wanted a dataset`);
    }
    const [metadata, type, own] = await run(`open dataset "${path}"`, (id) => {
      const metadata = module.get_dataset_metadata(id, path);
      if (!metadata) return null;
      const stored = parsing(() => objectType(bytes, addressOf(module, id, path)));
      return [metadata, inMemory(stored, metadata), module.get_dataset_filters(id, path)] as const;
    });
    const sources = await this.#sources(path, metadata, [...above, path], seen);
    const filters = [...own, ...sources.flatMap((source) => source.filters)];
    const missing = missingFilter(filters);
    const fault = sources.find((source) => source.fault)?.fault ??
      (missing
        ? `is stored with the filter "${missing}", which is not read: ${WITHOUT_FILTER}`
        : wantedNumbers(type));
    return { metadata, type, filters, fault };
  }

  /** What a virtual dataset is made of; nothing for others. */
  async #sources(
    path: string,
    { virtual_sources: parts }: H5Metadata,
    above: readonly string[],
    seen: Map<string, Description>,
  ): Promise<Description[]> {
    const paths = new Set<string>();
    for (const { file_name: file, dset_name: name } of parts ?? []) {
      if (file !== ".") {
        this.#refuse(`dataset "${path}" lies in another file, ${quoted(file)}, which is not read`);
      }
      if (name.includes("%")) this.#refuse(`dataset "${path}" is made of any number of ${quoted(name)}`);
      paths.add(name.replace(/^\/+/, ""));
    }
    const sources: Description[] = [];
    for (const name of paths) {
      if (above.includes(name) || above.length > MOST_VIRTUAL) {
        this.#refuse(`dataset "${path}" is made of itself, through ${quoted(name)}`);
      }
      const source = seen.get(name) ?? await this.#describe(name, above, seen);
      seen.set(name, source);
      sources.push(source);
    }
    return sources;
  }
}
