// Numbers of a checkpoint's tensors as a device wants them, piece by piece; what is not finite is refused by name.

import { narrowToHalf } from "../io/numbers.ts";
import type { Checkpoint, StoredTensor } from "../io/stored_tensor.ts";
import { notFiniteFp16 } from "../ir/types.ts";

const FLOATING = new Set(["f64", "f32", "f16", "bf16"]);

/**
 * Checks that all tensors of a checkpoint hold floating-point numbers.
 *
 * @throws TypeError naming the file and the first tensor that does not
 */
export function checkFloating(checkpoint: Checkpoint): void {
  for (const [name, { dtype }] of checkpoint.tensors) {
    if (FLOATING.has(dtype)) continue;
    throw new TypeError(
      `Checkpoint "${checkpoint.name}" does not fit the configuration: "${name}" has type ${dtype}, ` +
        "wanted floating-point numbers",
    );
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
 * Reads numbers of a tensor as fp16: their stored bits where they are fp16, rounded to nearest where not.
 *
 * @param checkpoint for messages
 * @param tensor as opened
 * @param from first element, 0 unless given
 * @param to element after the last, the tensor's end unless given
 * @throws RangeError naming the tensor, the first element that is no finite fp16 number and its value
 */
export async function readFp16Weight(
  checkpoint: Checkpoint,
  tensor: StoredTensor,
  from = 0,
  to?: number,
): Promise<Uint16Array> {
  const isFp16 = tensor.dtype === "f16" && tensor.readBits !== undefined;
  const bits = isFp16
    ? await tensor.readBits!(from, to)
    : narrowToHalf(await readWeight(checkpoint, tensor, from, to));
  const bad = notFiniteFp16(bits);
  if (bad >= 0) {
    const [value = NaN] = await tensor.read(from + bad, from + bad + 1);
    throw notFinite(checkpoint, tensor, from + bad, value, isFp16 ? "" : " within half precision");
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
  write: (data: Float32Array | Uint16Array, from: number) => void | Promise<void>,
): Promise<void> {
  const elements = tensor.shape.reduce((n, size) => n * size, 1);
  const read = dtype === "f16" ? readFp16Weight : readWeight;
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
  write: (rows: Quantized, row: number) => void | Promise<void>,
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
