// What a mixture draws: every system alike, every example once a pass, the same after a resume, and the very plans and
// numbers that commit b610147 drew (tests/fixtures/training).

import assert from "node:assert/strict";
import type { Sample, Split } from "../../lib/data/dataset.ts";
import { consecutive, placesOf } from "../../lib/data/examples.ts";
import { openData } from "../../lib/data/open_data.ts";
import type { Model } from "../../lib/models/model.ts";
import { RELEASED_CONFIG } from "../../lib/models/walrus/config.ts";
import type { WalrusShape } from "../../lib/models/walrus/shape.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { systemSampler } from "../../lib/random/mersenne_twister.ts";
import { makeBatch } from "../../lib/train/batch.ts";
import { Mixture, type MixtureSettings, type MixtureSystem, readPlan } from "../../lib/train/mixture.ts";
import { digest } from "../digest.ts";
import { fixture, inRepository } from "../shared.ts";

const SETTINGS: MixtureSettings = { seed: 4, epochLength: 11, strides: [1, 5], augment: true, limit: null };
const MODEL: Model<WalrusShape> = walrusModel({ ...RELEASED_CONFIG, blocks: 3, inputFieldDrop: 1 });
const GRAY_SCOTT = inRepository("examples/data/gray_scott_mini.hdf5");
const EULER = inRepository("examples/data/euler_quadrants_mini.hdf5");

/** The shipped simulations. */
async function openSplits(made: DisposableStack, ...files: string[][]): Promise<Split[]> {
  const splits: Split[] = [];
  for (const names of files) {
    const opened = made.use(await openData(names.length === 1 ? names[0]! : names));
    splits.push(await opened.split());
  }
  return splits;
}

Deno.test("Mixture draws what it would have drawn after any number of micro-batches", async () => {
  using made = new DisposableStack();
  const splits = await openSplits(made, [GRAY_SCOTT], [EULER]);
  const systems = splits.map((split) => ({ split, samples: 2, frames: 6 }));
  const whole = new Mixture(systems, SETTINGS, MODEL);
  const plans = Array.from({ length: 60 }, () => whole.next());
  for (const from of [1, 10, 11, 37]) {
    const resumed = new Mixture(systems, SETTINGS, MODEL);
    resumed.skip(from);
    assert.equal(resumed.index, from);
    assert.deepEqual(Array.from({ length: 60 - from }, () => resumed.next()), plans.slice(from));
  }
  // Each pseudo-epoch has the reference's draws.
  for (const epoch of [0, 1, 2]) {
    const draw = systemSampler({ epoch, seed: 4, rank: 0 }, 2);
    const own = plans.slice(11 * epoch, 11 * epoch + 11).map(({ system }) => system);
    assert.deepEqual(own, own.map(() => draw()));
  }
  assert.notDeepEqual(new Mixture(systems, { ...SETTINGS, seed: 5 }, MODEL).next(), plans[0]);
});

/** A split that records which frames are asked for, and reads nothing. */
function recording(split: Split, read: (trajectory: number, frames: readonly number[]) => void): Split {
  return {
    ...split,
    name: split.name,
    dataset: split.dataset,
    trajectories: split.trajectories,
    kind: (index) => split.kind(index),
    shard: (rank, size) => split.shard(rank, size),
    trajectory(index) {
      const { name, info, steps } = split.trajectory(index);
      return {
        name,
        info,
        steps,
        times: () => Promise.resolve(new Float64Array(steps)),
        sample: (frames): Promise<Sample> => {
          read(index, frames);
          const none = { ...info, fields: [] };
          return Promise.resolve({
            info: none,
            times: Float64Array.from(frames),
            values: [],
            hidden: null,
          });
        },
      };
    },
  };
}

Deno.test("Mixture uses every example once a pass, with strides that fit", async () => {
  using made = new DisposableStack();
  const [split] = await openSplits(made, [GRAY_SCOTT]);
  const { steps } = split!.trajectory(0);
  const read: (readonly number[])[] = [];
  const systems = [{ split: recording(split!, (_, frames) => read.push(frames)), samples: 1, frames: 6 }];
  const mixture = new Mixture(systems, SETTINGS, MODEL);
  const total = placesOf(split!, consecutive(7)).length;
  for (let pass = 0; pass < 3; pass++) {
    const seen = new Set<string>();
    const order: number[] = [];
    for (let i = 0; i < total; i++) {
      const plan = mixture.next();
      const [place] = plan.examples;
      seen.add(JSON.stringify(place));
      order.push(place!.frames[0]!);
      await readPlan(systems, plan, SETTINGS, { augment: (samples) => samples });
      const frames = read.pop()!;
      const stride = frames[1]! - frames[0]!;
      assert.deepEqual(frames, place!.frames.map((_, k) => place!.frames[0]! + k * stride));
      assert.ok(stride >= 1 && stride <= 5 && frames.at(-1)! < steps, `${frames}`);
      assert.match(mixture.describe(plan), new RegExp(`, frame ${frames[0]}, stride ${stride}$`));
    }
    assert.equal(seen.size, total);
    assert.notDeepEqual(order, [...order].sort((a, b) => a - b));
  }
  // A smaller choice of examples lies in a larger one.
  const chosen = (limit: number) => {
    const limited = new Mixture(systems, { ...SETTINGS, limit }, MODEL);
    return new Set(Array.from({ length: limit }, () => JSON.stringify(limited.next().examples[0])));
  };
  const [few, more] = [chosen(2), chosen(5)];
  assert.deepEqual([few.size, more.size], [2, 5]);
  assert.ok([...few].every((place) => more.has(place)));
});

