// Training steps as traced programs: loss, gradients, clipping and optimiser in one; or, when gradients of several
// micro-batches are summed, their accumulation and the update apart. Weights, moments and sums are inputs that the
// program overwrites.

import { grad } from "../autodiff/grad.ts";
import { rematBlocks } from "../autodiff/remat.ts";
import type { CompileOptions } from "../compile/pipeline.ts";
import type { Tensor } from "../ir/node.ts";
import { add, broadcastTo, cast, constant, input, mul } from "../ir/tensor.ts";
import { block, type Graph, trace, type Tree } from "../ir/trace.ts";
import type { DType, Shape, Type } from "../ir/types.ts";
import type { WalrusConfig } from "../walrus/config.ts";
import type { Geometry } from "../walrus/geometry.ts";
import type { ModelOptions } from "../walrus/model.ts";
import { type StepShape, stepSignature } from "../walrus/step.ts";
import { adamw, type AdamWSettings, type AdamWState, ratesType, RELEASED_ADAMW } from "./adamw.ts";
import { gradientMask } from "./symmetry.ts";
import { clipFactor, totalNorm } from "./clip.ts";
import { computeType, type ComputeWeights, isHalf } from "./halves.ts";
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
  /** How the network's matrices are held for computing; what the optimiser reads and writes is f32. */
  readonly weights: ComputeWeights;
}

/** The settings the released model was trained with. */
export const RELEASED_TRAINING: TrainingSettings = {
  loss: RELEASED_LOSS,
  adamw: RELEASED_ADAMW,
  clip: 10,
  accumulate: 4,
  rematEvery: 2,
  lora: null,
  weights: "f32",
};

/** Which tensors of the network are trained. */
export type Trainable = (name: string) => boolean;

/** Everything that the released recipe trains: rotary frequencies of the base model are fixed. */
export function releasedTrainable(config: Pick<WalrusConfig, "rotary">): Trainable {
  return (name) => config.rotary !== "fixed" || !name.includes("rotary_emb.freqs");
}

/** Inputs of a micro-batch's programs. */
interface BatchInputs extends LossInputs {
  /** Those parameters that are computed with as halves. */
  readonly half?: Readonly<Record<string, Tensor>>;
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
 * the first block, which always keeps) and of field dropout `fieldKeep` `[B, C + Cc]`. Parameters that are computed
 * with as halves are `half/NAME`, all others `params/NAME`.
 *
 * @param config the network
 * @param shape of the micro-batch
 * @param geometry of the grid, made with the same jitter setting
 * @param settings adapters, whose factors are parameters too; which weights are halves
 */
export function batchSignature(
  config: WalrusConfig,
  shape: BatchShape,
  geometry: Geometry,
  { lora, weights }: Pick<TrainingSettings, "lora" | "weights"> = RELEASED_TRAINING,
): Record<string, Tree<Type>> {
  const f32 = (...sizes: number[]): Type => ({ dtype: "f32", shape: sizes });
  const { frames: T, samples: B, points, channels: C, constants: Cc } = shape;
  const step = stepSignature(config, shape, geometry, (name) => computeType(name, weights));
  const types = step.params as Record<string, Type>;
  const part = (dtype: string) =>
    Object.fromEntries(Object.entries(types).filter(([, type]) => type.dtype === dtype));
  const params = lora ? { ...part("f32"), ...adapterTypes(types, lora) } : part("f32");
  const signature: Record<string, Tree<Type>> = {
    ...step,
    params,
    ...(weights === "f16" ? { half: part("f16") } : {}),
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
  const own = { ...inputs.params, ...inputs.half };
  const params = settings.lora ? applyAdapters(own, settings.lora) : own;
  const loss = trainingLoss(
    { ...inputs, params },
    config,
    geometry,
    { ...settings.loss, multiplier: settings.loss.multiplier / settings.accumulate },
    modelOptions(inputs, config.blocks),
  );
  const trained = Object.entries(own).filter(([name]) => trainable(name));
  const gradients = Object.entries(grad(loss, Object.fromEntries(trained))).map(([name, gradient]) => {
    const mask = gradientMask(name, config, geometry);
    return [name, mask ? mul(gradient, constant(mask, gradient.shape)) : gradient] as const;
  });
  return { loss, gradients: Object.fromEntries(gradients) };
}

/**
 * New values of the weights and moments under the names of the old ones, and the norm of the gradients. Halves are
 * made anew of their masters `params/NAME`.
 */
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
      const { shape } = gradient;
      const weight = params[name] ?? input(`params/${name}`, { dtype: "f32", shape });
      const moment = (kind: string) => input(`${kind}/${name}`, { dtype: "f32", shape });
      const state = { weight, mean: moment("mean"), square: moment("square") };
      const clipped = factor ? mul(gradient, broadcastTo(factor, gradient.shape)) : gradient;
      return [name, adamw(state, clipped, rates, row, settings.adamw)] as const;
    });
    const collect = (part: keyof AdamWState) =>
      Object.fromEntries(next.map(([name, state]) => [name, state[part]]));
    const halved = next.filter(([name]) => isHalf(name, settings.weights));
    return {
      norm,
      params: collect("weight"),
      mean: collect("mean"),
      square: collect("square"),
      half: Object.fromEntries(halved.map(([name, { weight }]) => [name, cast(weight, "f16")])),
    };
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

/** Whether an input of a training program is state of the trainer, not of a micro-batch. */
export function isState(name: string): boolean {
  return /^(?:params|half|mean|square|sum)\//.test(name);
}

/** How the programs of micro-batches are compiled. */
export function stepOptions({ rematEvery }: Pick<TrainingSettings, "rematEvery">): CompileOptions {
  return rematEvery > 0 ? { recompute: rematBlocks(rematEvery) } : {};
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
  return trace(batchSignature(config, shape, geometry, settings), (tensors) => {
    const inputs = tensors as unknown as BatchInputs;
    const { loss, gradients } = lossAndGradients(inputs, config, geometry, settings, trainable);
    return { loss, ...update(gradients, inputs.params, settings) };
  });
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
  return trace(batchSignature(config, shape, geometry, settings), (tensors) => {
    const inputs = tensors as unknown as BatchInputs;
    const { loss, gradients } = lossAndGradients(inputs, config, geometry, settings, trainable);
    const sums = Object.entries(gradients).map(([name, gradient]) => {
      const before = input(`sum/${name}`, { dtype: "f32", shape: gradient.shape });
      return [name, add(before, gradient)];
    });
    return { loss, sum: Object.fromEntries(sums) };
  });
}

/**
 * The update from the sums `sum/NAME`, which are then set to 0.
 *
 * @param shapes of the tensors that got gradients
 * @param settings of the optimiser
 */
export function updateStep(shapes: ReadonlyMap<string, Shape>, settings: TrainingSettings): Graph {
  const typed = (dtype: DType, keep: Trainable = () => true) =>
    Object.fromEntries(
      [...shapes].filter(([name]) => keep(name)).map((
        [name, shape],
      ): [string, Type] => [name, { dtype, shape }]),
    );
  const half = typed("f16", (name) => isHalf(name, settings.weights));
  return trace({ params: typed("f32"), sum: typed("f32"), half } as Record<string, Tree<Type>>, (tensors) => {
    const inputs = tensors as unknown as Record<"params" | "sum", Record<string, Tensor>>;
    const cleared = Object.entries(inputs.sum).map(([name, g]) => [name, constant(0, g.shape)]);
    return { ...update(inputs.sum, inputs.params, settings), sum: Object.fromEntries(cleared) };
  });
}
