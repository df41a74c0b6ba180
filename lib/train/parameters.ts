// Parameters of a network in training: masters and adapters in f32, what is computed with as fp16 in copies of its own.

import type { Tensor } from "../ir/node.ts";
import { input } from "../ir/tensor.ts";
import type { Shape } from "../ir/types.ts";
import type { Model, Parameters } from "../models/model.ts";
import { isFp16 } from "../weights/fp16.ts";
import { adapterShapes, isAdapter, withAdapters } from "../weights/lora.ts";
import type { TrainingSettings } from "./settings.ts";

/** Shapes of all tensors of a network and its adapters, in the order of the checkpoint. */
export function trainedShapes(
  { parameters }: Pick<Model, "parameters">,
  { lora }: Pick<TrainingSettings, "lora">,
): Map<string, Shape> {
  const network = new Map([...parameters].map(([name, { shape }]) => [name, shape] as const));
  return lora ? new Map([...network, ...adapterShapes(network, lora)]) : network;
}

/** Name of the input that holds a parameter. */
export function parameterInput(
  name: string,
  model: Pick<Model, "parameters">,
  { weights }: Pick<TrainingSettings, "weights">,
): string {
  return `${isFp16(name, model.parameters, weights) ? "fp16" : "params"}/${name}`;
}

/**
 * Parameters as inputs of a program that is traced.
 *
 * @param model the network
 * @param settings adapters; which weights are fp16
 * @returns what the network asks, and what it has asked for: f32 tensors in the checkpoint's order, adapters, then fp16
 *   ones. Sums over all gradients are taken in this order
 */
export function collectedParameters(
  model: Pick<Model, "parameters">,
  settings: Pick<TrainingSettings, "lora" | "weights">,
): { parameters: Parameters; collected: () => Record<string, Tensor> } {
  const shapes = trainedShapes(model, settings);
  const made = new Map<string, Tensor>();
  const make: Parameters = (name) => {
    const shape = shapes.get(name);
    if (!shape) throw new TypeError(`The network has no tensor "${name}"`);
    const narrow = isFp16(name, model.parameters, settings.weights);
    const tensor = input(parameterInput(name, model, settings), { dtype: narrow ? "f16" : "f32", shape });
    made.set(name, tensor);
    return tensor;
  };
  const { lora } = settings;
  const rank = (name: string) => isAdapter(name) ? 1 : made.get(name)!.dtype === "f16" ? 2 : 0;
  return {
    parameters: lora ? withAdapters(make, shapes, lora) : make,
    collected: () => {
      const names = [...shapes.keys()].filter((name) => made.has(name));
      const ordered = [0, 1, 2].flatMap((group) => names.filter((name) => rank(name) === group));
      return Object.fromEntries(ordered.map((name) => [name, made.get(name)!]));
    },
  };
}
