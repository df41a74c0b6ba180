// Files of shipped data, or of a link, fetched whole.

import { fetchWhole, type OnBytes } from "../download.ts";
import { ownFile } from "../page/facts.ts";
import { type DataChoice, type ExampleName, fileOf } from "./choice.ts";

/** Files of the examples. */
export const EXAMPLE_FILES: Readonly<Record<ExampleName, readonly string[]>> = {
  gray_scott: ["data/gray_scott/arrays.yaml", "data/gray_scott/frames.npz"],
  euler: ["data/euler_quadrants_mini.hdf5"],
};

/** Addresses of the files of an example. */
export function exampleAddresses(name: ExampleName): string[] {
  return EXAMPLE_FILES[name].map((path) => ownFile(path).href);
}

/** How a fetch is told of, and ended. */
export interface FetchEvents {
  readonly signal?: AbortSignal;
  readonly sizes?: Readonly<Record<string, number>>;
  onBytes?: OnBytes;
}

/** Files of what can be fetched. @throws TypeError for a choice that can not */
export async function exampleFiles(choice: DataChoice, events: FetchEvents = {}): Promise<File[]> {
  const { signal = new AbortController().signal, sizes = {}, onBytes } = events;
  const told = onBytes ? { onBytes } : {};
  if (choice.kind === "link") return [await fetchWhole(choice.url, fileOf(choice.url), { signal, ...told })];
  if (choice.kind !== "example") throw new TypeError(`There are no files of ${choice.kind}`);
  const paths = EXAMPLE_FILES[choice.name];
  return await Promise.all(
    paths.map((path) =>
      fetchWhole(ownFile(path).href, path.split("/").at(-1)!, { signal, known: sizes[path] ?? null, ...told })
    ),
  );
}
