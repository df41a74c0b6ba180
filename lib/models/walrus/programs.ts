// The network's traced functions with flat names: what the rest of the library compiles. Inputs are those of
// `inputs.ts` and `step_inputs.ts`; what is named `state/..` comes back.

import type { Tensor } from "../../ir/node.ts";
import { concat, reshape, sliceAxis } from "../../ir/tensor.ts";
import { namedScope, signatureOf } from "../../ir/trace.ts";
import type { Type } from "../../ir/types.ts";
import type { Traced } from "../model.ts";
import type { WalrusConfig } from "./config.ts";
import { cacheSignature, decodeStep, prefillStep, statisticsSignature } from "./kv_cache.ts";
import { lossOf } from "./loss.ts";
import { jitterSignature, type ModelOptions } from "./model.ts";
import { nextFrame, type StepTensors } from "./next_frame.ts";
import type { Statistics } from "./normalize.ts";
import { gridOf, type WalrusShape } from "./shape.ts";

type Named<T> = Readonly<Record<string, T>>;

const f32 = (...shape: number[]): Type => ({ dtype: "f32", shape });

/** Entries of a record with a prefix, without it. */
function under(record: Named<Tensor>, prefix: string): Record<string, Tensor> {
  const found = Object.entries(record).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** The same record with a prefix. */
function withPrefix<T>(prefix: string, record: Named<T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]));
}

/** Types of what every program reads. */
function stepTypes(config: WalrusConfig, shape: WalrusShape): Record<string, Type> {
  const { frames: T, samples: B, points, channels: C, constants: Cc } = shape;
  return {
    "state/window": f32(T, B, ...points, C),
    fields: { dtype: "i32", shape: [C + Cc] },
    mask: f32(C),
    ...(Cc > 0 ? { constants: f32(B, ...points, Cc) } : {}),
    ...(shape.hidden ? { hidden: f32(...points) } : {}),
    ...(shape.jitter ? withPrefix("jitter/", jitterSignature(gridOf(shape), config.blocks)) : {}),
    ...(config.normalization === "global"
      ? { "scales/std": f32(C + Cc), "scales/deltaStd": f32(C + Cc) }
      : {}),
  };
}

/** Inputs of every program by what they are. */
function stepTensors(inputs: Named<Tensor>, { fit }: WalrusShape): StepTensors {
  const { fields, mask, constants, hidden } = inputs;
  const [std, deltaStd] = [inputs["scales/std"], inputs["scales/deltaStd"]];
  const jitter = under(inputs, "jitter/");
  return {
    window: inputs["state/window"]!,
    fields: fields!,
    mask: mask!,
    ...(constants ? { constants } : {}),
    ...(hidden ? { hidden } : {}),
    ...(Object.keys(jitter).length > 0 ? { jitter } : {}),
    ...(std && deltaStd ? { scales: { std, deltaStd } } : {}),
    ...(fit ? { fit } : {}),
  };
}

/** The predicted frame, and the window without its oldest frame and with this one. */
function advanced(window: Tensor, next: Tensor): { frames: Tensor; "state/window": Tensor } {
  const [T = 1, ...sizes] = window.shape;
  const appended = namedScope("window", () => {
    const newest = reshape(next, [1, ...sizes]);
    return T === 1 ? newest : concat([sliceAxis(window, 0, 1, T - 1), newest], 0);
  });
  return { frames: next, "state/window": appended };
}

/** One step from the whole window: `frames` `[B, X, Y, Z, C]`. */
export function forecastProgram(config: WalrusConfig): Traced<WalrusShape> {
  return {
    types: (shape) => stepTypes(config, shape),
    trace(parameters, inputs, shape) {
      const tensors = stepTensors(inputs, shape);
      return advanced(tensors.window, nextFrame(parameters, tensors, config, gridOf(shape)));
    },
  };
}

/** Types of what the first step leaves to the others. */
function cacheTypes(config: WalrusConfig, shape: WalrusShape): Record<string, Type> {
  const { keys, values } = cacheSignature(config, shape, gridOf(shape));
  const types = signatureOf({ keys, values, statistics: statisticsSignature(shape) });
  return withPrefix("state/", Object.fromEntries(types));
}

