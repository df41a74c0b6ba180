// Forecasts against those the oracle computed in float64, still and with given shifts; the promises of rollouts.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { openWell } from "../../lib/data/well.ts";
import type { Window } from "../../lib/data/window.ts";
import { drawShifts } from "../../lib/models/walrus/jitter.ts";
import { vrmse } from "../../lib/metrics/frame.ts";
import { randomStream } from "../../lib/random/philox.ts";
import type { RolloutOptions } from "../../lib/forecast/rollout.ts";
import { Walrus } from "../../lib/forecast/walrus.ts";
import { geometryOf, largestShift, type Shifts } from "../../lib/models/walrus/geometry.ts";
import { fixture, inRepository, shared, sharedTest } from "../shared.ts";
import { readTensors } from "../tensors.ts";

const CHECKPOINT = inRepository("examples/walrus_small/walrus.safetensors");

interface ExpectedCase {
  readonly name: string;
  readonly file: string;
  readonly trajectory: number;
  readonly start: number;
  readonly frames_in: number;
  readonly steps: number;
  readonly kept_steps: readonly number[];
  readonly shifts: readonly Shifts[] | null;
  readonly floor_rel_f32: number;
}

async function collect(model: Walrus, start: Window, options: RolloutOptions): Promise<Float32Array[]> {
  const frames: Float32Array[] = [];
  for await (const frame of model.rollout(start, options)) frames.push(frame.values);
  return frames;
}

/** Largest difference of a real channel over its largest magnitude. */
function worstChannel(start: Window, got: Float32Array, wanted: Float32Array): number {
  const real = [...start.channelMask.keys()].filter((c) => start.channelMask[c] === 1);
  const count = start.channels.length;
  let worst = 0;
  real.forEach((channel, k) => {
    let [difference, scale] = [0, 0];
    for (let p = 0; p * real.length < wanted.length; p++) {
      const truth = wanted[p * real.length + k]!;
      difference = Math.max(difference, Math.abs(got[p * count + channel]! - truth));
      scale = Math.max(scale, Math.abs(truth));
    }
    worst = Math.max(worst, difference / scale);
  });
  return worst;
}