/** System, trajectory and first frame of each example, strides, number of the rotation (-1: none). */
type Plan = readonly [
  system: number,
  places: readonly (readonly [number, number])[],
  strides: readonly number[],
  symmetry: number,
];

const EXPECTED: {
  readonly plans: Readonly<Record<string, readonly Plan[]>>;
  readonly batches: readonly string[];
  readonly words: readonly string[];
} = JSON.parse(await Deno.readTextFile(fixture("training/mixture.json")));

const SEEDS: Readonly<Record<string, MixtureSettings>> = {
  "seed 4": SETTINGS,
  "seed 9, strides from 2, without rotations": {
    seed: 9,
    epochLength: 5,
    strides: [2, 3],
    augment: false,
    limit: null,
  },
  "seed 2 to the 40th, few windows": {
    seed: 2 ** 40,
    epochLength: 2000,
    strides: [1, 1],
    augment: true,
    limit: 7,
  },
};

/** A system of two files, and one of another size of micro-batch and window. */
async function mixedSystems(made: DisposableStack): Promise<MixtureSystem[]> {
  const [twice, once] = await openSplits(made, [GRAY_SCOTT, GRAY_SCOTT], [EULER]);
  return [{ split: twice!, samples: 2, frames: 6 }, { split: once!, samples: 1, frames: 4 }];
}

Deno.test("Mixture draws the systems, places, strides and rotations of before", async () => {
  using made = new DisposableStack();
  let read: [number, readonly number[]][] = [];
  const systems = (await mixedSystems(made)).map((system) => ({
    ...system,
    split: recording(system.split, (trajectory, frames) => read.push([trajectory, frames])),
  }));
  assert.equal(systems[0]!.split.trajectories, 2);
  for (const [name, plans] of Object.entries(EXPECTED.plans)) {
    const settings = SEEDS[name]!;
    const mixture = new Mixture(systems, settings, MODEL);
    for (const [i, [system, places, strides, symmetry]] of plans.entries()) {
      read = [];
      let drawn = -1;
      const plan = mixture.next();
      await readPlan(systems, plan, settings, {
        augment(samples, random) {
          drawn = random.below("augmentation", 24);
          return samples;
        },
      });
      const { frames } = systems[system]!;
      const wanted = places.map(([trajectory, from], k) =>
        [trajectory, Array.from({ length: frames + 1 }, (_, t) => from + t * strides[k]!)] as const
      );
      assert.deepEqual([plan.system, read, drawn], [system, wanted, symmetry], `${name}, ${i}`);
    }
  }
});

Deno.test("makeBatch() of a mixture's plans gives the numbers of before", async () => {
  using made = new DisposableStack();
  const systems = await mixedSystems(made);
  const mixture = new Mixture(systems, SETTINGS, MODEL);
  const words: string[] = [];
  for (const [i, expected] of EXPECTED.batches.entries()) {
    const plan = mixture.next();
    words.push(mixture.describe(plan).replaceAll(inRepository(""), ""));
    const { inputs: { "state/window": window, ...inputs } } = makeBatch(await mixture.read(plan), MODEL, {
      seed: 1,
      index: plan.index,
      source: words.at(-1)!,
      frames: systems[plan.system]!.frames,
      parts: 1,
      loss: {},
    });
    assert.equal(await digest(Object.entries({ window: window!, ...inputs })), expected, `${i}`);
  }
  assert.deepEqual(words.slice(0, 2), EXPECTED.words);
});

Deno.test("makeBatch() stacks samples frame by frame and turns planes into all three orientations", async () => {
  using made = new DisposableStack();
  const splits = await openSplits(made, [GRAY_SCOTT], [EULER]);
  const systems = splits.map((split) => ({ split, samples: 2, frames: 3 }));
  const mixture = new Mixture(systems, SETTINGS, MODEL);
  const thin = new Set<number>();
  const options = { frames: 3, parts: 1, loss: {}, seed: 1 };
  for (let i = 0; i < 20; i++) {
    const plan = mixture.next();
    const samples = await mixture.read(plan);
    const batch = makeBatch(samples, MODEL, { ...options, index: i, source: mixture.describe(plan) });
    thin.add((batch.shape as WalrusShape).points.indexOf(1));
    // Of each sample alone.
    const [a, b] = samples.map((sample) =>
      makeBatch([sample], MODEL, { ...options, index: i, source: "one" })
    );
    const { "state/window": window, target } = batch.inputs;
    const size = a!.inputs.target!.length;
    assert.equal(window!.length, 3 * 2 * size);
    // Frame 1 of sample 1, and the last frame of sample 0.
    assert.deepEqual(
      window!.subarray((1 * 2 + 1) * size, (1 * 2 + 2) * size),
      b!.inputs["state/window"]!.subarray(size, 2 * size),
    );
    assert.deepEqual(target!.subarray(0, size), a!.inputs.target);
  }
  assert.deepEqual([...thin].sort(), [0, 1, 2]);
});
