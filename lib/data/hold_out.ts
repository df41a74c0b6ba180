// Part of a split kept apart where the data themselves keep none: scores on what was learnt from say nothing.

import type { Split, Trajectory } from "./dataset.ts";
import { makeSplit } from "./make_split.ts";

/** Which part of a single trajectory is predicted to score, its end. */
const SHARE = 1 / 4;

/** Frames `from` to `to` (excluded) of a trajectory as one of its own. */
function part(whole: Trajectory, from: number, to: number): Trajectory {
  return {
    ...whole,
    name: from > 0 ? `${whole.name}, counted from its frame ${from}` : whole.name,
    steps: to - from,
    times: async () => (await whole.times()).slice(from, to),
    sample(frames) {
      const beyond = frames.find((frame) => frame >= to - from);
      if (beyond !== undefined) {
        throw new RangeError(`${whole.name} is cut after ${to - from} frames, frame ${beyond} was asked for`);
      }
      return whole.sample(frames.map((frame) => from + frame));
    },
  };
}

function splitOf(name: string, { dataset }: Split, entries: readonly [kind: string, Trajectory][]): Split {
  return makeSplit(name, dataset, entries.map(([kind, trajectory]) => ({ kind, open: () => trajectory })));
}

/**
 * Cuts a split in two: its last trajectory and the others, or, where it has one, the frames up to some frame and the
 * windows that predict a later one. No frame that is predicted in the one part occurs in the other.
 *
 * @param split to be cut
 * @param frames of a window: those it starts from and the one it predicts
 * @returns null where there are too few frames
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const whole = await data.split(); // 13 frames.
 * const { train, held } = holdOut(whole, 7)!;
 * assert.equal(train.trajectory(0).steps, 9);
 * assert.equal(held.trajectory(0).steps, 6 + 4); // What starts from frame 3 predicts frame 9.
 * ```
 */
export function holdOut(
  split: Split,
  frames: number,
): { readonly train: Split; readonly held: Split } | null {
  const all = Array.from(
    { length: split.trajectories },
    (_, i): [string, Trajectory] => [split.kind(i), split.trajectory(i)],
  );
  const [last] = all.slice(-1);
  if (!last) return null;
  const [kind, trajectory] = last;
  const { steps } = trajectory;
  const others = all.slice(0, -1);
  if (steps >= frames && others.some(([, { steps }]) => steps >= frames)) {
    return { train: splitOf(split.name, split, others), held: splitOf("held", split, [last]) };
  }
  const kept = Math.min(Math.ceil(steps * SHARE), steps - frames);
  if (others.length > 0 || kept < 1) return null;
  const cut = steps - kept;
  return {
    train: splitOf(split.name, split, [[kind, part(trajectory, 0, cut)]]),
    held: splitOf("held", split, [[kind, part(trajectory, cut - frames + 1, steps)]]),
  };
}
