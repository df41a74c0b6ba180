// Section F: checkpoints, good and hostile. Each file must load, and then reproduce the forward pass, or be
// refused, as the case says.

import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { checkFloating, readWeight } from "../../lib/weights/read.ts";
import { checkShapes } from "../../lib/models/check_shapes.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { configOf, type GoldenCase, type Numbers } from "./golden.ts";
import { forward } from "./models.ts";
import { type Check, need } from "./modules.ts";

/** All weights of a checkpoint, checked against the case's configuration. */
async function load(path: string, golden: GoldenCase): Promise<Record<string, Numbers>> {
  using checkpoint = await openCheckpoint(path);
  const shapes = new Map([...checkpoint.tensors].map(([name, { shape }]) => [name, shape] as const));
  checkShapes(shapes, walrusModel(configOf(golden)).parameters, path);
  checkFloating(checkpoint);
  const weights: Record<string, Numbers> = {};
  for (const [name, tensor] of checkpoint.tensors) {
    weights[name] = { shape: tensor.shape, data: await readWeight(checkpoint, tensor) };
  }
  return weights;
}

/** Largest difference of two arrays. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/**
 * The check of a case with files.
 *
 * @param folder of the golden vectors
 */
export function checkpoints(folder: string): Check {
  return async (golden, tensors, _, backend) => {
    const results: Record<string, ArrayLike<number>> = {};
    for (const { file, expect, forward: output, why } of golden.files ?? []) {
      let weights: Record<string, Numbers> | null = null;
      try {
        weights = await load(`${folder}/${file}`, golden);
      } catch (error) {
        const clear = error instanceof SyntaxError || error instanceof TypeError ||
          error instanceof RangeError;
        if (expect === "load" || !clear) {
          throw new Error(`${file} (${why}): ${(error as Error).message}`, { cause: error });
        }
      }
      if (weights && expect === "reject") throw new Error(`${file} was read, wanted a refusal: ${why}`);
      if (!weights || !output) continue;
      const { y } = await forward({ ...golden, outputs: {} }, need(tensors, "x"), weights, backend);
      // Of several files with the same weights the one furthest from the expected numbers counts.
      const wanted = need(tensors, output).data;
      const known = results[output];
      if (!known || difference(y!, wanted) > difference(known, wanted)) results[output] = y!;
    }
    return results;
  };
}
