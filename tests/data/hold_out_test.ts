// What is kept apart shares no frame with what is learnt from, or there is nothing of the kind.

import assert from "node:assert/strict";
import type { Split, Trajectory } from "../../lib/data/dataset.ts";
import { holdOut } from "../../lib/data/hold_out.ts";
import { makeSplit } from "../../lib/data/make_split.ts";
import { openData } from "../../lib/data/open_data.ts";
import { inRepository } from "../shared.ts";

/** A split of the shipped trajectory and of shorter ones. */
async function splitOf(
  lengths: readonly number[],
  use: (split: Split) => void | Promise<void>,
): Promise<void> {
  using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
  const whole = (await data.split()).trajectory(0);
  const entries = lengths.map((steps, i) => ({
    kind: "",
    open: (): Trajectory => ({ ...whole, name: `trajectory ${i}`, steps }),
  }));
  await use(makeSplit("all", "gray", entries));
}

const stepsOf = (split: Split) =>
  Array.from({ length: split.trajectories }, (_, i) => split.trajectory(i).steps);

Deno.test("holdOut() keeps the frames at the end of a single trajectory from being predicted", () =>
  splitOf([13], async (split) => {
    const { train, held } = holdOut(split, 3)!;
    assert.deepEqual([stepsOf(train), stepsOf(held)], [[9], [6]]);
    const [own, whole] = [held.trajectory(0), split.trajectory(0)];
    // The first window is frames 7, 8 and the one it predicts, 9; training ends with 8.
    assert.deepEqual(await own.sample([0, 2, 5]), await whole.sample([7, 9, 12]));
    assert.deepEqual(await own.times(), (await whole.times()).slice(7, 13));
    assert.match(own.name, /trajectory 0, counted from its frame 7$/);
    assert.throws(() => train.trajectory(0).sample([9]), /is cut after 9 frames, frame 9 was asked for/);
    // One window of each at the least.
    const least = holdOut(split, 12)!;
    assert.deepEqual([stepsOf(least.train), stepsOf(least.held)], [[12], [12]]);
  }));

Deno.test("holdOut() keeps the last of several trajectories apart", () =>
  splitOf([9, 8, 7], (split) => {
    const { train, held } = holdOut(split, 7)!;
    assert.deepEqual([stepsOf(train), stepsOf(held)], [[9, 8], [7]]);
    assert.equal(held.trajectory(0), split.trajectory(2));
  }));

Deno.test("holdOut() gives nothing where frames are too few", async () => {
  await splitOf([13], (split) => assert.equal(holdOut(split, 13), null));
  await splitOf([9, 6], (split) => assert.equal(holdOut(split, 7), null));
});
