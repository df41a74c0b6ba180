// Memory of training, known before any weight is allocated: programs are planned, not loaded.

import { compileGraph } from "../compile/compile.ts";
import type { Device } from "../compile/device.ts";
import type { Program } from "../compile/program.ts";
import { BYTES, sizeOf } from "../ir/types.ts";
import type { WalrusConfig } from "../walrus/config.ts";
import type { Geometry } from "../walrus/geometry.ts";
import { parameterShapes } from "../walrus/parameters.ts";
import { isHalf } from "./halves.ts";
import { adapterShapes } from "./lora.ts";
import {
  accumulateStep,
  type BatchShape,
  isState,
  type Trainable,
  type TrainingSettings,
  wholeStep,
} from "./step.ts";

/** Bytes of a training step, and where they go. */
export interface TrainingPlan {
  /** All weights of the network, adapters included; of those that are halves also the masters of trained ones. */
  readonly weights: number;
  /** Two moments of every trained weight. */
  readonly moments: number;
  /** Sums of gradients over micro-batches; 0 without accumulation: gradients are working memory then. */
  readonly sums: number;
  /** What a step computes and keeps for the backward pass, and the micro-batch itself. */
  readonly working: number;
  /** All of it: the most that is ever allocated. */
  readonly peak: number;
  /** Kernel launches. */
  readonly steps: number;
}

/** Bytes of a program that no tensor of the network or the optimiser takes. */
function workingBytes(program: Program): number {
  const state = program.slots.filter((slot) => slot.kind === "input" && isState(slot.name));
  const bound = state.reduce((total, slot) => total + BYTES[slot.dtype] * slot.length, 0);
  const { input, output, constant } = program.bytes;
  return program.arenaBytes + input - bound + output + constant;
}

/**
 * Plans a training step.
 *
 * @param config the network
 * @param shape of a micro-batch
 * @param geometry of its grid
 * @param settings accumulation and recomputation
 * @param trainable which parameters are trained
 * @param device whose kernels are used
 */
export function planTraining(
  config: WalrusConfig,
  shape: BatchShape,
  geometry: Geometry,
  settings: TrainingSettings,
  trainable: Trainable,
  device: Pick<Device, "kernels">,
): TrainingPlan {
  const build = settings.accumulate > 1 ? accumulateStep : wholeStep;
  const program = compileGraph(build(config, shape, geometry, settings, trainable), device);
  const network = parameterShapes(config);
  const shapes = [...network, ...(settings.lora ? adapterShapes(network, settings.lora) : [])];
  const bytes = (each: (name: string) => number) =>
    shapes.reduce((n, [name, s]) => n + each(name) * sizeOf(s), 0);
  const weights = bytes((name) => !isHalf(name, settings.weights) ? 4 : trainable(name) ? 2 + 4 : 2);
  const trained = bytes((name) => trainable(name) ? 4 : 0);
  const sums = settings.accumulate > 1 ? trained : 0;
  const working = workingBytes(program);
  return {
    weights,
    moments: 2 * trained,
    sums,
    working,
    peak: weights + 2 * trained + sums + working,
    steps: program.steps.length,
  };
}
