// The scores of a forecast as JSON: what the table shows, every step of it.

import type { Provenance } from "./provenance.ts";
import type { ScoreRow } from "./table.ts";

/** Scores by name; null where there is no truth, or where a score is no number. */
function named(names: readonly string[], scores: readonly (number | null)[]): Record<string, number | null> {
  return Object.fromEntries(names.map((name, i) => {
    const score = scores[i] ?? null;
    return [name, score !== null && Number.isFinite(score) ? score : null];
  }));
}

/**
 * The scores of a forecast.
 *
 * @param names of what is scored
 * @param rows scores by step
 * @param dataset name of the data
 * @param provenance how the forecast was made
 * @param files paths of what was written
 */
export function scoresJson(
  names: readonly string[],
  rows: readonly ScoreRow[],
  dataset: string,
  provenance: Provenance,
  files: readonly string[],
): string {
  const steps = rows.map(({ step, time, forecast, persistence }) => ({
    step,
    time,
    forecast: named(names, forecast),
    persistence: named(names, persistence),
  }));
  return JSON.stringify({ dataset, metric: "VRMSE", ...provenance, files, steps }, null, 2);
}
