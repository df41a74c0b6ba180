// Training steps as traced programs: loss, gradients, clipping and optimiser in one; or, when gradients of several
// micro-batches are summed, their accumulation and the update apart. Weights, moments and sums are inputs that the
// program overwrites.

import { grad } from "../autodiff/grad.ts";
import type { Tensor } from "../ir/node.ts";
import { add, broadcastTo, cast, constant, input, mul } from "../ir/tensor.ts";
import { type Graph, namedScope, trace } from "../ir/trace.ts";
import type { DType, Shape, Type } from "../ir/types.ts";
import type { Model } from "../models/model.ts";
import { isFp16 } from "../weights/fp16.ts";
import { adamw, type AdamWState, ratesType } from "./adamw.ts";
import { clipFactor, totalNorm } from "./clip.ts";
import type { Trainable, TrainingSettings } from "./settings.ts";
import { collectedParameters } from "./parameters.ts";

/** Loss and gradients of the trained parameters that it depends on. */
function lossAndGradients<S>(
  model: Model<S>,
  shape: S,
  inputs: Readonly<Record<string, Tensor>>,
  settings: TrainingSettings,
  trainable: Trainable,
): { loss: Tensor; gradients: Record<string, Tensor>; weights: Record<string, Tensor> } {
  const { parameters, collected } = collectedParameters(model, settings);
  const { loss } = model.loss.trace(parameters, inputs, shape);
  if (!loss) throw new TypeError(`The loss of ${model.family} gives no "loss"`);
  const own = collected();
  const trained = Object.entries(own).filter(([name]) => trainable(name));
  const gradients = Object.entries(grad(loss, Object.fromEntries(trained))).map(([name, gradient]) => {
    const mask = model.gradientMask?.(name, shape);
    return [name, mask ? mul(gradient, constant(mask, gradient.shape)) : gradient] as const;
  });
  return { loss, gradients: Object.fromEntries(gradients), weights: own };
}

/**
 * New values of the weights and moments under the names of the old ones, and the norm of the gradients. fp16 copies are
 * made anew of their masters `params/NAME`.
 */
function update(gradients: Readonly<Record<string, Tensor>>, settings: TrainingSettings, fp16: Trainable) {
  return namedScope("optimizer", () => {
    const entries = Object.entries(gradients);
    const rates = input("rates", ratesType(entries.length));
    const norm = totalNorm(Object.values(gradients));
    const factor = clipFactor(norm, settings.clip);
    const next = entries.map(([name, gradient], row) => {
      const state = (kind: string) => input(`${kind}/${name}`, { dtype: "f32", shape: gradient.shape });
      const before = { weight: state("params"), mean: state("mean"), square: state("square") };
      const clipped = factor ? mul(gradient, broadcastTo(factor, gradient.shape)) : gradient;
      return [name, adamw(before, clipped, rates, row, settings.adamw)] as const;
    });
    const collect = (part: keyof AdamWState) =>
      Object.fromEntries(next.map(([name, state]) => [name, state[part]]));
    const narrowed = next.filter(([name]) => fp16(name));
    return {
      norm,
      params: collect("weight"),
      mean: collect("mean"),
      square: collect("square"),
      fp16: Object.fromEntries(narrowed.map(([name, { weight }]) => [name, cast(weight, "f16")])),
    };
  });
}

/** Which parameters are computed with as fp16. */
function fp16Of(model: Model, settings: TrainingSettings): Trainable {
  return (name) => isFp16(name, model.parameters, settings.weights);
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
  return /^(?:params|fp16|mean|square|sum)\//.test(name);
}

/**
 * A whole training step of one micro-batch.
 *
 * Inputs: those of the model's loss, `params/NAME` (`fp16/NAME` for what is computed with as fp16), `mean/NAME`,
 * `square/NAME` and `rates`; outputs `loss`, `norm`, and `params/NAME`, `mean/NAME`, `square/NAME`, which replace the
 * inputs.
 *
 * @param model the network
 * @param shape of the micro-batch
 * @param settings loss and optimiser; `accumulate` is 1
 * @param trainable which parameters are trained
 */
export function wholeStep<S>(
  model: Model<S>,
  shape: S,
  settings: TrainingSettings,
  trainable: Trainable,
): Graph {
  return trace(model.loss.types(shape), (inputs) => {
    const { loss, gradients } = lossAndGradients(model, shape, inputs, settings, trainable);
    return { loss, ...update(gradients, settings, fp16Of(model, settings)) };
  });
}

/**
 * Gradients of one of several micro-batches, added to the sums `sum/NAME`; also gives `loss`, this one's part of the
 * mean over the micro-batches.
 *
 * @param model the network
 * @param shape of the micro-batch
 * @param settings loss and number of micro-batches
 * @param trainable which parameters are trained
 */
export function accumulateStep<S>(
  model: Model<S>,
  shape: S,
  settings: TrainingSettings,
  trainable: Trainable,
): Graph {
  return trace(model.loss.types(shape), (inputs) => {
    const { loss, gradients } = lossAndGradients(model, shape, inputs, settings, trainable);
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
 * @param model the network
 * @param shapes of the tensors that got gradients
 * @param settings of the optimiser
 */
export function updateStep(
  model: Model,
  shapes: ReadonlyMap<string, Shape>,
  settings: TrainingSettings,
): Graph {
  const isNarrow = fp16Of(model, settings);
  const typed = (dtype: DType, has: Trainable) =>
    Object.fromEntries(
      [...shapes].flatMap(([name, shape]): [string, Type][] => has(name) ? [[name, { dtype, shape }]] : []),
    );
  // Nothing reads the fp16 copies, yet they have to be inputs: an output replaces the input of its name.
  const types = { sum: typed("f32", () => true), fp16: typed("f16", isNarrow) };
  return trace(types, ({ sum }) => {
    const cleared = Object.entries(sum).map(([name, g]) => [name, constant(0, g.shape)]);
    return { ...update(sum, settings, isNarrow), sum: Object.fromEntries(cleared) };
  });
}

/** Scopes that are computed again in the backward pass. */
export function recomputedScopes(
  { regions = [] }: Pick<Model, "regions">,
  { rematEvery }: Pick<TrainingSettings, "rematEvery">,
): readonly string[] {
  return rematEvery > 0 ? regions.filter((_, i) => i % rematEvery === 0) : [];
}
