// Whether a checkpoint's tensors are those of a configuration, and what a checkpoint says about its configuration.

import { narrowToHalf } from "../io/numbers.ts";
import type { Checkpoint, StoredTensor } from "../io/stored_tensor.ts";
import { notFiniteHalf, type Shape } from "../ir/types.ts";
import type { RotaryKind, WalrusConfig } from "../walrus/config.ts";

const FLOATING = new Set(["f64", "f32", "f16", "bf16"]);

/** Some of a list of names, for messages. */
function few(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `"${name}"`).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/**
 * Checks names, shapes and number types of all tensors.
 *
 * @param checkpoint as opened
 * @param expected shape of every tensor of the network
 * @throws TypeError naming the file, the first tensors that do not fit and what was wanted
 */
export function checkWeights(checkpoint: Checkpoint, expected: ReadonlyMap<string, Shape>): void {
  const fail = (why: string): never => {
    throw new TypeError(`Checkpoint "${checkpoint.name}" does not fit the configuration: ${why}`);
  };
  const missing = [...expected.keys()].filter((name) => !checkpoint.tensors.has(name));
  if (missing.length > 0) fail(`it lacks ${few(missing)}`);
  const unknown = [...checkpoint.tensors.keys()].filter((name) => !expected.has(name));
  if (unknown.length > 0) fail(`the network has no ${few(unknown)}`);
  for (const [name, shape] of expected) {
    const tensor = checkpoint.tensors.get(name)!;
    if (!FLOATING.has(tensor.dtype)) {
      fail(`"${name}" has type ${tensor.dtype}, wanted floating-point numbers`);
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((n, i) => n !== shape[i])) {
      fail(`"${name}" has shape [${tensor.shape.join(", ")}], wanted [${shape.join(", ")}]`);
    }
  }
}

/**
 * Reads numbers of a tensor and refuses those that are not finite.
 *
 * @param checkpoint for messages
 * @param tensor as opened
 * @param from first element, 0 unless given
 * @param to element after the last, the tensor's end unless given
 * @throws RangeError naming the tensor, the first bad element and its value
 */
export async function readWeight(
  checkpoint: Checkpoint,
  tensor: StoredTensor,
  from = 0,
  to?: number,
): Promise<Float32Array> {
  const data = await tensor.read(from, to);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw notFinite(checkpoint, tensor, from + bad, data[bad]!);
  return data;
}

function notFinite(
  checkpoint: Checkpoint,
  tensor: StoredTensor,
  element: number,
  value: number,
  within = "",
): RangeError {
  return new RangeError(
    `Checkpoint "${checkpoint.name}": element ${element} of "${tensor.name}" is ${value}, wanted a finite number${within}`,
  );
}

/**
 * Reads numbers of a tensor as halves: their stored bits where they are halves, rounded to nearest where not.
 *
 * @param checkpoint for messages
 * @param tensor as opened
 * @param from first element, 0 unless given
 * @param to element after the last, the tensor's end unless given
 * @throws RangeError naming the tensor, the first element that is no finite half and its value
 */
export async function readHalfWeight(
  checkpoint: Checkpoint,
  tensor: StoredTensor,
  from = 0,
  to?: number,
): Promise<Uint16Array> {
  const isHalf = tensor.dtype === "f16" && tensor.readBits !== undefined;
  const bits = isHalf
    ? await tensor.readBits!(from, to)
    : narrowToHalf(await readWeight(checkpoint, tensor, from, to));
  const bad = notFiniteHalf(bits);
  if (bad >= 0) {
    const [value = NaN] = await tensor.read(from + bad, from + bad + 1);
    throw notFinite(checkpoint, tensor, from + bad, value, isHalf ? "" : " within half precision");
  }
  return bits;
}

/** Elements that are read at once: enough for the speed of a disk, little beside a tensor of a large model. */
export const PIECE = 2 ** 22;

