// The programs whose speed counts: a forecast step of a network of 100 million parameters in 2D, and a training step of
// the small network that ships, at the size of the small corpus. Weights are not needed to measure them.

import { stepProgram } from "../app/plan/forecast.ts";
import { compileGraph } from "../lib/compile/compile.ts";
import { layPanels } from "../lib/compile/panels.ts";
import type { Device } from "../lib/compile/device.ts";
import type { Program } from "../lib/compile/program.ts";
import { inputPanels, weightPanels } from "../lib/forecast/panels.ts";
import { RELEASED_TRAINING, releasedTrainable, wholeStep } from "../lib/train/step.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../lib/models/walrus/config.ts";
import { geometryOf } from "../lib/models/walrus/geometry.ts";

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

/** What a program depends on of its device. */
type Target = Pick<Device, "kernels" | "panelRows">;

/** A step with weights as a loaded model keeps them. */
function laid(config: WalrusConfig, program: Program, device: Target): Program {
  return layPanels(program, inputPanels(weightPanels(config, device)));
}

function forecast(device: Target): Program {
  const points = [256, 256, 1] as const;
  const shape = { frames: 6, samples: 1, points, channels: 4, constants: 0, hidden: false, jitter: true };
  const geometry = geometryOf(points, PERIODIC_GRID, true);
  return laid(MEDIUM, stepProgram(MEDIUM, shape, geometry, device.kernels, false), device);
}

function train(device: Target): Program {
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
  return compileGraph(wholeStep(SMALL, shape, geometry, settings, releasedTrainable(SMALL)), device);
}

/** The released network in 2D on 1,024 tokens: 5 GB of weights, minutes a step. */
export function released(device: Target): Program {
  const points = [512, 512, 1] as const;
  const shape = { frames: 6, samples: 1, points, channels: 2, constants: 0, hidden: false, jitter: false };
  const geometry = geometryOf(points, PERIODIC_GRID, false);
  return laid(RELEASED_CONFIG, stepProgram(RELEASED_CONFIG, shape, geometry, device.kernels, false), device);
}

/** Programs by name that are measured as a habit. */
export const PROGRAMS = {
  "forecast 98M, 256x256, 6 frames": forecast,
  "train 6 blocks of 96, 64x64, 6 frames, 2 samples": train,
} as const;

/** Parameters of the networks, for the reader. */
export const CONFIGS = { MEDIUM, SMALL } as const;
