// Statistics of a data set: reading and writing `stats.yaml` (data.md section 1).

import { openSource, readSmall, type SourceInput } from "../io/source.ts";
import { parseYaml } from "../io/yaml.ts";

/** A number (order 0), a list of D (order 1) or D lists of D (order 2). */
export type FieldStatistic = number | readonly number[] | readonly (readonly number[])[];

/** The maps of a `stats.yaml`; the delta maps hold variable fields only. */
export interface Statistics {
  /** Mean of each field. */
  readonly mean: Readonly<Record<string, FieldStatistic>>;
  /** Population deviation. */
  readonly std: Readonly<Record<string, FieldStatistic>>;
  /** Root mean square. */
  readonly rms: Readonly<Record<string, FieldStatistic>>;
  /** Mean of the one-step increments. */
  readonly mean_delta: Readonly<Record<string, FieldStatistic>>;
  /** Population deviation of the increments. */
  readonly std_delta: Readonly<Record<string, FieldStatistic>>;
  /** Root mean square of the increments. */
  readonly rms_delta: Readonly<Record<string, FieldStatistic>>;
}

/** Names of the maps of the file, in its order. */
export const MAPS = ["mean", "std", "rms", "mean_delta", "std_delta", "rms_delta"] as const;
const LARGEST = 1 << 20;

/** Checks a map read from a file; PyYAML writes `1e-10` as text, which is a number all the same. */
function checkMap(value: unknown, name: string, file: string): Record<string, FieldStatistic> {
  const fail = (why: string): never => {
    throw new SyntaxError(`Cannot read "${file}": ${name} ${why}`);
  };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("is no map of fields");
  const convert = (v: unknown, field: string): FieldStatistic => {
    if (Array.isArray(v)) return v.map((inner) => convert(inner, field)) as number[];
    const number = typeof v === "string" && v.trim() !== "" ? Number(v) : v;
    if (typeof number !== "number" || !Number.isFinite(number)) {
      return fail(`of "${field}" is ${JSON.stringify(v)}, wanted numbers`);
    }
    return number;
  };
  return Object.fromEntries(Object.entries(value).map(([field, v]) => [field, convert(v, field)]));
}

/**
 * Reads a `stats.yaml`.
 *
 * @param input path, URL, Blob, bytes or source
 * @throws SyntaxError naming the map and the field that is wrong
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { writeStatistics } from "./write_statistics.ts";
 * const map = { density: 1 };
 * const statistics = { mean: map, std: map, rms: map, mean_delta: map, std_delta: map, rms_delta: map };
 * const bytes = new TextEncoder().encode(writeStatistics(statistics));
 * assert.deepEqual(await readStatistics(bytes), statistics);
 * ```
 */
export async function readStatistics(input: SourceInput): Promise<Statistics> {
  using source = await openSource(input);
  const name = input instanceof Uint8Array || input instanceof Blob ? "stats.yaml" : source.name;
  const text = new TextDecoder().decode(await readSmall(source, LARGEST));
  const tree = parseYaml(text, name);
  const maps = (tree ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    MAPS.map((map) => [map, checkMap(maps[map], map, name)]),
  ) as unknown as Statistics;
}
