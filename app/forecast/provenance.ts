// Where a forecast comes from, as attributes of its file: which network (its bytes, not only its name), which frames,
// which settings, which software.

import { createHash } from "node:crypto";
import { type ByteSource, isUrl, openSource } from "walrus/io";
import type { LoadedModel, Sample } from "walrus";
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

/** Files that hold the weights: the checkpoint, and the shards that an index names. */
async function filesOf(path: string): Promise<string[]> {
  if (!path.endsWith(".json")) return [path];
  const { weight_map: map } = JSON.parse(await Deno.readTextFile(path)) as { weight_map: object };
  const folder = path.replace(/[^/\\]*$/, "");
  return [path, ...[...new Set<string>(Object.values(map))].sort().map((name) => folder + name)];
}

/**
 * SHA-256 of a checkpoint. Of an index and its shards, in the order of their names: that of their digests, one a line.
 *
 * @param checkpoint path or file URL
 * @returns null for one on another machine, which is never read whole
 */
export async function checkpointDigest(checkpoint: string, signal: AbortSignal): Promise<string | null> {
  if (isUrl(checkpoint) && !checkpoint.startsWith("file:")) return null;
  const digests: string[] = [];
  for (const file of await filesOf(checkpoint)) {
    using source = await openSource(file);
    digests.push(await digest(source, signal));
  }
  const [only, ...more] = digests;
  return more.length === 0 ? only! : createHash("sha256").update(digests.join("\n")).digest("hex");
}

/** Names and numbers that say how a forecast was made. */
export type Provenance = Readonly<Record<string, string | number>>;

/**
 * How a forecast was made.
 *
 * @param options of the command
 * @param model that made it
 * @param start window it continues
 * @param sha256 of the checkpoint; null where it is not known
 */
export function provenanceOf(
  options: ForecastOptions,
  { model, device }: LoadedModel,
  start: Sample,
  sha256: string | null,
): Provenance {
  const { checkpoint, input, trajectory, stride, seed, weights, kvCache, map, split } = options;
  return {
    software: "Walrus in TypeScript",
    version: VERSION,
    model: `${model.family}: ${model.description}`,
    checkpoint: checkpoint.replace(/^.*[/\\]/, ""),
    ...(sha256 === null ? {} : { checkpoint_sha256: sha256 }),
    input: input.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, ""),
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
