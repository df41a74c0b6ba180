// Numbers of a checkpoint's tensors as arrays; what is not finite is refused by name.

import { narrowToHalf } from "../io/numbers.ts";
import type { Checkpoint, StoredTensor } from "../io/stored_tensor.ts";
import { notFiniteFp16 } from "../ir/types.ts";

/** Number types of weights. */
export const FLOATING: ReadonlySet<string> = new Set(["f64", "f32", "f16", "bf16"]);

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
  const bits = isFp16 ? await tensor.readBits!(from, to) : narrowToHalf(await tensor.read(from, to));
  const bad = notFiniteFp16(bits);
  if (bad >= 0) {
    const [value = NaN] = await tensor.read(from + bad, from + bad + 1);
    throw notFinite(
      checkpoint,
      tensor,
      from + bad,
      value,
      Number.isFinite(value) ? " within half precision" : "",
    );
  }
  return bits;
}
