// Scores of an ensemble along a forecast: CRPS beside one member's and persistence's, spread beside error, coverage.

import type { FieldTransforms, Sample } from "walrus";
import {
  addTallies,
  type EnsembleFrame,
  type EnsembleScores,
  ensembleScores,
  type EnsembleTally,
  tallyEnsembleFrame,
} from "walrus/metrics";

/** Scores of a component. */
export interface ComponentEnsemble extends EnsembleScores {
  /** CRPS of the first member alone: its mean absolute error. */
  readonly crpsOfOne: number;
  /** CRPS of persistence. */
  readonly crpsOfPersistence: number;
}

/** Scores by component. */
export type EnsembleTable = Readonly<Record<string, ComponentEnsemble>>;

/** Scores of an ensemble. */
export interface EnsembleReport {
  /** Of each step that has a truth. */
  readonly steps: readonly { readonly step: number; readonly scores: EnsembleTable }[];
  /** Of all of them; empty where none has a truth. */
  readonly all: EnsembleTable;
}

type Tallies = Readonly<Record<string, EnsembleTally>>;

/** Scores an ensemble step by step. */
export class EnsembleScorer {
  readonly #seed: number;
  readonly #transforms: FieldTransforms;
  readonly #steps: { step: number; tallies: readonly [Tallies, Tallies, Tallies] }[] = [];

  /**
   * @param seed by which ties with the truth are broken
   * @param transforms forms in which fields are compared
   */
  constructor(seed: number, transforms: FieldTransforms) {
    this.#seed = seed;
    this.#transforms = transforms;
  }

  /** Counts a frame. */
  add({ members, step }: EnsembleFrame, last: readonly Float32Array[], truth: Sample): void {
    const options = { transforms: this.#transforms, seed: this.#seed, stream: step };
    const varying = members.map(({ values }) => values.slice(0, last.length));
    const tally = (frames: readonly (readonly Float32Array[])[]) =>
      tallyEnsembleFrame(frames, truth, options);
    this.#steps.push({ step, tallies: [tally(varying), tally(varying.slice(0, 1)), tally([last])] });
  }

  /** What was found. */
  report(): EnsembleReport {
    const names = Object.keys(this.#steps[0]?.tallies[0] ?? {});
    const table = (steps: readonly (readonly [Tallies, Tallies, Tallies])[]): EnsembleTable =>
      Object.fromEntries(names.map((name) => {
        const [all, one, persistence] = [0, 1, 2].map((which) =>
          ensembleScores(addTallies(steps.map((tallies) => tallies[which]![name]!)), 1)
        ) as [EnsembleScores, EnsembleScores, EnsembleScores];
        return [name, { ...all, crpsOfOne: one.crps, crpsOfPersistence: persistence.crps }];
      }));
    const steps = this.#steps.map(({ step, tallies }) => ({ step, scores: table([tallies]) }));
    return { steps, all: steps.length > 0 ? table(this.#steps.map(({ tallies }) => tallies)) : {} };
  }
}

const number = (value: number) => Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "-";
const percent = (value: number) => `${(100 * value).toFixed(0)} %`;

/** The scores of all steps as a table for the terminal, with what they were counted over. */
export function ensembleLines({ all, steps }: EnsembleReport): string[] {
  const [first] = Object.values(all);
  if (!first) return ["the ensemble is not scored: there is no truth"];
  const intervals = first.coverage.map(({ interval, expected }) =>
    `in ${percent(interval)} (${percent(expected)})`
  );
  const rows = [
    ["CRPS", "ensemble", "one member", "persistence", "spread/error", ...intervals],
    ...Object.entries(all).map(([name, scores]) => [
      name,
      ...[scores.crps, scores.crpsOfOne, scores.crpsOfPersistence, scores.spreadSkill].map(number),
      ...scores.coverage.map(({ share }) => percent(share)),
    ]),
  ];
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  const lines = rows.map((row) =>
    row.map((text, c) => c === 0 ? text.padEnd(widths[c]!) : text.padStart(widths[c]!)).join("  ")
  );
  const { members, cells } = first;
  const count = steps.length === 1 ? "1 step" : `${steps.length} steps`;
  return [
    ...lines,
    `${members} members, ${count} of 1 trajectory, ${cells} cells a component; in brackets: what a calibrated ensemble` +
    " of this size has",
  ];
}
