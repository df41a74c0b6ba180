// The scores of a forecast as JSON: what the table shows, every step of it.

import { physicsJson } from "./physics.ts";
import type { Provenance } from "./provenance.ts";
import type { Result } from "./roll_out.ts";

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
 * @param result scores by step, of the ensemble, physics
 * @param dataset name of the data
 * @param provenance how the forecast was made
 * @param files paths of what was written
 */
export function scoresJson(
  { names, rows, ensemble, physics }: Result,
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
  return JSON.stringify(
    {
      dataset,
      metric: "VRMSE",
      ...provenance,
      files,
      steps,
      ...(ensemble ? { ensemble } : {}),
      physics: physicsJson(physics),
    },
    null,
    2,
  );
}
