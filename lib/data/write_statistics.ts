// Statistics of a data set as the text of its stats.yaml.

import { writeYaml } from "../io/yaml_writer.ts";
import { type FieldStatistic, MAPS, type Statistics } from "./statistics.ts";

/**
 * `stats.yaml`, with the nine digits that tell single-precision numbers apart: of five, as the published generator prints
 * them, none would be left of a deviation of 0.02 about a mean of 101325.
 */
export function writeStatistics(statistics: Statistics): string {
  const round = (value: FieldStatistic): FieldStatistic =>
    typeof value === "number" ? Number(value.toPrecision(9)) : value.map((v) => round(v)) as number[];
  const rounded = MAPS.map((map) => [
    map,
    Object.fromEntries(Object.entries(statistics[map]).map(([field, value]) => [field, round(value)])),
  ]);
  return writeYaml(Object.fromEntries(rounded));
}
