// Statistics of a data set: reading and computing `stats.yaml`, and the scales of data-set-wide normalisation
// (data.md section 1, training.md section 2).

import { openSource, readSmall, type SourceInput } from "../io/source.ts";
import { parseYaml, writeYaml } from "../io/yaml.ts";
import type { ChannelGroup, Window } from "./window.ts";

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

const MAPS = ["mean", "std", "rms", "mean_delta", "std_delta", "rms_delta"] as const;
const LARGEST = 1 << 20;

/** The numbers of a statistic in row-major order. */
function flatten(value: FieldStatistic): number[] {
  return typeof value === "number" ? [value] : value.flatMap((v: number | readonly number[]) => v);
}

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

/** `stats.yaml` with four decimals in exponent form, as the published generator prints. */
export function writeStatistics(statistics: Statistics): string {
  const round = (value: FieldStatistic): FieldStatistic =>
    typeof value === "number" ? Number(value.toExponential(4)) : value.map((v) => round(v)) as number[];
  const rounded = MAPS.map((map) => [
    map,
    Object.fromEntries(Object.entries(statistics[map]).map(([field, value]) => [field, round(value)])),
  ]);
  return writeYaml(Object.fromEntries(rounded));
}

/**
 * The one number that all components of a field share: the root of the summed squares of its stored components over
 * that of D^order, with D = 3 once embedded.
 *
 * @param value statistic of the stored components
 * @param components components once embedded
 */
export function sharedScale(value: FieldStatistic, components: number): number {
  const squares = flatten(value).reduce((sum, v) => sum + v * v, 0);
  return Math.sqrt(squares) / Math.sqrt(components);
}

/**
 * Scales of every channel for data-set-wide normalisation.
 *
 * @param statistics of the data set
 * @param window whose channels are scaled
 * @param epsilon smallest scale
 * @returns `std` and `deltaStd` of variable and then constant channels; constant ones have increments of scale 1
 * @throws RangeError for a field without statistics
 */
export function globalScales(
  statistics: Statistics,
  window: Pick<Window, "groups" | "constantGroups">,
  epsilon = 1e-5,
): { std: Float32Array; deltaStd: Float32Array } {
  const of = (map: "rms" | "rms_delta", { name, components }: ChannelGroup): number[] => {
    const value = statistics[map][name];
    if (value === undefined) throw new RangeError(`stats.yaml has no ${map} of field "${name}"`);
    return new Array<number>(components).fill(Math.max(epsilon, sharedScale(value, components)));
  };
  const all = [...window.groups, ...window.constantGroups];
  return {
    std: Float32Array.from(all.flatMap((group) => of("rms", group))),
    deltaStd: Float32Array.from([
      ...window.groups.flatMap((group) => of("rms_delta", group)),
      ...window.constantGroups.flatMap(({ components }) => new Array<number>(components).fill(1)),
    ]),
  };
}
