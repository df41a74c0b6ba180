// Tensors of a network by name, requested one by one: what is not requested is never loaded, and what stands behind a
// name (numbers of 16 or 8 bits, a matrix with an adapter) is the giver's business.

import type { Tensor } from "../ir/node.ts";
import { cast, input, mul, reshape } from "../ir/tensor.ts";
import { withScope } from "../ir/trace.ts";
import { at, type DType, type Shape } from "../ir/types.ts";

/** A matrix of 8-bit numbers: row `o` is `matrix[o] * scale[o]`. */
export interface QuantizedMatrix {
  /** `[o, ..]`, i8. */
  readonly matrix: Tensor;
  /** `[o]`, f32. */
  readonly scale: Tensor;
}

/** A matrix with a product of small rank beside it: it is `matrix + scale up down`. */
export interface AdaptedMatrix {
  /** `[o, ..]`. */
  readonly matrix: Tensor;
  /** `[rank, ..]`, the other axes as those of the matrix in one. */
  readonly down: Tensor;
  /** `[o, rank]`. */
  readonly up: Tensor;
  /** Factor of the product. */
  readonly scale: number;
}

/** Tensors of a network by the checkpoint's names; only what is requested becomes an input of the program. */
export interface Parameters {
  /**
   * The tensor, in numbers that ops can compute with.
   *
   * @throws TypeError naming one that is missing
   */
  (name: string): Tensor;
  /**
   * The same as it is stored where it is kept as 8-bit numbers, null where not: `linear` scales its results instead.
   */
  readonly quantized?: (name: string) => QuantizedMatrix | null;
  /** The parts of a matrix that has an adapter, null where it has none: `linear` takes products with each. */
  readonly adapted?: (name: string) => AdaptedMatrix | null;
}

/** Tensors by name. */
export type ParameterRecord = Readonly<Record<string, Tensor>>;

/** Name of the scales `[o]` of a matrix of 8-bit numbers. */
export function scaleName(matrix: string): string {
  return `${matrix}.scale`;
}

/** The matrix that 8-bit numbers stand for. */
function widened({ matrix, scale }: QuantizedMatrix): Tensor {
  const rows = [at(matrix.shape, 0), ...matrix.shape.slice(1).map(() => 1)];
  return mul(cast(matrix, "f32"), reshape(scale, rows));
}

/** Parameters of whatever finds tensors and the scales of some. */
function parametersFrom(
  find: (name: string) => Tensor | undefined,
  scaleOf: (name: string) => Tensor | undefined,
): Parameters {
  const stored = (name: string): Tensor => {
    const tensor = find(name);
    if (!tensor) throw new TypeError(`Parameter "${name}" is missing`);
    return tensor;
  };
  const quantized = (name: string) => {
    const scale = scaleOf(name);
    return scale ? { matrix: stored(name), scale } : null;
  };
  const get = (name: string) => {
    const small = quantized(name);
    return small ? widened(small) : stored(name);
  };
  return Object.assign(get, { quantized });
}

/**
 * Parameters that exist already.
 *
 * @param record tensors by name; a matrix of 8-bit numbers has its scales beside it, see {@link scaleName}
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * const graph = trace({ w: { dtype: "f32", shape: [1] } } as const, ({ w }) => {
 *   const parameters = recordParameters({ weight: w });
 *   assert.throws(() => parameters("bias"), /"bias" is missing/);
 *   return { w: parameters("weight") };
 * });
 * assert.deepEqual([...graph.inputs.keys()], ["w"]);
 * ```
 */
export function recordParameters(record: ParameterRecord): Parameters {
  return parametersFrom((name) => record[name], (name) => record[scaleName(name)]);
}

/**
 * Parameters that become inputs `params/NAME` of the program being traced as they are requested, scales of 8-bit
 * numbers as `params/NAME.scale`.
 *
 * @param shapes of the network's tensors
 * @param dtypeOf number type that a tensor is stored as
 * @param path in front of the names
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { trace } from "../ir/trace.ts";
 * const shapes = new Map([["weight", { shape: [2, 3] }], ["unused", { shape: [5] }]]);
 * const graph = trace({}, () => ({ w: inputParameters(shapes)("weight") }));
 * assert.deepEqual([...graph.inputs.keys()], ["params/weight"]); // Only what was requested.
 * ```
 */
export function inputParameters(
  shapes: ReadonlyMap<string, { readonly shape: Shape }>,
  dtypeOf: (name: string) => DType = () => "f32",
  path = "params/",
): Parameters {
  // Inputs belong to the program, not to the scope that first asks for them.
  const made = (name: string, dtype: DType, shape: Shape) =>
    withScope("", () => input(path + name, { dtype, shape }));
  const find = (name: string) => {
    const known = shapes.get(name);
    return known && made(name, dtypeOf(name), known.shape);
  };
  const scaleOf = (name: string) => {
    const known = dtypeOf(name) === "i8" ? shapes.get(name) : undefined;
    return known && made(scaleName(name), "f32", [at(known.shape, 0)]);
  };
  return parametersFrom(find, scaleOf);
}
