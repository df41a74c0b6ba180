// The experiments as data: runs that build on one another, and what is compared on which systems.

const FLAT = [
  "acoustic_maze_mini",
  "euler_quadrants_mini",
  "euler_shear_mini",
  "gray_scott_mini",
  "shallow_water_mini",
  "shear_flow_mini",
];
const DEEP = "turbulence3d_mini";
const KEPT_OUT = "shallow_water_mini";

/** A training run. */
export interface Run {
  readonly name: string;
  /** Run whose last network it starts from. */
  readonly from?: string;
  readonly systems: readonly string[];
  /** Optimiser steps, as a share of a whole run. */
  readonly share: number;
  readonly overrides?: readonly string[];
}

/** What two or more runs are compared by. */
export interface Experiment {
  readonly name: string;
  readonly question: string;
  readonly arms: readonly { readonly label: string; readonly run: string; readonly jitter: boolean }[];
  readonly systems: readonly string[];
  /** Steps of rollouts. */
  readonly rollout: number;
}

const FEW = "data.limit=40";

/** All runs, each after the one it starts from. */
export const RUNS: readonly Run[] = [
  { name: "flat", systems: FLAT, share: 1 },
  { name: "flat without jitter", systems: FLAT, share: 1, overrides: ["model.jitter=false"] },
  { name: "others", systems: FLAT.filter((name) => name !== KEPT_OUT), share: 1 },
  { name: "flat and deep", systems: [...FLAT, DEEP], share: 1 },
  { name: "kept out, finetuned", from: "others", systems: [KEPT_OUT], share: 0.25, overrides: [FEW] },
  { name: "kept out, from scratch", systems: [KEPT_OUT], share: 0.25, overrides: [FEW] },
  { name: "deep after flat", from: "flat", systems: [DEEP], share: 0.25 },
  { name: "deep after both", from: "flat and deep", systems: [DEEP], share: 0.25 },
  { name: "deep from scratch", systems: [DEEP], share: 0.25 },
];

/** All comparisons. */
export const EXPERIMENTS: readonly Experiment[] = [
  {
    name: "jitter",
    question: "Do random shifts of the grid make long rollouts better?",
    arms: [
      { label: "with jitter", run: "flat", jitter: true },
      { label: "without", run: "flat without jitter", jitter: false },
    ],
    systems: FLAT,
    rollout: 34,
  },
  {
    name: "transfer",
    question: "Does pretraining on other systems help one of which few windows are given?",
    arms: [
      { label: "pretrained, finetuned", run: "kept out, finetuned", jitter: true },
      { label: "from scratch, same samples", run: "kept out, from scratch", jitter: true },
    ],
    systems: [KEPT_OUT],
    rollout: 10,
  },
  {
    name: "dimensions",
    question: "Does 3D data in pretraining help a 3D system more than 2D data alone?",
    arms: [
      { label: "2D, then 3D", run: "deep after flat", jitter: true },
      { label: "2D and 3D, then 3D", run: "deep after both", jitter: true },
      { label: "3D from scratch", run: "deep from scratch", jitter: true },
    ],
    systems: [DEEP],
    rollout: 10,
  },
];
