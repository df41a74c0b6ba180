// Two evaluations trajectory by trajectory: which networks, data sets and trajectories stand beside each other.

import type { DatasetEvaluation, Evaluation, Score } from "../evaluation.ts";
import { trajectoryNames } from "./words.ts";

/** Networks that are compared: the first evaluation's and the second's. */
export type NetworkPair = readonly [string, string];

/**
 * Networks of one name; where none is, the only ones.
 *
 * @throws RangeError where it is not clear which are meant
 */
export function networkPairs(a: Evaluation, b: Evaluation): NetworkPair[] {
  const [ours, theirs] = [a, b].map(({ checkpoints }) => checkpoints.map(({ name }) => name));
  const same = ours!.filter((name) => theirs!.includes(name));
  if (same.length > 0) return same.map((name) => [name, name]);
  if (ours!.length === 1 && theirs!.length === 1) return [[ours![0]!, theirs![0]!]];
  throw new RangeError(
    `Cannot compare: the first evaluation has the networks ${ours!.join(", ")}, the second ${
      theirs!.join(", ")
    }; ` +
      "wanted one of the same name, or one each",
  );
}

/** Errors of one trajectory in both: of each seed a number a step; `one-step`: a number a window. */
export interface PairedTrajectory {
  readonly name: string;
  readonly a: readonly (readonly Score[])[];
  readonly b: readonly (readonly Score[])[];
}

/** A data set in both evaluations. */
export interface PairedData {
  readonly name: string;
  readonly oneStep: readonly PairedTrajectory[];
  readonly rollouts: readonly PairedTrajectory[];
  /** What differs between the two, in sentences. */
  readonly notes: readonly string[];
}

/** Series of each seed, by the trajectory's key. */
type Series = ReadonlyMap<string, Map<number, Score[]>>;

/** What makes a trajectory the same in both: its name, and from where its rollouts go. */
function keysOf(data: DatasetEvaluation): string[] {
  // The data may lie elsewhere on another machine.
  return trajectoryNames(data);
}

function rolloutSeries(data: DatasetEvaluation, forecaster: string): Series {
  const keys = keysOf(data);
  const found = new Map<string, Map<number, Score[]>>();
  for (const { trajectory, seed, steps } of data.forecasters[forecaster]?.rollouts ?? []) {
    const own = steps.VRMSE?.full;
    if (!own) continue;
    const key = keys[trajectory]!;
    found.set(key, (found.get(key) ?? new Map()).set(seed, [...own]));
  }
  return found;
}

/** Errors by window, in the order of the frames that both have. */
function windowSeries(data: DatasetEvaluation, forecaster: string, frames: ReadonlySet<string>): Series {
  const keys = keysOf(data);
  const found = new Map<string, Map<number, Score[]>>();
  const windows = data.forecasters[forecaster]?.oneStep?.windows ?? [];
  for (const { trajectory, seed, frame, vrmse } of windows.toSorted((a, b) => a.frame - b.frame)) {
    const key = keys[trajectory]!;
    if (!frames.has(`${key}/${frame}`)) continue;
    const seeds = found.get(key) ?? new Map<number, Score[]>();
    seeds.set(seed, [...seeds.get(seed) ?? [], vrmse]);
    found.set(key, seeds);
  }
  return found;
}

function paired(a: Series, b: Series): PairedTrajectory[] {
  return [...a.keys()].filter((key) => b.has(key)).map((name) => ({
    name,
    a: [...a.get(name)!.values()],
    b: [...b.get(name)!.values()],
  }));
}

function framesOf(data: DatasetEvaluation, forecaster: string): Set<string> {
  const keys = keysOf(data);
  return new Set(
    data.forecasters[forecaster]?.oneStep?.windows.map(({ trajectory, frame }) =>
      `${keys[trajectory]}/${frame}`
    ),
  );
}

/** What differs between the evaluations of a data set. */
function notesOf(a: DatasetEvaluation, b: DatasetEvaluation): string[] {
  const of = (what: string, [first, second]: readonly [string, string]) =>
    first === second ? [] : [`${what}: ${first} in the first, ${second} in the second`];
  return [
    ...of("split", [a.split, b.split]),
    ...of("grid", [a.grid.shape.join(" x "), b.grid.shape.join(" x ")]),
    ...of("input frames", [String(a.context), String(b.context)]),
    ...of("components", [a.fields.join(", "), b.fields.join(", ")]),
  ];
}

/** A data set of both, as far as trajectories and the frames that are predicted are the same. */
export function pairData(
  a: DatasetEvaluation,
  b: DatasetEvaluation,
  [ours, theirs]: NetworkPair,
): PairedData {
  const names = keysOf(a);
  const others = keysOf(b);
  const starts = new Map(b.trajectories.map(({ start }, i) => [others[i]!, start]));
  const moved = new Set(
    a.trajectories.flatMap(({ start }, i) =>
      starts.has(names[i]!) && starts.get(names[i]!) !== start ? [names[i]!] : []
    ),
  );
  const frames = framesOf(a, ours).intersection(framesOf(b, theirs));
  const rollouts = paired(rolloutSeries(a, ours), rolloutSeries(b, theirs));
  return {
    name: a.name,
    oneStep: paired(windowSeries(a, ours, frames), windowSeries(b, theirs, frames)),
    rollouts: rollouts.filter(({ name }) => !moved.has(name)),
    notes: [
      ...notesOf(a, b),
      ...moved.size > 0
        ? [
          `${moved.size} trajectories are left out of rollouts: they are forecast from other frames in the second`,
        ]
        : [],
    ],
  };
}
