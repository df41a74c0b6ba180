// Training steps as traced programs: loss, gradients, clipping and optimiser in one; or, when gradients of several
// micro-batches are summed, their accumulation and the update apart. Weights, moments and sums are inputs that the
// program overwrites.

import { grad } from "../autodiff/grad.ts";
import { rematBlocks, rematerialize } from "../autodiff/remat.ts";
import type { Tensor } from "../ir/node.ts";
import { add, broadcastTo, constant, input, mul } from "../ir/tensor.ts";
import { block, type Graph, trace, type Tree } from "../ir/trace.ts";
import type { Shape, Type } from "../ir/types.ts";
import type { WalrusConfig } from "../walrus/config.ts";
import type { Geometry } from "../walrus/geometry.ts";
import type { ModelOptions } from "../walrus/model.ts";
import { type StepShape, stepSignature } from "../walrus/step.ts";
import { adamw, type AdamWSettings, type AdamWState, ratesType, RELEASED_ADAMW } from "./adamw.ts";
import { gradientMask } from "./symmetry.ts";
import { clipFactor, totalNorm } from "./clip.ts";
import { adapterTypes, applyAdapters, type LoraSettings } from "./lora.ts";
import { type LossInputs, type LossSettings, RELEASED_LOSS, trainingLoss } from "./loss.ts";

/** What determines the programs of a micro-batch, besides the network. */
export interface BatchShape extends StepShape {
  /** Whether branches of blocks are dropped at random. */
  readonly pathDrop: boolean;
  /** Whether fields are dropped at random. */
  readonly fieldDrop: boolean;
}

/** What does not change while training. */
export interface TrainingSettings {
  /** Multiplier and context of the loss. */
  readonly loss: LossSettings;
  /** Optimiser. */
  readonly adamw: AdamWSettings;
  /** Largest total norm of the gradients. */
  readonly clip: number;
  /** Micro-batches whose gradients are summed. */
  readonly accumulate: number;
  /** Blocks 0, n, 2n, .. are computed again in the backward pass instead of being kept; 0: none. */
  readonly rematEvery: number;
  /** Low-rank adapters; null: none. */
  readonly lora: LoraSettings | null;
}

/** The settings the released model was trained with. */
export const RELEASED_TRAINING: TrainingSettings = {
  loss: RELEASED_LOSS,
  adamw: RELEASED_ADAMW,
  clip: 10,
  accumulate: 4,
  rematEvery: 2,
  lora: null,
};

/** Which tensors of the network are trained. */
export type Trainable = (name: string) => boolean;

/** Everything that the released recipe trains: rotary frequencies of the base model are fixed. */
export function releasedTrainable(config: Pick<WalrusConfig, "rotary">): Trainable {
  return (name) => config.rotary !== "fixed" || !name.includes("rotary_emb.freqs");
}

/** Inputs of a micro-batch's programs. */
interface BatchInputs extends LossInputs {
  readonly fieldKeep?: Tensor;
  readonly pathKeep?: Readonly<Record<string, Tensor>>;
}

/** Drop factors as the network takes them; blocks without factors keep. */
function modelOptions(
  { fieldKeep, pathKeep }: BatchInputs,
  blocks: number,
): Pick<ModelOptions, "fieldKeep" | "pathKeep"> {
  const pairs = pathKeep && Array.from({ length: blocks }, (_, b) => {
    const [time, space] = [pathKeep[`time${b}`], pathKeep[`space${b}`]];
    return time && space ? { time, space } : undefined;
  });
  return { ...(fieldKeep ? { fieldKeep } : {}), ...(pairs ? { pathKeep: pairs } : {}) };
}

/**
 * Types of a micro-batch's inputs: those of a forecast step, the frame after the window `target`
 * `[1, B, X, Y, Z, C]`, and factors of stochastic depth (`pathKeep/time3` `[T]`, `pathKeep/space3` `[T, B]`; none for
 * the first block, which always keeps) and of field dropout `fieldKeep` `[B, C + Cc]`.
 *
 * @param config the network
 * @param shape of the micro-batch
 * @param geometry of the grid, made with the same jitter setting
 * @param lora adapters, whose factors are parameters too
 */
export function batchSignature(
  config: WalrusConfig,
  shape: BatchShape,
  geometry: Geometry,
  lora: LoraSettings | null = null,
): Record<string, Tree<Type>> {
  const f32 = (...sizes: number[]): Type => ({ dtype: "f32", shape: sizes });
  const { frames: T, samples: B, points, channels: C, constants: Cc } = shape;
  const step = stepSignature(config, shape, geometry);
  const params = step.params as Record<string, Type>;
  const signature: Record<string, Tree<Type>> = {
    ...step,
    params: lora ? { ...params, ...adapterTypes(params, lora) } : params,
    target: f32(1, B, ...points, C),
  };
  if (shape.fieldDrop) signature.fieldKeep = f32(B, C + Cc);
  if (shape.pathDrop) {
    const pairs = Array.from({ length: config.blocks - 1 }, (_, i) =>
      [
        [`time${i + 1}`, f32(T)],
        [`space${i + 1}`, f32(T, B)],
      ] as const);
    signature.pathKeep = Object.fromEntries(pairs.flat());
  }
  return signature;
}

