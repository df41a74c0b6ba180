// Memory of training, known before any weight is allocated: programs are planned, not loaded.

import { rematerialize, rematScopes } from "../autodiff/remat.ts";
import { describeParts } from "../autodiff/remat_parts.ts";
import type { Device } from "../compile/device.ts";
import type { Program } from "../compile/program.ts";
import { type Plan, plan } from "../compile/pipeline.ts";
import { launchEstimate, workOf } from "../compile/work.ts";
import type { Graph } from "../ir/trace.ts";
import { BYTES, sizeOf } from "../ir/types.ts";
import type { Model } from "../models/model.ts";
import { isFp16 } from "../weights/fp16.ts";
import { describeBytes } from "./bytes.ts";
import { trainedShapes } from "./parameters.ts";
import { planWithin } from "./remat_budget.ts";
import type { Trainable, TrainingSettings } from "./settings.ts";
import { accumulateStep, isState, recomputedScopes, wholeStep } from "./step.ts";

/** What was chosen to be computed again so that a step fits into `settings.memory`. */
export interface Recomputation {
  /** `maps and norms of encoder, block0-5; products of block0-2/time`, or `nothing`. */
  readonly description: string;
  /** Arithmetic beside that of a step that recomputes nothing, as a share of it; estimated. */
  readonly extra: number;
  /** Bytes of that step, all included. */
  readonly peakWithout: number;
}

/** Bytes of what lies on the device from step to step. */
export interface StateBytes {
  /** All weights of the network, adapters included; of those that are fp16 also the masters of trained ones. */
  readonly weights: number;
  /** Two moments of every trained weight. */
  readonly moments: number;
  /** Sums of gradients over micro-batches; 0 without accumulation: gradients are working memory then. */
  readonly sums: number;
}

/** Bytes of a training step, and where they go. */
export interface TrainingPlan extends StateBytes {
  /** What a step computes and keeps for the backward pass, and the micro-batch itself. */
  readonly working: number;
  /** All of it: the most that is ever allocated. */
  readonly peak: number;
  /** Kernel launches. */
  readonly launches: number;
  /** Operations, estimated: those of products, and some for every element that is read or written. */
  readonly operations: number;
  /** What is computed again for `settings.memory`; null where that is not set. */
  readonly recomputation: Recomputation | null;
}

/** Bytes of a program that no tensor of the network or the optimiser takes. */
function workingBytes(program: Program): number {
  const state = program.slots.filter((slot) => slot.kind === "input" && isState(slot.name));
  const bound = state.reduce((total, slot) => total + BYTES[slot.dtype] * slot.length, 0);
  const { input, output, constant } = program.bytes;
  return program.arenaBytes + input - bound + output + constant;
}

function stateBytes(
  model: Model,
  settings: TrainingSettings,
  trainable: Trainable,
  sums: boolean,
): StateBytes {
  const bytes = (each: (name: string) => number) =>
    [...trainedShapes(model, settings)].reduce((n, [name, s]) => n + each(name) * sizeOf(s), 0);
  const isNarrow = (name: string) => isFp16(name, model.parameters, settings.weights);
  const weights = bytes((name) => !isNarrow(name) ? 4 : trainable(name) ? 2 + 4 : 2);
  const trained = bytes((name) => trainable(name) ? 4 : 0);
  return { weights, moments: 2 * trained, sums: sums ? trained : 0 };
}

/** Where the bytes of a step go, in words. */
function partsOf({ weights, moments, sums }: StateBytes, working: number): string {
  const parts = [["weights", weights], ["moments", moments], ["gradient sums", sums], [
    "a step",
    working,
  ]] as const;
  return parts.flatMap(([name, bytes]) => bytes > 0 ? [`${name} ${describeBytes(bytes)}`] : []).join(", ");
}

/** What makes a step smaller. */
const SAVERS = "fewer samples of a micro-batch, adapters (lora) or fewer trained tensors";

/**
 * Refuses a step that a device can not hold.
 *
 * @throws RangeError with what it needs and what there is
 */
export function checkCapacity(bytes: TrainingPlan, { name, capacityBytes = Infinity }: Device): void {
  if (bytes.peak <= capacityBytes) return;
  throw new RangeError(
    `Cannot train: a step needs ${describeBytes(bytes.peak)} (${
      partsOf(bytes, bytes.working)
    }), ${name} has ` +
      `${
        describeBytes(capacityBytes)
      }; a larger maximumBytes of the device, a smaller memory of the settings, ` +
      `${SAVERS} help`,
  );
}

/** A program of a trainer before it is loaded. */
export interface StepPlan {
  readonly plan: Plan;
  readonly bytes: TrainingPlan;
}

/**
 * Plans a program of a trainer.
 *
 * @param graph a whole step, an accumulation or an update
 * @param model the network
 * @param settings recomputation or memory
 * @param trainable which parameters are trained
 * @param device whose kernels are used
 * @param sums whether gradients are summed apart
 * @throws RangeError when recomputation of everything does not make it fit into `settings.memory`
 */
export function planStep(
  graph: Graph,
  model: Model,
  settings: TrainingSettings,
  trainable: Trainable,
  device: Pick<Device, "kernels">,
  sums: boolean,
): StepPlan {
  const state = stateBytes(model, settings, trainable, sums);
  const resident = state.weights + state.moments + state.sums;
  const { memory = null } = settings;
  const bytesOf = ({ main: { program } }: Plan, recomputation: Recomputation | null): TrainingPlan => {
    const working = workingBytes(program);
    return {
      ...state,
      working,
      peak: resident + working,
      launches: program.launches.length,
      operations: workOf(program, launchEstimate),
      recomputation,
    };
  };
  if (memory === null) {
    const scopes = recomputedScopes(model, settings);
    const planned = plan(scopes.length > 0 ? rematerialize(graph, rematScopes(scopes)) : graph, device);
    return { plan: planned, bytes: bytesOf(planned, null) };
  }
  const fits = (program: Program) => resident + workingBytes(program) <= memory;
  const chosen = planWithin(graph, device, model.regions ?? [], fits);
  const plain = chosen.plain.main.program;
  const bytes = bytesOf(chosen.plan, {
    description: describeParts(chosen.parts),
    extra: workOf(chosen.plan.main.program, launchEstimate) / workOf(plain, launchEstimate) - 1,
    peakWithout: resident + workingBytes(plain),
  });
  if (bytes.peak > memory) {
    throw new RangeError(
      `Cannot train in ${describeBytes(memory)}: the least that does is ${
        describeBytes(bytes.peak)
      }, with all ` +
        `recomputed (${partsOf(state, bytes.working)}); ${SAVERS} take less`,
    );
  }
  return { plan: chosen.plan, bytes };
}

/**
 * Plans a training step.
 *
 * @param model the network
 * @param shape of a micro-batch, as the model made it
 * @param settings accumulation and recomputation, or the memory that decides on it
 * @param trainable which parameters are trained
 * @param device whose kernels are used
 * @throws RangeError when recomputation of everything does not make it fit into `settings.memory`
 */
export function planTraining<S>(
  model: Model<S>,
  shape: S,
  settings: TrainingSettings,
  trainable: Trainable,
  device: Pick<Device, "kernels">,
): TrainingPlan {
  const sums = settings.accumulate > 1;
  const graph = (sums ? accumulateStep : wholeStep)(model, shape, settings, trainable);
  return planStep(graph, model, settings, trainable, device, sums).bytes;
}