/**
 * Reads a tensor piece by piece, so that no more than a piece of it lies in JavaScript's memory where its elements lie
 * in order.
 *
 * @param checkpoint for messages
 * @param tensor as opened
 * @param dtype what the pieces are
 * @param write takes the elements from `from` on
 * @throws RangeError naming the tensor and the first element that can not be kept so
 */
export async function streamWeight(
  checkpoint: Checkpoint,
  tensor: StoredTensor,
  dtype: "f32" | "f16",
  write: (data: Float32Array | Uint16Array, from: number) => Promise<void> | void,
): Promise<void> {
  const elements = tensor.shape.reduce((n, size) => n * size, 1);
  const read = dtype === "f16" ? readHalfWeight : readWeight;
  const step = tensor.contiguous ? PIECE : elements;
  for (let from = 0; from < elements; from += step) {
    await write(await read(checkpoint, tensor, from, Math.min(elements, from + step)), from);
  }
}

/** A matrix as 8-bit numbers: row r is `values[r] * scales[r]`. */
export interface Quantized {
  /** As many as the matrix has, between -127 and 127. */
  readonly values: Int8Array;
  /** One a row. */
  readonly scales: Float32Array;
}

/**
 * Rounds a matrix to 8 bits, row by row: the largest number of a row becomes 127 (symmetric quantisation, one scale an
 * output channel).
 *
 * @param matrix row after row
 * @param columns numbers of a row
 * @returns numbers that differ from the matrix by half a scale at most
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { values, scales } = quantizeRows(Float32Array.of(-12.7, 5.04, 0, 0), 2);
 * assert.deepEqual([...values], [-127, 50, 0, 0]);
 * assert.ok(Math.abs(scales[0]! - 0.1) < 1e-7 && scales[1] === 0);
 * ```
 */
export function quantizeRows(matrix: Float32Array, columns: number): Quantized {
  const scales = new Float32Array(matrix.length / columns);
  const values = new Int8Array(matrix.length);
  scales.forEach((_, row) => {
    const [from, to] = [row * columns, (row + 1) * columns];
    let largest = 0;
    for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(matrix[i]!));
    scales[row] = largest / 127;
    const factor = largest > 0 ? 127 / largest : 0;
    for (let i = from; i < to; i++) values[i] = Math.round(matrix[i]! * factor);
  });
  return { values, scales };
}

/**
 * Reads a matrix as 8-bit numbers, some rows at a time, as {@link streamWeight} does.
 *
 * @param checkpoint for messages
 * @param tensor as opened; its first axis counts rows
 * @param write takes the rows from `row` on
 * @throws RangeError naming the tensor and the first number that is not finite
 */
export async function streamQuantized(
  checkpoint: Checkpoint,
  tensor: StoredTensor,
  write: (rows: Quantized, row: number) => Promise<void> | void,
): Promise<void> {
  const [rows = 1, ...rest] = tensor.shape;
  const columns = rest.reduce((n, size) => n * size, 1);
  const step = tensor.contiguous ? Math.max(1, Math.floor(PIECE / columns)) : rows;
  for (let row = 0; row < rows; row += step) {
    const to = Math.min(rows, row + step);
    const matrix = await readWeight(checkpoint, tensor, row * columns, to * columns);
    await write(quantizeRows(matrix, columns), row);
  }
}

/**
 * The configuration with what finetuned checkpoints carry in their tensors: rotary frequencies of each axis and a
 * position table (model.md section 2).
 *
 * @param config from the configuration file
 * @param checkpoint as opened
 */
export function adaptToCheckpoint(config: WalrusConfig, checkpoint: Checkpoint): WalrusConfig {
  const frequencies = "blocks.0.space_mixing.rotary_emb.freqs";
  const perAxis = checkpoint.tensors.has(`${frequencies}.0`);
  const rotary: RotaryKind = perAxis ? "per_axis" : config.rotary === "per_axis" ? "shared" : config.rotary;
  const ape = checkpoint.tensors.get("ape")?.shape;
  const apeShape = ape?.length === 6 ? [ape[3]!, ape[4]!, ape[5]!] as const : null;
  return { ...config, rotary, apeShape };
}
