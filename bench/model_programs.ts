// The programs whose speed counts: a forecast step of a network of 100 million parameters in 2D, and a training step of
// the small network that ships, at the size of the small corpus. Weights are not needed to measure them.

import { plan, trace } from "walrus/ir";
import { PARAMETER_PREFIX } from "walrus/models";
import { RELEASED_CONFIG, type WalrusConfig, walrusModel, type WalrusShape } from "walrus/models/walrus";
import { inputParameters } from "walrus/nn";
import { DEFAULT_TRAINING } from "walrus/train";
import type { Device } from "walrus";
import { wholeStep } from "../lib/train/step.ts";
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

/** What programs depend on of their device. */
type Target = Pick<Device, "kernels">;

/** Six frames on a periodic square. */
function square(size: number, shape: Pick<WalrusShape, "samples" | "channels" | "jitter">): WalrusShape {
  return {
    frames: 6,
    points: [size, size, 1],
    constants: 0,
    hidden: false,
    boundaries: [[2, 2], [2, 2], [2, 2]],
    resampled: null,
    training: null,
    ...shape,
  };
}

/** A step with weights as a loaded model keeps them: what depends on them alone is computed before. */
function forecastStep(config: WalrusConfig, shape: WalrusShape, device: Target): Workload {
  const model = walrusModel(config);
  const parameters = inputParameters(model.parameters, () => "f32", PARAMETER_PREFIX);
  const graph = trace(
    model.forecast.types(shape),
    (inputs) => model.forecast.trace(parameters, inputs, shape),
  );
  const stationary = (input: string) => input.startsWith(PARAMETER_PREFIX);
  const { main: { program }, matrices } = plan(graph, device, { stationary });
  return { program, matrices };
}

function forecast(device: Target): Workload {
  return forecastStep(MEDIUM, square(256, { samples: 1, channels: 4, jitter: true }), device);
}

function train(device: Target): Workload {
  const model = walrusModel(SMALL);
  const training = {
    pathDrop: false,
    fieldDrop: false,
    parts: 1,
    loss: { multiplier: 100, minimumContext: 1 },
  };
  const shape = { ...square(64, { samples: 2, channels: 4, jitter: true }), training };
  const isTrained = (name: string) => model.parameters.get(name)!.use === "trained";
  const graph = wholeStep(model, shape, { ...DEFAULT_TRAINING, clip: 1 }, isTrained);
  return { program: plan(graph, device).main.program, matrices: new Map() };
}

/** The released network in 2D on 1,024 tokens: 5 GB of weights, minutes a step. */
export function released(device: Target): Workload {
  return forecastStep(RELEASED_CONFIG, square(512, { samples: 1, channels: 2, jitter: false }), device);
}

/** Programs by name that are measured by default. */
export const PROGRAMS = {
  "forecast 98M, 256x256, 6 frames": forecast,
  "train 6 blocks of 96, 64x64, 6 frames, 2 samples": train,
} as const;

/** Parameters of the networks, for the reader. */
export const CONFIGS = { MEDIUM, SMALL } as const;
