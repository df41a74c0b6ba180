// What is read from the parts of a data set before it is reduced.

import type { DatasetWindow, ForecasterScores, Protocol, Score } from "./evaluation.ts";
import { meanOf, numberOf, type Resampler } from "./reduce.ts";
import type { EnsemblePart, RolloutPart, WindowsPart } from "./units.ts";

/** A part and whose it is. */
export interface Of<P> {
  readonly trajectory: number;
  readonly seed: number;
  readonly part: P;
}

/** What was found of a forecaster, in the order of the units. */
export interface ForecasterParts {
  readonly kind: ForecasterScores["kind"];
  readonly windows: readonly Of<WindowsPart>[];
  readonly rollouts: readonly Of<RolloutPart>[];
  readonly ensembles: readonly Of<EnsemblePart>[];
}

/** What all forecasters of a data set share. */
export interface Common {
  readonly fields: readonly string[];
  readonly windows: readonly DatasetWindow[];
  /** Steps of spectra. */
  readonly steps: readonly number[];
  readonly resampler: Resampler;
  readonly protocol: Protocol;
}

/** Numbers of the components and, as `full`, their mean. */
export function withFull(values: readonly (Score | undefined)[], fields: readonly string[]) {
  const numbers = fields.map((_, c) => numberOf(values[c]));
  const entries = fields.map((field, c) => [field, numbers[c]!] as const);
  return Object.fromEntries([...entries, ["full", meanOf(numbers)]]) as Record<string, number>;
}
