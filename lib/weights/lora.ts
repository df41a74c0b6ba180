// Low-rank adapters (Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022): a linear map W keeps
// its values and gets a trained B A of small rank beside it. What is multiplied with W is multiplied with the factors;
// only where W itself is read (kernels of convolutions) their product is made, there, so that rematerialisation makes
// it again instead of keeping it.

import { PURPOSES, uniformNumbers } from "../random/philox.ts";
import { add, cast, contract, mul, reshape } from "../ir/tensor.ts";
import { type Shape, sizeOf } from "../ir/types.ts";
import type { AdaptedMatrix, Parameters } from "../nn/parameters.ts";

/** Which linear maps get adapters, and of which kind. */
export interface LoraSettings {
  /** Columns of B, rows of A. */
  readonly rank: number;
  /** B A is scaled by alpha / rank. */
  readonly alpha: number;
  /** Whether a tensor gets one; only tensors of two or more axes can. */
  readonly adapts: (name: string) => boolean;
}

/** Names of the two factors. */
export function adapterNames(name: string): { a: string; b: string } {
  return { a: `${name}.lora_a`, b: `${name}.lora_b` };
}

/** Whether a tensor is a factor of an adapter. */
export function isAdapter(name: string): boolean {
  return /\.lora_[ab]$/.test(name);
}

/** A map `[out, in]` of a tensor `[out, ..]`. */
function matrixSize(shape: Shape): [number, number] {
  return [shape[0]!, sizeOf(shape.slice(1))];
}

/** Whether a tensor gets an adapter: one that is requested, of two or more axes. */
function isAdapted(name: string, shape: Shape, { adapts }: LoraSettings): boolean {
  return shape.length > 1 && adapts(name);
}

/**
 * Shapes of the factors of all adapters.
 *
 * @param shapes of the network's tensors
 * @param settings rank and which maps
 * @throws RangeError for a rank that is no whole number from 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const settings = { rank: 2, alpha: 16, adapts: () => true };
 * const shapes = adapterShapes([["w", [8, 3]], ["bias", [8]]], settings);
 * assert.deepEqual([...shapes], [["w.lora_a", [2, 3]], ["w.lora_b", [8, 2]]]);
 * ```
 */
export function adapterShapes(
  shapes: Iterable<readonly [string, Shape]>,
  settings: LoraSettings,
): Map<string, Shape> {
  const { rank } = settings;
  if (!Number.isInteger(rank) || rank < 1) {
    throw new RangeError(`Rank of the adapters is ${rank}, wanted a whole number from 1`);
  }
  return new Map(
    [...shapes].filter(([name, shape]) => isAdapted(name, shape, settings)).flatMap(([name, shape]) => {
      const [out, width] = matrixSize(shape);
      const { a, b } = adapterNames(name);
      return [[a, [rank, width]], [b, [out, rank]]] as const;
    }),
  );
}

/** Start values: A uniform within 1 / sqrt(in), B zero, so that training starts from the network as it is. */
export function initialAdapters(
  shapes: ReadonlyMap<string, Shape>,
  seed: number,
): Map<string, Float32Array> {
  return new Map([...shapes].map(([name, shape], i) => {
    const count = sizeOf(shape);
    if (name.endsWith(".lora_b")) return [name, new Float32Array(count)];
    const bound = 1 / Math.sqrt(shape[1]!);
    // Streams beyond those of the network's own tensors.
    const draws = uniformNumbers(count, seed, 2 ** 31 + i, PURPOSES.weights);
    return [name, Float32Array.from(draws, (u) => bound * (2 * u - 1))];
  }));
}

/**
 * Parameters with adapters applied, each made when it is requested, in the scope of the asker.
 *
 * @param parameters tensors of the network and factors of adapters
 * @param shapes of the network's tensors
 * @param settings alpha, rank and which maps
 */
export function withAdapters(
  parameters: Parameters,
  shapes: ReadonlyMap<string, Shape>,
  settings: LoraSettings,
): Parameters {
  const scale = settings.alpha / settings.rank;
  const adapted = (name: string): AdaptedMatrix | null => {
    const shape = shapes.get(name);
    if (isAdapter(name) || !shape || !isAdapted(name, shape, settings)) return null;
    const { a, b } = adapterNames(name);
    return { matrix: parameters(name), down: parameters(a), up: parameters(b), scale };
  };
  const merged = (name: string) => {
    const parts = adapted(name);
    if (!parts) return parameters(name);
    const { matrix, down, up } = parts;
    return add(cast(matrix, "f32"), mul(reshape(contract("or,ri->oi", up, down), matrix.shape), scale));
  };
  return Object.assign(merged, { adapted });
}

/**
 * Weights with their adapters merged in: a plain network.
 *
 * @param weights tensors of the network and factors
 * @param shapes of the network's tensors
 * @param settings alpha and rank
 * @returns tensors of the network only
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const settings = { rank: 1, alpha: 2, adapts: () => true };
 * const weights = new Map([
 *   ["w", Float32Array.of(0, 0)],
 *   ["w.lora_a", Float32Array.of(1, 2)],
 *   ["w.lora_b", Float32Array.of(10)],
 * ]);
 * assert.deepEqual([...mergeAdapters(weights, new Map([["w", [1, 2]]]), settings).get("w")!], [20, 40]);
 * ```
 */
export function mergeAdapters(
  weights: ReadonlyMap<string, Float32Array>,
  shapes: ReadonlyMap<string, Shape>,
  { alpha, rank }: LoraSettings,
): Map<string, Float32Array> {
  const merged = new Map<string, Float32Array>();
  for (const [name, weight] of weights) {
    if (isAdapter(name)) continue;
    const names = adapterNames(name);
    const [down, up] = [weights.get(names.a), weights.get(names.b)];
    if (!down || !up) {
      merged.set(name, weight);
      continue;
    }
    const [out, width] = matrixSize(shapes.get(name)!);
    const result = weight.slice();
    const row = new Float64Array(width);
    for (let o = 0; o < out; o++) {
      row.fill(0);
      for (let r = 0; r < rank; r++) {
        const factor = up[o * rank + r]!;
        for (let i = 0; i < width; i++) row[i]! += factor * down[r * width + i]!;
      }
      for (let i = 0; i < width; i++) {
        result[o * width + i] = weight[o * width + i]! + row[i]! * (alpha / rank);
      }
    }
    merged.set(name, result);
  }
  return merged;
}
