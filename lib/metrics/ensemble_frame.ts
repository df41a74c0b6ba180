// An ensemble's frame counted against the true one: component by component, hidden cells left out, components that only
// an embedding added not at all, as single forecasts are scored.

import { componentNames, frameSize } from "../data/components.ts";
import type { Sample } from "../data/dataset.ts";
import { applyTransform, transformedName } from "../data/transforms.ts";
import { type EnsembleTally, tallyEnsemble } from "./ensemble.ts";
import type { ScoreOptions } from "./score.ts";

/** How a frame of an ensemble is counted. */
export interface EnsembleFrameOptions extends Pick<ScoreOptions, "frame" | "transforms"> {
  /** Seed of the draws by which ties with the truth are broken, 0 unless given. */
  readonly seed?: number;
  /** Which draws of that seed, such as the step of a rollout. */
  readonly stream?: number;
}

/**
 * Counts a frame of an ensemble.
 *
 * @param members of each, the fields that vary in the order of the truth's: `[..points, ..components]`
 * @param truth a sample that holds the frame
 * @param options which frame, forms in which fields are compared, seed of ties
 * @returns by component: `velocity_x`
 * @throws RangeError when sizes differ or the truth has no such frame
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const { values, ...sample } = await (await data.split()).trajectory(0).sample([5]);
 * const members = [-1, 1].map((d) => values.map((field) => field.map((v) => v + d)));
 * const { A } = tallyEnsembleFrame(members, { ...sample, values });
 * assert.deepEqual(A!.ranks, [0, 64 * 64, 0]);
 * ```
 */
export function tallyEnsembleFrame(
  members: readonly (readonly Float32Array[])[],
  truth: Sample,
  { frame = truth.times.length - 1, transforms = {}, seed = 0, stream = 0 }: EnsembleFrameOptions = {},
): Record<string, EnsembleTally> {
  if (!(frame >= 0 && frame < truth.times.length)) {
    throw new RangeError(`Cannot score frame ${frame}: the truth has ${truth.times.length}`);
  }
  const varying = [...truth.info.fields.entries()].filter(([, { constant }]) => !constant);
  const wrong = members.find(({ length }) => length !== varying.length);
  if (wrong) {
    throw new RangeError(`Cannot score ${wrong.length} fields against ${varying.length} that vary`);
  }
  const tallies: Record<string, EnsembleTally> = {};
  for (const [place, [i, field]] of varying.entries()) {
    const transform = transforms[field.name];
    const names = componentNames(truth.info, {
      ...field,
      name: transformedName(field.name, transform),
    });
    const size = frameSize(truth.info, field);
    const inForm = (values: Float32Array) => transform ? applyTransform(values.slice(), transform) : values;
    const own = members.map((fields) => inForm(fields[place]!));
    const values = inForm(truth.values[i]!.subarray(frame * size, (frame + 1) * size));
    for (const [channel, name] of names.entries()) {
      if (truth.real?.[i]?.[channel] === 0) continue;
      // Each component breaks its ties by draws of its own.
      const draws = stream * 256 + Object.keys(tallies).length;
      tallies[name] = tallyEnsemble(own, values, {
        channels: names.length,
        channel,
        hidden: truth.hidden,
        seed,
        stream: draws,
      });
    }
  }
  return tallies;
}
