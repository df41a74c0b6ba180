// Where a network's configuration file may lie: beside its checkpoint, and where that is a folder, in it.

import { isFolder } from "../io/file.ts";
import { isUrl, sibling, type SourceInput } from "../io/source.ts";

/** A path without the slashes at its end. */
const trimmed = (path: string) => path.replace(/(?<=[^/\\])[/\\]+$/, "");

/**
 * Places of a file, the first that is there to be taken.
 *
 * @param checkpoint path or URL; none for what is neither
 * @param name of the file
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(configPlaces("runs/network.pt", "a.yaml"), ["runs/a.yaml"]);
 * const places = configPlaces("https://example.org/shards/", "a.yaml");
 * assert.deepEqual(places.map(String), ["https://example.org/shards/a.yaml", "https://example.org/a.yaml"]);
 * ```
 */
export function configPlaces(checkpoint: SourceInput, name: string): SourceInput[] {
  if (typeof checkpoint !== "string" && !(checkpoint instanceof URL)) return [];
  const url = checkpoint instanceof URL ? checkpoint : isUrl(checkpoint) ? new URL(checkpoint) : null;
  const local = !url || url.protocol === "file:";
  const folder = local ? isFolder(url ?? checkpoint) : url.pathname.endsWith("/");
  // The description of a distributed checkpoint lies in its folder.
  const inFolder = /(^|[/\\])\.metadata$/.test(url ? url.pathname : String(checkpoint));
  if (!folder) {
    const beside = sibling(checkpoint, name);
    if (!inFolder) return [beside];
    return [beside, url ? new URL(`../${name}`, url) : sibling(checkpoint, `../${name}`)];
  }
  if (!url) {
    const path = trimmed(checkpoint as string);
    return [`${path}/${name}`, sibling(path, name)];
  }
  const within = new URL(url);
  if (!within.pathname.endsWith("/")) within.pathname += "/";
  return [new URL(name, within), new URL(`../${name}`, within)];
}