/** Loss and gradients of the trained parameters that it depends on. */
function lossAndGradients(
  inputs: BatchInputs,
  config: WalrusConfig,
  geometry: Geometry,
  settings: TrainingSettings,
  trainable: Trainable,
): { loss: Tensor; gradients: Record<string, Tensor> } {
  const params = settings.lora ? applyAdapters(inputs.params, settings.lora) : inputs.params;
  const loss = trainingLoss(
    { ...inputs, params },
    config,
    geometry,
    { ...settings.loss, multiplier: settings.loss.multiplier / settings.accumulate },
    modelOptions(inputs, config.blocks),
  );
  const trained = Object.entries(inputs.params).filter(([name]) => trainable(name));
  const gradients = Object.entries(grad(loss, Object.fromEntries(trained))).map(([name, gradient]) => {
    const mask = gradientMask(name, config, geometry);
    return [name, mask ? mul(gradient, constant(mask, gradient.shape)) : gradient] as const;
  });
  return { loss, gradients: Object.fromEntries(gradients) };
}

/** New values of the weights and moments under the names of the old ones, and the norm of the gradients. */
function update(
  gradients: Readonly<Record<string, Tensor>>,
  params: Readonly<Record<string, Tensor>>,
  settings: TrainingSettings,
) {
  return block("optimizer", () => {
    const entries = Object.entries(gradients);
    const rates = input("rates", ratesType(entries.length));
    const norm = totalNorm(Object.values(gradients));
    const factor = clipFactor(norm, settings.clip);
    const next = entries.map(([name, gradient], row) => {
      const weight = params[name]!;
      const moment = (kind: string) => input(`${kind}/${name}`, { dtype: "f32", shape: weight.shape });
      const state = { weight, mean: moment("mean"), square: moment("square") };
      const clipped = factor ? mul(gradient, broadcastTo(factor, gradient.shape)) : gradient;
      return [name, adamw(state, clipped, rates, row, settings.adamw)] as const;
    });
    const collect = (part: keyof AdamWState) =>
      Object.fromEntries(next.map(([name, state]) => [name, state[part]]));
    return { norm, params: collect("weight"), mean: collect("mean"), square: collect("square") };
  });
}

/**
 * Names of the parameters that a program gives gradients, in the order of the rows of `rates`. Others (the encoder
 * of another dimensionality, frozen ones) are skipped: they neither decay nor count.
 *
 * @param graph as {@link wholeStep}, {@link accumulateStep} or {@link updateStep} made it
 */
export function trainedNames(graph: Pick<Graph, "outputs">): string[] {
  const names = (prefix: string) =>
    [...graph.outputs.keys()].filter((name) => name.startsWith(prefix)).map((name) =>
      name.slice(prefix.length)
    );
  const updated = names("mean/");
  return updated.length > 0 ? updated : names("sum/");
}

function rematerialized(graph: Graph, { rematEvery }: TrainingSettings): Graph {
  return rematEvery > 0 ? rematerialize(graph, rematBlocks(rematEvery)) : graph;
}

/**
 * A whole training step of one micro-batch.
 *
 * Inputs: those of {@link batchSignature}, `mean/NAME`, `square/NAME` and `rates`; outputs `loss`, `norm`, and
 * `params/NAME`, `mean/NAME`, `square/NAME`, which replace the inputs.
 *
 * @param config the network
 * @param shape of the micro-batch
 * @param geometry of the grid
 * @param settings loss and optimiser; `accumulate` is 1
 * @param trainable which parameters are trained
 */
export function wholeStep(
  config: WalrusConfig,
  shape: BatchShape,
  geometry: Geometry,
  settings: TrainingSettings,
  trainable: Trainable,
): Graph {
  const graph = trace(batchSignature(config, shape, geometry, settings.lora), (tensors) => {
    const inputs = tensors as unknown as BatchInputs;
    const { loss, gradients } = lossAndGradients(inputs, config, geometry, settings, trainable);
    return { loss, ...update(gradients, inputs.params, settings) };
  });
  return rematerialized(graph, settings);
}

/**
 * Gradients of one of several micro-batches, added to the sums `sum/NAME`; also gives `loss`, this one's part of the
 * mean over the micro-batches.
 *
 * @param config the network
 * @param shape of the micro-batch
 * @param geometry of the grid
 * @param settings loss and number of micro-batches
 * @param trainable which parameters are trained
 */
export function accumulateStep(
  config: WalrusConfig,
  shape: BatchShape,
  geometry: Geometry,
  settings: TrainingSettings,
  trainable: Trainable,
): Graph {
  const graph = trace(batchSignature(config, shape, geometry, settings.lora), (tensors) => {
    const inputs = tensors as unknown as BatchInputs;
    const { loss, gradients } = lossAndGradients(inputs, config, geometry, settings, trainable);
    const sums = Object.entries(gradients).map(([name, gradient]) => {
      const before = input(`sum/${name}`, { dtype: "f32", shape: gradient.shape });
      return [name, add(before, gradient)];
    });
    return { loss, sum: Object.fromEntries(sums) };
  });
  return rematerialized(graph, settings);
}

/**
 * The update from the sums `sum/NAME`, which are then set to 0.
 *
 * @param shapes of the tensors that got gradients
 * @param settings of the optimiser
 */
export function updateStep(shapes: ReadonlyMap<string, Shape>, settings: TrainingSettings): Graph {
  const types = Object.fromEntries([...shapes].map(([name, shape]): [string, Type] => [
    name,
    { dtype: "f32", shape },
  ]));
  return trace({ params: types, sum: types } as Record<string, Tree<Type>>, (tensors) => {
    const inputs = tensors as unknown as Record<"params" | "sum", Record<string, Tensor>>;
    const cleared = Object.entries(inputs.sum).map(([name, g]) => [name, constant(0, g.shape)]);
    return { ...update(inputs.sum, inputs.params, settings), sum: Object.fromEntries(cleared) };
  });
}
