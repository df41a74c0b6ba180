// The one way in which a predicted frame is scored against the true one (evaluation.md sections 1 and 4): component by
// component, hidden cells out of both, components that only an embedding added not at all.

import { componentNames, frameFromEnd, frameSize } from "../data/components.ts";
import type { Sample, SampleInfo } from "../data/dataset.ts";
import { applyTransform, type FieldTransforms, transformedName } from "../data/transforms.ts";
import { type FrameMetric, frameMetric } from "./frame.ts";

/** How a frame is scored. */
export interface ScoreOptions {
  /** VRMSE unless given. */
  readonly metric?: FrameMetric;
  /** Added to denominators, 1e-7 unless given; VRMSE and VMSE always use that. */
  readonly epsilon?: number;
  /** Which frame of the truth, the last unless given. */
  readonly frame?: number;
  /** Forms in which fields are compared: those in which a network predicts them. */
  readonly transforms?: FieldTransforms;
}

/**
 * Names of what is scored: components of the fields that vary, under the names of their transforms.
 *
 * @param info of the samples
 * @param transforms forms in which fields are compared
 */
export function scoredNames(info: SampleInfo, transforms: FieldTransforms = {}): string[] {
  return info.fields.flatMap((field) =>
    field.constant
      ? []
      : componentNames(info, { ...field, name: transformedName(field.name, transforms[field.name]) })
  );
}

/** Numbers with those of hidden points set to 0, whatever they were. */
function withoutHidden(values: Float32Array, hidden: Uint8Array | null, components: number): Float32Array {
  if (!hidden) return values;
  const out = values.slice();
  for (let i = 0; i < out.length; i++) if (hidden[Math.floor(i / components)]) out[i] = 0;
  return out;
}

/**
 * Scores of one frame, a number for each component of each field that varies.
 *
 * @param predicted the fields that vary in the order of the truth's: `[..points, ..components]`
 * @param truth a sample that holds the frame
 * @param options metric, epsilon, frame
 * @returns by component: `velocity_x`; NaN where a number is
 * @throws RangeError when sizes differ or the truth has no such frame
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const truth = await (await data.split()).trajectory(0).sample([5]);
 * assert.deepEqual(score(truth.values, truth), { A: 0, B: 0 });
 * ```
 */
export function score(
  predicted: readonly Float32Array[],
  truth: Sample,
  options: ScoreOptions = {},
): Record<string, number> {
  const { metric = "VRMSE", frame = truth.times.length - 1, transforms = {} } = options;
  if (!(frame >= 0 && frame < truth.times.length)) {
    throw new RangeError(`Cannot score frame ${frame}: the truth has ${truth.times.length}`);
  }
  const varying = [...truth.info.fields.entries()].filter(([, { constant }]) => !constant);
  if (predicted.length !== varying.length) {
    throw new RangeError(`Cannot score ${predicted.length} fields against ${varying.length} that vary`);
  }
  const scores: Record<string, number> = {};
  for (const [place, [i, field]] of varying.entries()) {
    const transform = transforms[field.name];
    const named = { ...field, name: transformedName(field.name, transform) };
    const names = componentNames(truth.info, named);
    const size = frameSize(truth.info, field);
    const values = truth.values[i]!.subarray(frame * size, (frame + 1) * size);
    const clean = (numbers: Float32Array) =>
      withoutHidden(
        transform ? applyTransform(numbers.slice(), transform) : numbers,
        truth.hidden,
        names.length,
      );
    if (predicted[place]!.length !== size) {
      throw new RangeError(
        `Cannot score ${predicted[place]!.length} numbers of "${field.name}", wanted ${size}`,
      );
    }
    const found = frameMetric(metric, clean(predicted[place]!), clean(values), names.length, options.epsilon);
    for (const [c, name] of names.entries()) if (truth.real?.[i]?.[c] !== 0) scores[name] = found[c]!;
  }
  return scores;
}

/**
 * Variance-scaled error of every component of a frame: the root of MSE / (variance of the truth + 1e-7). 1 is as good as
 * predicting the spatial mean.
 *
 * @param prediction one frame, as rollouts give it; of a sample of several the last
 * @param truth the true frame; of a sample of several the last
 * @returns component name to VRMSE; fields that stay the same and hidden cells do not count
 * @throws RangeError when fields or sizes differ
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * using data = await openData("examples/data/euler_quadrants_mini.hdf5");
 * const trajectory = (await data.split()).trajectory(0);
 * const [now, next] = [await trajectory.sample([0]), await trajectory.sample([1])];
 * const { momentum_x, momentum_y } = vrmse(now, next);
 * assert.ok(momentum_x! > 0 && momentum_x! < 1 && momentum_y! > 0);
 * ```
 */
export function vrmse(prediction: Sample, truth: Sample): Record<string, number> {
  return score(frameFromEnd(prediction, 0), truth);
}
