// Memory of training, known before any weight is allocated: programs are planned, not loaded.

import type { Device } from "../compile/device.ts";
import type { Program } from "../compile/program.ts";
import { plan } from "../compile/pipeline.ts";
import { BYTES, sizeOf } from "../ir/types.ts";
import type { Model } from "../models/model.ts";
import { isFp16 } from "../weights/fp16.ts";
import { trainedShapes } from "./parameters.ts";
import type { Trainable, TrainingSettings } from "./settings.ts";
import { accumulateStep, isState, recomputedScopes, wholeStep } from "./step.ts";

/** Bytes of a training step, and where they go. */
export interface TrainingPlan {
  /** All weights of the network, adapters included; of those that are fp16 also the masters of trained ones. */
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
  readonly launches: number;
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
 * @param model the network
 * @param shape of a micro-batch, as the model made it
 * @param settings accumulation and recomputation
 * @param trainable which parameters are trained
 * @param device whose kernels are used
 */
export function planTraining<S>(
  model: Model<S>,
  shape: S,
  settings: TrainingSettings,
  trainable: Trainable,
  device: Pick<Device, "kernels">,
): TrainingPlan {
  const build = settings.accumulate > 1 ? accumulateStep : wholeStep;
  const graph = build(model, shape, settings, trainable);
  const { main: { program } } = plan(graph, device, { recompute: recomputedScopes(model, settings) });
  const bytes = (each: (name: string) => number) =>
    [...trainedShapes(model, settings)].reduce((n, [name, s]) => n + each(name) * sizeOf(s), 0);
  const isNarrow = (name: string) => isFp16(name, model.parameters, settings.weights);
  const weights = bytes((name) => !isNarrow(name) ? 4 : trainable(name) ? 2 + 4 : 2);
  const trained = bytes((name) => trainable(name) ? 4 : 0);
  const sums = settings.accumulate > 1 ? trained : 0;
  const working = workingBytes(program);
  return {
    weights,
    moments: 2 * trained,
    sums,
    working,
    peak: weights + 2 * trained + sums + working,
    launches: program.launches.length,
  };
}
