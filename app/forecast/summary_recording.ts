// What an ensemble's file holds beside the mean: spread and quantiles of each field, recorded as frames are.

import type { Sample, SampleInfo } from "walrus";
import type { SampleField } from "walrus/data";
import type { EnsembleFrame } from "walrus/metrics";
import { type Recording, startRecording } from "./recording.ts";

/** Name of a quantile of a field: `density_quantile_10` for 0.1. */
export function quantileName(field: string, probability: number): string {
  return `${field}_quantile_${Number((100 * probability).toPrecision(12))}`;
}

/** Spread and quantiles of an ensemble. */
export interface SummaryRecording {
  /** Adds a frame. */
  add(frame: EnsembleFrame, time: number): void;
  /** The mean with spread and quantiles behind it, as one sample. */
  beside(mean: Recording): Pick<Sample, "info" | "times" | "values">;
}

/** Fields of a data set that come of one: only those that vary. */
function fieldsNamed(info: SampleInfo, name: (field: string) => string): SampleField[] {
  return info.fields.filter(({ constant }) => !constant).map((field) => ({
    ...field,
    name: name(field.name),
  }));
}

/**
 * Room for spread and quantiles.
 *
 * @param start window that the forecast continues
 * @param steps frames at the most
 * @param quantiles probabilities
 */
export function startSummary(start: Sample, steps: number, quantiles: readonly number[]): SummaryRecording {
  const names = [
    (field: string) => `${field}_spread`,
    ...quantiles.map((p) => (field: string) => quantileName(field, p)),
  ];
  const varying = start.info.fields.map(({ constant }) => !constant);
  const parts = names.map((name) => {
    const info = { ...start.info, fields: fieldsNamed(start.info, name) };
    return startRecording({ ...start, info, values: start.values.filter((_, i) => varying[i]) }, steps);
  });
  return {
    add(frame, time) {
      for (const [i, values] of [frame.spread, ...frame.quantiles].entries()) {
        parts[i]!.add({ ...frame, info: parts[i]!.info, values }, time);
      }
    },
    beside({ info, times, values }) {
      const [own, constant] = [true, false].map((wanted) => varying.map((is) => is === wanted)) as [
        boolean[],
        boolean[],
      ];
      const merged = <T>(all: readonly T[], more: readonly T[]): T[] => [
        ...all.filter((_, i) => own[i]),
        ...more,
        ...all.filter((_, i) => constant[i]),
      ];
      return {
        info: { ...info, fields: merged(info.fields, parts.flatMap((part) => part.info.fields)) },
        times,
        values: merged(values, parts.flatMap((part) => part.values)),
      };
    },
  };
}