sharedTest(
  "rollout() of the oracle's small model equals its forecasts, still and with jitter",
  "models/walrus_mini",
  async (folder) => {
    const { cases } = JSON.parse(await Deno.readTextFile(`${folder}/expected.json`)) as {
      cases: ExpectedCase[];
    };
    const tensors = await readTensors(`${folder}/expected.safetensors`);
    using device = await wasm();
    using model = await Walrus.load(`${folder}/walrus_mini.safetensors`, { device });
    for (const item of cases) {
      using well = await openWell(shared(item.file.replace(/^shared\//, ""))!);
      const start = await well.trajectory(item.trajectory).window({
        from: item.start,
        length: item.frames_in,
      });
      const shifts = item.shifts;
      const frames = await collect(model, start, {
        steps: item.steps,
        jitter: shifts !== null,
        ...(shifts ? { shifts: (step: number) => shifts[step - 1]! } : {}),
      });
      const { data } = tensors[item.name]!;
      const size = data.length / item.kept_steps.length;
      item.kept_steps.forEach((step, k) => {
        const worst = worstChannel(start, frames[step - 1]!, data.subarray(k * size, (k + 1) * size));
        const limit = Math.max(1e-5, 8 * item.floor_rel_f32);
        assert.ok(worst <= limit, `${item.name} step ${step}: ${worst}, wanted at most ${limit}`);
      });
    }
  },
);

Deno.test("rollout() gives the same forecast for the same seed on one thread and on three", async () => {
  const results: Float32Array[][] = [];
  for (const threads of [1, 3]) {
    using device = await wasm({ threads });
    using model = await Walrus.load(CHECKPOINT, { device });
    using well = await openWell(inRepository("examples/data/gray_scott_mini.hdf5"));
    const start = await well.trajectory(0).window({ from: 2, length: 6 });
    results.push(await collect(model, start, { steps: 2, seed: 7 }));
    const other = await collect(model, start, { steps: 1, seed: 8 });
    assert.notDeepEqual(other[0], results[0]![0]);
  }
  assert.deepEqual(results[0], results[1]);
});

Deno.test("rollout() beats persistence on the shipped samples at the first step", async () => {
  using device = await wasm();
  using model = await Walrus.load(CHECKPOINT, { device });
  for (const name of ["euler_quadrants_mini", "gray_scott_mini"]) {
    using well = await openWell(inRepository(`examples/data/${name}.hdf5`));
    const truth = well.trajectory(0);
    const start = await truth.window({ from: 0, length: 6 });
    const next = await truth.frame(6);
    const [values] = await collect(model, start, { steps: 1, jitter: false });
    const mean = (scores: Record<string, number>) =>
      Object.entries(scores).filter(([n]) => !n.endsWith("_z")).reduce(
        (sum, [, v], _, all) => sum + v / all.length,
        0,
      );
    const own = mean(vrmse({ values: values!, channels: start.channels }, next));
    const persistence = mean(vrmse(await truth.frame(5), next));
    assert.ok(own < persistence, `${name}: ${own}, persistence ${persistence}`);
  }
});

Deno.test("rollout() refuses bad options, unknown fields and grids, and stops when asked", async () => {
  using device = await wasm({ threads: 1 });
  using model = await Walrus.load(CHECKPOINT, { device });
  using well = await openWell(inRepository("examples/data/gray_scott_mini.hdf5"));
  const start = await well.trajectory(0).window({ from: 0, length: 6 });
  const first = (window: Window, options: RolloutOptions) => model.rollout(window, options).next();
  await assert.rejects(() => first(start, { steps: 0 }), /Steps of a rollout are 0/);
  await assert.rejects(() => first(start, { steps: 1, seed: -1 }), /Seed is -1/);
  await assert.rejects(
    () => first({ ...start, channels: ["A", "vorticity"] }, { steps: 1 }),
    /no "vorticity"/,
  );
  await assert.rejects(() => first({ ...start, channels: ["A", "A"] }, { steps: 1 }), /share column/);
  await assert.rejects(() => first({ ...start, shape: [96, 64, 1] }, { steps: 1 }), /96 points/);
  const refuse = () => {
    throw new RangeError("too much");
  };
  const other = await well.trajectory(0).window({ from: 0, length: 5 });
  await assert.rejects(() => first(other, { steps: 1, admit: refuse }), /too much/);
  const abort = new AbortController();
  const rollout = model.rollout(start, { steps: 5, signal: abort.signal });
  assert.equal((await rollout.next()).value?.step, 1);
  abort.abort();
  await assert.rejects(() => rollout.next(), { name: "AbortError" });
});

Deno.test("Walrus.load() refuses a checkpoint that does not fit its configuration", async () => {
  using device = await wasm({ threads: 1 });
  const load = (name: string) =>
    Walrus.load(fixture(`golden/checkpoints/${name}`), {
      device,
      config: fixture("golden/checkpoints/extended_config.yaml"),
    });
  await assert.rejects(() => load("wrong_shape.pt"), /attn_out.weight" has shape/);
  await assert.rejects(() => load("integer_weights.pt"), /floating-point/);
  (await load("walrus_bf16.pt"))[Symbol.dispose]();
});

Deno.test("drawShifts() stays within the released ranges and reaches their ends", () => {
  const open = [1, 1] as const;
  const geometry = geometryOf([128, 64, 1], [open, [2, 2], [2, 2]], true);
  const seen = new Set<number>();
  for (let step = 0; step < 2000; step++) {
    const { patch, blocks } = drawShifts(geometry, 2, randomStream(3, step));
    assert.ok(Math.abs(patch[0]) <= largestShift(geometry[0]) && Math.abs(patch[1]) <= 31 && patch[2] === 0);
    for (const roll of blocks) {
      assert.ok(roll[0] === 0 && roll[1] >= 0 && roll[1] < geometry[1].tokens && roll[2] === 0);
    }
    seen.add(patch[0]);
  }
  assert.equal(seen.size, 2 * largestShift(geometry[0]) + 1);
});
