// Makes of what was counted of ensembles their scores: tallies of all trajectories at a step, and of all steps, add up.

import { addTallies, ensembleScores, type EnsembleTally, INTERVALS } from "walrus/metrics";
import {
  type ByComponent,
  ENSEMBLE_SERIES,
  type EnsembleScores,
  type EnsembleSeries,
  type Score,
} from "./evaluation.ts";
import { type Of, withFull } from "./found.ts";
import { meanOf, numberOf, rounded } from "./reduce.ts";
import { memberSeeds } from "./score_ensemble.ts";
import type { EnsemblePart } from "./units.ts";

type Step = EnsemblePart["steps"][number];

/** What has no unit, and so a mean over components. */
const UNITLESS: ReadonlySet<EnsembleSeries> = new Set([
  "scaledCrps",
  "scaledCrpsOne",
  "scaledCrpsPersistence",
  "spreadSkill",
  "vrmseMean",
  "vrmseOne",
  "coverage50",
  "coverage80",
  "coverage90",
]);

/** Sums that are no numbers, as JSON has them, are NaN again. */
function revived(tally: EnsembleTally): EnsembleTally {
  const entries = Object.entries(tally).map(([name, value]) => [name, value ?? NaN]);
  return Object.fromEntries(entries) as unknown as EnsembleTally;
}

/** Numbers of one component over some steps. */
function numbersOf(steps: readonly Step[], c: number): Record<EnsembleSeries, number> {
  const tally = addTallies(steps.map(({ tallies }) => revived(tallies[c]!)));
  const { crps, scaledCrps, spread, error, spreadSkill, coverage } = ensembleScores(tally, steps.length);
  const single = (which: "one" | "persistence", sum: "crps" | "scaledCrps", over: number) =>
    steps.reduce((total, step) => total + numberOf(step[which][c]![sum]), 0) / over;
  return {
    crps,
    crpsOne: single("one", "crps", tally.cells),
    crpsPersistence: single("persistence", "crps", tally.cells),
    scaledCrps,
    scaledCrpsOne: single("one", "scaledCrps", tally.frames),
    scaledCrpsPersistence: single("persistence", "scaledCrps", tally.frames),
    spread,
    error,
    spreadSkill,
    vrmseMean: meanOf(steps.map(({ vrmseMean }) => numberOf(vrmseMean[c]))),
    vrmseOne: meanOf(steps.map(({ vrmseOne }) => numberOf(vrmseOne[c]))),
    coverage50: coverage[0]!.share,
    coverage80: coverage[1]!.share,
    coverage90: coverage[2]!.share,
  };
}

/** Of each series, by component and, without units, `full`. */
function seriesOf(steps: readonly Step[], fields: readonly string[]) {
  const components = fields.map((_, c) => numbersOf(steps, c));
  return Object.fromEntries(ENSEMBLE_SERIES.map((name) => {
    const { full, ...own } = withFull(components.map((numbers) => numbers[name]), fields);
    const all = UNITLESS.has(name) ? { ...own, full: full! } : own;
    const entries = Object.entries(all).map(([key, value]) => [key, rounded(value)]);
    return [name, Object.fromEntries(entries) as ByComponent<Score>];
  })) as Record<EnsembleSeries, ByComponent<Score>>;
}

/** Numbers of every step as lists. */
function listed(
  steps: readonly Record<EnsembleSeries, ByComponent<Score>>[],
): EnsembleScores["steps"] {
  return Object.fromEntries(ENSEMBLE_SERIES.map((name) => {
    const keys = Object.keys(steps[0]![name]);
    return [name, Object.fromEntries(keys.map((key) => [key, steps.map((step) => step[name][key]!)]))];
  })) as unknown as EnsembleScores["steps"];
}

/**
 * Scores of a network's ensembles.
 *
 * @param parts of all trajectories
 * @param fields components
 * @param members of each
 * @returns null where there is none
 */
export function assembleEnsemble(
  parts: readonly Of<EnsemblePart>[],
  fields: readonly string[],
  members: number,
): EnsembleScores | null {
  const having = parts.filter(({ part }) => part.steps.length > 0);
  if (having.length === 0) return null;
  const longest = Math.max(...having.map(({ part }) => part.steps.length));
  const all = having.flatMap(({ part }) => part.steps);
  const steps = Array.from(
    { length: longest },
    (_, i) => seriesOf(having.flatMap(({ part }) => part.steps[i] ?? []), fields),
  );
  const tallies = fields.map((_, c) => addTallies(all.map((step) => revived(step.tallies[c]!))));
  const [low, middle, high] = INTERVALS.map((share) => rounded(share * (members - 1) / (members + 1))!);
  return {
    members,
    seeds: memberSeeds(having[0]!.seed, members),
    trajectories: having.length,
    cells: tallies[0]!.cells,
    steps: listed(steps),
    all: seriesOf(all, fields),
    expected: { coverage50: low!, coverage80: middle!, coverage90: high! },
    ranks: Object.fromEntries(fields.map((field, c) => [field, tallies[c]!.ranks])),
  };
}
