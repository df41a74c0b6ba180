// The network's programs built by hand: parameters as a record, inputs nested by what they are, windows that are given
// anew for every step. What the interface traces is compared with these.

import type { Tensor } from "../../../lib/ir/node.ts";
import { type Graph, trace, type Tree } from "../../../lib/ir/trace.ts";
import { at, type DType, type Type } from "../../../lib/ir/types.ts";
import type { WalrusConfig } from "../../../lib/models/walrus/config.ts";
import type { Geometry } from "../../../lib/models/walrus/geometry.ts";
import {
  cacheSignature,
  decodeStep,
  type DecodeTensors,
  prefillStep,
  statisticsSignature,
} from "../../../lib/models/walrus/kv_cache.ts";
import { lossOf, type LossTensors } from "../../../lib/models/walrus/loss.ts";
import { jitterSignature, type ModelOptions } from "../../../lib/models/walrus/model.ts";
import { nextFrame, type StepTensors } from "../../../lib/models/walrus/next_frame.ts";
import { parameterShapes, scaleName } from "../../../lib/models/walrus/parameters.ts";
import type { StepShape, TrainingShape } from "../../../lib/models/walrus/shape.ts";
import { type ParameterRecord, recordParameters } from "../../../lib/nn/parameters.ts";

type Signature = Record<string, Tree<Type>>;
type TypeOf = (name: string) => DType;
type WithParameters<T> = T & { readonly params: ParameterRecord };

const f32 = (...shape: number[]): Type => ({ dtype: "f32", shape });

/** Types of a step's inputs; of the parameters those that a forecast of such data needs. */
export function stepSignature(
  config: WalrusConfig,
  shape: StepShape,
  geometry: Geometry,
  typeOf: TypeOf = () => "f32",
): Signature {
  const { frames: T, samples: B, points, channels: C, constants: Cc } = shape;
  const axes = geometry.filter(({ singleton }) => !singleton).length;
  const params = [...parameterShapes(config, [axes])].flatMap(([name, s]): [string, Type][] => {
    const dtype = typeOf(name);
    return [[name, { dtype, shape: s }], ...(dtype === "i8" ? [[scaleName(name), f32(at(s, 0))]] : [])] as [
      string,
      Type,
    ][];
  });
  return {
    params: Object.fromEntries(params),
    window: f32(T, B, ...points, C),
    fields: { dtype: "i32", shape: [C + Cc] },
    mask: f32(C),
    ...(Cc > 0 ? { constants: f32(B, ...points, Cc) } : {}),
    ...(shape.hidden ? { hidden: f32(...points) } : {}),
    ...(shape.jitter ? { jitter: jitterSignature(geometry, config.blocks) } : {}),
    ...(config.normalization === "global" ? { scales: { std: f32(C + Cc), deltaStd: f32(C + Cc) } } : {}),
  };
}

/** A forecast step: `next`. */
export function stepByHand(
  config: WalrusConfig,
  shape: StepShape,
  geometry: Geometry,
  typeOf?: TypeOf,
): Graph {
  return trace(stepSignature(config, shape, geometry, typeOf), (tensors) => {
    const inputs = tensors as unknown as WithParameters<StepTensors>;
    return { next: nextFrame(recordParameters(inputs.params), inputs, config, geometry) };
  });
}

/** A step that fills the KV cache: `next`, `keys`, `values`, `statistics`. */
export function prefillByHand(
  config: WalrusConfig,
  shape: StepShape,
  geometry: Geometry,
  typeOf?: TypeOf,
): Graph {
  const signature = {
    ...stepSignature(config, shape, geometry, typeOf),
    ...cacheSignature(config, shape, geometry),
  };
  return trace(signature, (tensors) => {
    const inputs = tensors as unknown as WithParameters<StepTensors>;
    const { statistics, ...step } = prefillStep(recordParameters(inputs.params), inputs, config, geometry);
    return { ...step, statistics: { ...statistics } };
  });
}

/** A step that reads the KV cache and the newest frame alone: `next`, `keys`, `values`. */
export function decodeByHand(
  config: WalrusConfig,
  shape: StepShape,
  geometry: Geometry,
  typeOf?: TypeOf,
): Graph {
  const { frames } = shape;
  const signature: Signature = {
    // Scales of the data set came with the first step's statistics.
    ...stepSignature({ ...config, normalization: "rms" }, { ...shape, frames: 1 }, geometry, typeOf),
    ...cacheSignature(config, shape, geometry),
    statistics: statisticsSignature(shape),
    newest: f32(frames),
    buckets: { dtype: "i32", shape: [frames] },
  };
  return trace(signature, (tensors) => {
    const inputs = tensors as unknown as WithParameters<DecodeTensors>;
    return { ...decodeStep(recordParameters(inputs.params), inputs, config, geometry) };
  });
}

/** Inputs of a loss. */
interface LossInputs extends LossTensors {
  readonly fieldKeep?: Tensor;
  /** `time1`, `space1`, ..: none for the first block, which always keeps. */
  readonly pathKeep?: Readonly<Record<string, Tensor>>;
}

/** Types of a loss's inputs. */
export function lossSignature(
  config: WalrusConfig,
  shape: StepShape,
  geometry: Geometry,
  { pathDrop, fieldDrop }: Pick<TrainingShape, "pathDrop" | "fieldDrop">,
): Signature {
  const { frames: T, samples: B, points, channels: C, constants: Cc } = shape;
  const pairs = Array.from(
    { length: config.blocks - 1 },
    (_, i) => [[`time${i + 1}`, f32(T)], [`space${i + 1}`, f32(T, B)]] as const,
  );
  return {
    ...stepSignature(config, shape, geometry),
    target: f32(1, B, ...points, C),
    ...(fieldDrop ? { fieldKeep: f32(B, C + Cc) } : {}),
    ...(pathDrop ? { pathKeep: Object.fromEntries(pairs.flat()) } : {}),
  };
}

/** The loss of one of `parts` micro-batches, from inputs of those types. */
export function lossByHand(
  tensors: unknown,
  config: WalrusConfig,
  geometry: Geometry,
  { parts, loss }: Pick<TrainingShape, "parts" | "loss">,
): Tensor {
  const inputs = tensors as WithParameters<LossInputs>;
  const { fieldKeep, pathKeep } = inputs;
  const pairs: ModelOptions["pathKeep"] = pathKeep && Array.from({ length: config.blocks }, (_, b) => {
    const [time, space] = [pathKeep[`time${b}`], pathKeep[`space${b}`]];
    return time && space ? { time, space } : undefined;
  });
  return lossOf(
    recordParameters(inputs.params),
    inputs,
    config,
    geometry,
    { ...loss, multiplier: loss.multiplier / parts },
    { ...(fieldKeep ? { fieldKeep } : {}), ...(pairs ? { pathKeep: pairs } : {}) },
  );
}
