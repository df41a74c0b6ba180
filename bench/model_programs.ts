// The programs whose speed counts: a forecast step of a network of 100 million parameters in 2D, and a training step of
// the small network that ships, at the size of the small corpus. Weights are not needed to measure them.

import { planForecast } from "../app/plan/forecast.ts";
import { type Plan, plan, type PlanTarget } from "../lib/compile/pipeline.ts";
import { RELEASED_TRAINING, releasedTrainable, wholeStep } from "../lib/train/step.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../lib/walrus/config.ts";
import { geometryOf } from "../lib/walrus/geometry.ts";
import { isBlockMatrix, parameterName } from "../lib/walrus/parameters.ts";
import type { Workload } from "./resident.ts";

/** A quarter of the released width's area and a third of its depth: 98 million parameters. */
const MEDIUM: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 704,
  intermediateDim: 176,
  heads: 8,
  mlpDim: 2816,
  blocks: 13,
  includeD: [2],
};

/** The network that ships. */
const SMALL: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 96,
  intermediateDim: 24,
  heads: 4,
  mlpDim: 384,
  blocks: 6,
  dropPath: 0,
  inputFieldDrop: 0,
  includeD: [2],
};

const PERIODIC_GRID = [[2, 2], [2, 2], [2, 2]] as const;

/** A step with weights as a loaded model keeps them: the matrices of blocks may be packed. */
function resident({ main, matrices }: Plan): Workload {
  const packed = [...matrices].filter(([name]) => isBlockMatrix(parameterName(name)));
  return { program: main.program, matrices: new Map(packed) };
}

function forecast(device: PlanTarget): Workload {
  const points = [256, 256, 1] as const;
  const shape = { frames: 6, samples: 1, points, channels: 4, constants: 0, hidden: false, jitter: true };
  const geometry = geometryOf(points, PERIODIC_GRID, true);
  return resident(planForecast(MEDIUM, shape, geometry, device.kernels, false));
}

function train(device: PlanTarget): Workload {
  const points = [64, 64, 1] as const;
  const shape = {
    frames: 6,
    samples: 2,
    points,
    channels: 4,
    constants: 0,
    hidden: false,
    jitter: true,
    pathDrop: false,
    fieldDrop: false,
  };
  const settings = { ...RELEASED_TRAINING, accumulate: 1, rematEvery: 0, clip: 1 };
  const geometry = geometryOf(points, PERIODIC_GRID, true);
  const graph = wholeStep(SMALL, shape, geometry, settings, releasedTrainable(SMALL));
  return { program: plan(graph, device).main.program, matrices: new Map() };
}

/** The released network in 2D on 1,024 tokens: 5 GB of weights, minutes a step. */
export function released(device: PlanTarget): Workload {
  const points = [512, 512, 1] as const;
  const shape = { frames: 6, samples: 1, points, channels: 2, constants: 0, hidden: false, jitter: false };
  const geometry = geometryOf(points, PERIODIC_GRID, false);
  return resident(planForecast(RELEASED_CONFIG, shape, geometry, device.kernels, false));
}

/** Programs by name that are measured as a habit. */
export const PROGRAMS = {
  "forecast 98M, 256x256, 6 frames": forecast,
  "train 6 blocks of 96, 64x64, 6 frames, 2 samples": train,
} as const;

/** Parameters of the networks, for the reader. */
export const CONFIGS = { MEDIUM, SMALL } as const;
