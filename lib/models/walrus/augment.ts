// Rotations of the samples of a micro-batch (training.md section 7).

import type { Sample } from "../../data/dataset.ts";
import { ROTATIONS } from "../../data/symmetry.ts";
import { transformSample } from "../../data/transform_sample.ts";
import type { RandomSource } from "../../random/random_source.ts";

/**
 * Turns the samples of a micro-batch by one of 24 rotations; samples that are not cartesian stay, and draw nothing.
 *
 * @param samples of one kind
 * @param random its draws of purpose `augmentation` go on where the strides ended
 */
export function rotated(samples: readonly Sample[], random: RandomSource): readonly Sample[] {
  if (samples[0]?.info.grid.system !== "cartesian") return samples;
  const symmetry = ROTATIONS[random.below("augmentation", ROTATIONS.length)]!;
  return samples.map((sample) => transformSample(sample, symmetry));
}