/**
 * A first step that fills the KV cache, and later ones that compute the newest frame alone; undefined for a network
 * that is not causal in time.
 */
export function cachePrograms(
  config: WalrusConfig,
): { prefill: Traced<WalrusShape>; decode: Traced<WalrusShape> } | undefined {
  if (!config.causal) return undefined;
  const cached = ({ keys, values }: Record<"keys" | "values", Named<Tensor>>) => ({
    ...withPrefix("state/keys/", keys),
    ...withPrefix("state/values/", values),
  });
  return {
    prefill: {
      types: (shape) => ({ ...stepTypes(config, shape), ...cacheTypes(config, shape) }),
      trace(parameters, inputs, shape) {
        const tensors = stepTensors(inputs, shape);
        const { next, statistics, ...cache } = prefillStep(parameters, tensors, config, gridOf(shape));
        return {
          ...advanced(tensors.window, next),
          ...cached(cache),
          ...withPrefix("state/statistics/", { ...statistics }),
        };
      },
    },
    decode: {
      types: (shape) => ({
        // Scales of the data set came with the first step's statistics.
        ...stepTypes({ ...config, normalization: "rms" }, shape),
        ...cacheTypes(config, shape),
        newest: f32(shape.frames),
        buckets: { dtype: "i32", shape: [shape.frames] },
      }),
      trace(parameters, inputs, shape) {
        const tensors = stepTensors(inputs, shape);
        const own = {
          ...tensors,
          window: sliceAxis(tensors.window, 0, shape.frames - 1, 1),
          keys: under(inputs, "state/keys/"),
          values: under(inputs, "state/values/"),
          statistics: under(inputs, "state/statistics/") as unknown as Statistics,
          newest: inputs.newest!,
          buckets: inputs.buckets!,
        };
        const { next, ...cache } = decodeStep(parameters, own, config, gridOf(shape));
        return { ...advanced(tensors.window, next), ...cached(cache) };
      },
    },
  };
}

/** Types of the drop factors: none for the first block, which always keeps. */
function dropTypes(config: WalrusConfig, shape: WalrusShape): Record<string, Type> {
  const { frames: T, samples: B, channels: C, constants: Cc, training } = shape;
  const types: Record<string, Type> = {};
  if (training?.fieldDrop) types.fieldKeep = f32(B, C + Cc);
  for (let b = 1; training?.pathDrop && b < config.blocks; b++) {
    types[`pathKeep/time${b}`] = f32(T);
    types[`pathKeep/space${b}`] = f32(T, B);
  }
  return types;
}

/** Drop factors as the network takes them; blocks without factors keep. */
function dropsOf(inputs: Named<Tensor>, blocks: number): Pick<ModelOptions, "fieldKeep" | "pathKeep"> {
  const { fieldKeep } = inputs;
  const pathKeep = Array.from({ length: blocks }, (_, b) => {
    const [time, space] = [inputs[`pathKeep/time${b}`], inputs[`pathKeep/space${b}`]];
    return time && space ? { time, space } : undefined;
  });
  return { ...(fieldKeep ? { fieldKeep } : {}), pathKeep };
}

/** This micro-batch's share of the mean loss: `loss` `[]`. */
export function lossProgram(config: WalrusConfig): Traced<WalrusShape> {
  const trainingOf = ({ training }: WalrusShape) => {
    if (!training) throw new TypeError("Cannot make a loss: the shape was made without `training`");
    return training;
  };
  return {
    types(shape) {
      trainingOf(shape);
      const { samples, points, channels } = shape;
      return {
        ...stepTypes(config, shape),
        target: f32(1, samples, ...points, channels),
        ...dropTypes(config, shape),
      };
    },
    trace(parameters, inputs, shape) {
      const { loss, parts } = trainingOf(shape);
      const tensors = { ...stepTensors(inputs, shape), target: inputs.target! };
      const settings = { ...loss, multiplier: loss.multiplier / parts };
      const drops = dropsOf(inputs, config.blocks);
      return { loss: lossOf(parameters, tensors, config, gridOf(shape), settings, drops) };
    },
  };
}
