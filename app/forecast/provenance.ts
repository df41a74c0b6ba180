// Where a forecast comes from, as attributes of its file: which network (its bytes, not only its name), which frames,
// which settings, which software.

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { isHubName, parseHubName } from "walrus/hub";
import { type ByteSource, isRemote, openSource } from "walrus/io";
import type { LoadedModel, Sample } from "walrus";
import type { ModelPlace } from "walrus/models";
import configuration from "../../deno.json" with { type: "json" };
import type { ForecastOptions } from "./options.ts";

/** Version of this software. */
export const VERSION: string = configuration.version;

/** Bytes that are read at a time. */
const PIECE = 1 << 22;

async function digest(source: ByteSource, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < source.size; at += PIECE) {
    signal.throwIfAborted();
    hash.update(await source.read(at, Math.min(PIECE, source.size - at)));
  }
  return hash.digest("hex");
}

/** Files that hold the weights: the checkpoint, the shards that an index names, the parts of a distributed one. */
async function filesOf(given: string): Promise<string[]> {
  const path = given.startsWith("file:") ? fileURLToPath(given) : given;
  const folder = path.replace(/[^/\\]*$/, "");
  if (path.endsWith(".json")) {
    const { weight_map: map } = JSON.parse(await Deno.readTextFile(path)) as { weight_map: object };
    return [path, ...[...new Set<string>(Object.values(map))].sort().map((name) => folder + name)];
  }
  const isFolder = (await Deno.stat(path)).isDirectory;
  if (!isFolder && !/(?:^|[/\\])\.metadata$/.test(path)) return [path];
  const within = isFolder ? `${path.replace(/[/\\]+$/, "")}/` : folder;
  const names = await Array.fromAsync(Deno.readDir(within || "."), ({ name }) => name);
  return names.filter((name) => name === ".metadata" || name.endsWith(".distcp")).sort()
    .map((name) => within + name);
}

/**
 * SHA-256 of a checkpoint. Of several files (an index and its shards, the parts of a distributed one), in the order of
 * their names: that of their digests, one a line.
 *
 * @param checkpoint path or file URL
 * @returns null for one on another machine, which is never read whole
 */
async function checkpointDigest(checkpoint: string, signal: AbortSignal): Promise<string | null> {
  if (isRemote(checkpoint)) return null;
  const digests: string[] = [];
  for (const file of await filesOf(checkpoint)) {
    using source = await openSource(file);
    digests.push(await digest(source, signal));
  }
  const [only, ...more] = digests;
  return more.length === 0 ? only! : createHash("sha256").update(digests.join("\n")).digest("hex");
}

/** The last part of a path or URL; all of a name on a Hub, which says more than its last part. */
function shortName(place: string): string {
  return isHubName(place) ? place : place.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "");
}

/**
 * Which network it was: the name of its file, or its name on a Hub with the commit, and its digest.
 *
 * @param given as the command was told
 * @param place where it was found
 */
export async function originOf(given: string, place: ModelPlace, signal: AbortSignal): Promise<Provenance> {
  const { checkpoint, name } = place;
  const sha256 = typeof checkpoint === "string" ? await checkpointDigest(checkpoint, signal) : null;
  const revision = name && parseHubName(given.startsWith("hf:") ? given : `hf:${given}`).revision;
  return {
    checkpoint: name ?? shortName(given),
    ...(revision ? { checkpoint_revision: revision } : {}),
    ...(sha256 === null ? {} : { checkpoint_sha256: sha256 }),
  };
}

/** Names and numbers that say how a forecast was made. */
export type Provenance = Readonly<Record<string, string | number>>;

/**
 * How a forecast was made.
 *
 * @param options of the command
 * @param model that made it
 * @param start window it continues
 * @param origin of the network
 */
export function provenanceOf(
  options: ForecastOptions,
  { model, device }: LoadedModel,
  start: Sample,
  origin: Provenance,
): Provenance {
  const { input, trajectory, stride, seed, weights, kvCache, map, split } = options;
  return {
    software: "Walrus in TypeScript",
    version: VERSION,
    model: `${model.family}: ${model.description}`,
    ...origin,
    input: shortName(input),
    ...(split ? { split } : {}),
    trajectory,
    start: options.start,
    input_frames: start.times.length,
    stride,
    seed,
    random_draws: options.jitter && model.draws ? "yes" : "no",
    kv_cache: kvCache ? "yes" : "no",
    weights,
    device: device.name,
    ...(options.average > 1 ? { average: options.average } : {}),
    ...(options.ensemble === undefined ? {} : {
      ensemble: options.ensemble,
      start_offsets: options.startOffsets.join(","),
      ...(options.alsoCheckpoint.length > 0
        ? { also_checkpoint: options.alsoCheckpoint.map(shortName).join(",") }
        : {}),
      ...(options.quantiles.length > 0 ? { quantiles: options.quantiles.join(",") } : {}),
    }),
    ...(Object.keys(map).length > 0 ? { field_map: JSON.stringify(map) } : {}),
  };
}

/** Provenance as attributes beside run parameters, which keep their names. */
export function attributesOf(
  provenance: Provenance,
  parameters: Readonly<Record<string, number>>,
): Provenance {
  return Object.fromEntries(
    Object.entries(provenance).map(([name, value]) => [
      Object.hasOwn(parameters, name) ? `forecast_${name}` : name,
      value,
    ]),
  );
}
