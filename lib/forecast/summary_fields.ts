// An ensemble's frames as plain ones: spread and quantiles stand beside the mean as fields of their own, so that files,
// answers and figures take them as any others.

import type { Sample, SampleField, SampleInfo } from "../data/dataset.ts";
import { varyingCount } from "../data/components.ts";
import type { EnsembleFrame } from "./ensemble.ts";
import type { Frame } from "./frame.ts";

/**
 * Name of a quantile of a field.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(quantileName("density", 0.1), "density_quantile_10");
 * assert.equal(quantileName("density", 0.025), "density_quantile_2.5");
 * ```
 */
export function quantileName(field: string, probability: number): string {
  return `${field}_quantile_${Number((100 * probability).toPrecision(12))}`;
}

/** Of each varying field its own entry, then of each its spread, then of each its quantiles; constant ones last. */
function beside<T>(info: SampleInfo, all: readonly T[], more: readonly T[]): T[] {
  const count = varyingCount(info);
  return [...all.slice(0, count), ...more, ...all.slice(count)];
}

/**
 * What describes frames with spread and quantiles: `density`, `density_spread`, `density_quantile_10`.
 *
 * @param info of the ensemble's frames
 * @param quantiles probabilities
 * @throws RangeError where a field has such a name already
 */
export function summaryInfo(info: SampleInfo, quantiles: readonly number[]): SampleInfo {
  const names = [
    (field: string) => `${field}_spread`,
    ...quantiles.map((p) => (field: string) => quantileName(field, p)),
  ];
  const varying = info.fields.slice(0, varyingCount(info));
  const more = names.flatMap((name) =>
    varying.map((field): SampleField => ({ ...field, name: name(field.name) }))
  );
  const fields = beside(info, info.fields, more);
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name)) throw new RangeError(`Two fields of the ensemble would be called "${name}"`);
    seen.add(name);
  }
  return { ...info, fields };
}

/**
 * A window described as the frames that follow it: the numbers of further fields are those of the fields they are of.
 *
 * @param start of the ensemble
 * @param quantiles probabilities
 */
export function summaryStart(start: Sample, quantiles: readonly number[]): Sample {
  const varying = start.values.slice(0, varyingCount(start.info));
  const more = Array.from({ length: 1 + quantiles.length }, () => varying).flat();
  const { real: _, ...rest } = start;
  return {
    ...rest,
    info: summaryInfo(start.info, quantiles),
    values: beside(start.info, start.values, more),
  };
}

/**
 * A frame with its spread and quantiles as fields.
 *
 * @param frame of an ensemble
 * @param info of {@link summaryInfo} for its quantiles
 */
export function summaryFrame(frame: EnsembleFrame, info: SampleInfo): Frame {
  const { spread, quantiles, members: _, real: __, ...rest } = frame;
  return { ...rest, info, values: beside(frame.info, frame.values, [spread, ...quantiles].flat()) };
}
