// What a mixture draws: every system alike, every window once a pass, the same after a resume.

import assert from "node:assert/strict";
import { openSplit, type Split } from "../../lib/data/split.ts";
import { systemSampler } from "../../lib/random/mersenne_twister.ts";
import { makeBatch } from "../../lib/train/batch.ts";
import { Mixture, type MixtureSettings } from "../../lib/train/mixture.ts";
import { RELEASED_CONFIG } from "../../lib/models/walrus/config.ts";
import { inRepository } from "../shared.ts";

const SETTINGS: MixtureSettings = { seed: 4, epochLength: 11, strides: [1, 5], rotate: true, limit: null };

async function splits(): Promise<Split[]> {
  const names = ["gray_scott_mini", "euler_quadrants_mini"];
  return await Promise.all(names.map((name) => openSplit([inRepository(`examples/data/${name}.hdf5`)])));
}

Deno.test("Mixture draws what it would have drawn after any number of micro-batches", async () => {
  const opened = await splits();
  try {
    const systems = opened.map((split) => ({ split, samples: 2, frames: 6 }));
    const whole = new Mixture(systems, SETTINGS);
    const plans = Array.from({ length: 60 }, () => whole.next());
    for (const from of [1, 10, 11, 37]) {
      const resumed = new Mixture(systems, SETTINGS);
      resumed.skip(from);
      assert.deepEqual(Array.from({ length: 60 - from }, () => resumed.next()), plans.slice(from));
    }
    // Each pseudo-epoch has the reference's draws.
    for (const epoch of [0, 1, 2]) {
      const draw = systemSampler({ epoch, seed: 4, rank: 0 }, 2);
      const own = plans.slice(11 * epoch, 11 * epoch + 11).map(({ system }) => system);
      assert.deepEqual(own, own.map(() => draw()));
    }
    assert.ok(plans.some(({ symmetry }) => symmetry !== null));
    assert.notDeepEqual(new Mixture(systems, { ...SETTINGS, seed: 5 }).next(), plans[0]);
  } finally {
    for (const split of opened) split[Symbol.dispose]();
  }
});

Deno.test("Mixture uses every window once a pass, with strides that fit", async () => {
  const opened = await splits();
  try {
    const split = opened[0]!;
    const mixture = new Mixture([{ split, samples: 1, frames: 6 }], SETTINGS);
    const total = split.places(6, 1).length;
    for (let pass = 0; pass < 3; pass++) {
      const seen = new Set<string>();
      const order: number[] = [];
      for (let i = 0; i < total; i++) {
        const { places: [place], strides: [stride] } = mixture.next();
        seen.add(JSON.stringify(place));
        order.push(place!.from);
        assert.ok(stride! >= 1 && stride! <= 5 && place!.from + 6 * stride! < split.steps(0));
      }
      assert.equal(seen.size, total);
      assert.notDeepEqual(order, [...order].sort((a, b) => a - b));
    }
    // A smaller choice of windows lies in a larger one.
    const chosen = (limit: number) => {
      const limited = new Mixture([{ split, samples: 1, frames: 6 }], { ...SETTINGS, limit });
      return new Set(Array.from({ length: limit }, () => JSON.stringify(limited.next().places[0])));
    };
    const [few, more] = [chosen(2), chosen(5)];
    assert.deepEqual([few.size, more.size], [2, 5]);
    assert.ok([...few].every((place) => more.has(place)));
  } finally {
    for (const split of opened) split[Symbol.dispose]();
  }
});

Deno.test("makeBatch() stacks windows frame by frame and turns planes into all three orientations", async () => {
  const opened = await splits();
  try {
    const systems = opened.map((split) => ({ split, samples: 2, frames: 3 }));
    const mixture = new Mixture(systems, SETTINGS);
    const thin = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const plan = mixture.next();
      const windows = await mixture.read(plan);
      const batch = makeBatch(windows, RELEASED_CONFIG, {
        seed: 1,
        index: i,
        source: mixture.describe(plan),
      });
      thin.add(batch.shape.points.indexOf(1));
      const size = windows[0]!.frames.length / 4;
      const { window, target } = batch.feeds;
      assert.equal(window!.length, 3 * 2 * size);
      // Frame 1 of sample 1, and the last frame of sample 0.
      const [a, b] = windows as [typeof windows[0], typeof windows[0]];
      assert.deepEqual(
        window!.subarray((1 * 2 + 1) * size, (1 * 2 + 2) * size),
        b.frames.subarray(size, 2 * size),
      );
      assert.deepEqual(target!.subarray(0, size), a.frames.subarray(3 * size));
    }
    assert.deepEqual([...thin].sort(), [0, 1, 2]);
  } finally {
    for (const split of opened) split[Symbol.dispose]();
  }
});
