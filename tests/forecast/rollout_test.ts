// Forecasts against those the reference computed in float64, still and with given shifts; the promises of rollouts.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { componentCount } from "../../lib/data/components.ts";
import type { Sample, SampleField, SampleInfo } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import type { RolloutOptions } from "../../lib/forecast/rollout.ts";
import { persistence } from "../../lib/metrics/forecasters.ts";
import { score, vrmse } from "../../lib/metrics/score.ts";
import { meanScore } from "../../lib/metrics/skill.ts";
import { jitterFeeds, type Shifts } from "../../lib/models/walrus/geometry.ts";
import { gridOf, type WalrusShape } from "../../lib/models/walrus/shape.ts";
import { shared, sharedTest } from "../shared.ts";
import { readTensors } from "../tensors.ts";
import { CHECKPOINT, collect, EULER, framesOf, GRAY_SCOTT } from "./shipped.ts";

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

/** Numbers of a frame, component by component. */
function components(info: SampleInfo, values: readonly Float32Array[]): Float32Array[] {
  return info.fields.flatMap((field, i) => {
    const count = componentCount(info, field);
    return field.constant
      ? []
      : Array.from({ length: count }, (_, c) => values[i]!.filter((_, at) => at % count === c));
  });
}

/** Largest difference of a component over its largest magnitude; the wanted ones lie point after point. */
function worstComponent(got: readonly Float32Array[], wanted: Float32Array): number {
  let worst = 0;
  got.forEach((own, c) => {
    assert.equal(own.length, wanted.length / got.length);
    let [difference, scale] = [0, 0];
    own.forEach((value, p) => {
      const truth = wanted[p * got.length + c]!;
      difference = Math.max(difference, Math.abs(value - truth));
      scale = Math.max(scale, Math.abs(truth));
    });
    worst = Math.max(worst, difference / scale);
  });
  return worst;
}

/** Shifts of every step, in place of those that are drawn. */
function withShifts(shifts: readonly Shifts[]): NonNullable<RolloutOptions["stepInputs"]> {
  return (shape, { index }) =>
    Object.fromEntries(jitterFeeds(gridOf(shape as WalrusShape), shifts[index - 1]!));
}

sharedTest(
  "rollout() of the reference's small model equals its forecasts, still and with jitter",
  "models/walrus_mini",
  async (folder) => {
    const { cases } = JSON.parse(await Deno.readTextFile(`${folder}/expected.json`)) as {
      cases: ExpectedCase[];
    };
    const tensors = await readTensors(`${folder}/expected.safetensors`);
    using device = await wasm();
    using model = await loadModel(`${folder}/walrus_mini.safetensors`, { device });
    for (const { name, shifts, steps, ...item } of cases) {
      using file = await openData(shared(item.file.replace(/^shared\//, ""))!);
      const frames = Array.from({ length: item.frames_in }, (_, i) => item.start + i);
      const start = await (await file.split()).trajectory(item.trajectory).sample(frames);
      const found = await collect(model, start, {
        steps,
        draws: false,
        ...(shifts ? { stepInputs: withShifts(shifts) } : {}),
      });
      const { data } = tensors[name]!;
      const size = data.length / item.kept_steps.length;
      item.kept_steps.forEach((step, k) => {
        const own = components(start.info, found[step - 1]!);
        const worst = worstComponent(own, data.subarray(k * size, (k + 1) * size));
        const limit = Math.max(1e-5, 8 * item.floor_rel_f32);
        assert.ok(worst <= limit, `${name} step ${step}: ${worst}, wanted at most ${limit}`);
      });
    }
  },
);

Deno.test("rollout() gives the same forecast for the same seed on one thread and on three", async () => {
  const results: (readonly Float32Array[])[][] = [];
  for (const threads of [1, 3]) {
    using device = await wasm({ threads });
    using model = await loadModel(CHECKPOINT, { device });
    const start = await framesOf(GRAY_SCOTT, 2, 6);
    results.push(await collect(model, start, { steps: 2, seed: 7 }));
    const other = await collect(model, start, { steps: 1, seed: 8 });
    assert.notDeepEqual(other[0], results[0]![0]);
  }
  assert.deepEqual(results[0], results[1]);
});

Deno.test("rollout() beats persistence on the shipped samples at the first step", async () => {
  using device = await wasm();
  using model = await loadModel(CHECKPOINT, { device });
  for (const file of [EULER, GRAY_SCOTT]) {
    const start = await framesOf(file, 0, 6);
    const next = await framesOf(file, 6, 1);
    const { value } = await model.rollout(start, { steps: 1, draws: false }).next();
    const own = meanScore(vrmse(value!, next));
    const [kept] = await Array.fromAsync(persistence(start, 1));
    const persisted = meanScore(score(kept!, next));
    assert.ok(own < persisted, `${file}: ${own}, persistence ${persisted}`);
  }
});

Deno.test("rollout() gives frames as samples of the file's own fields and times", async () => {
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const start = await framesOf(EULER, 0, 3);
  const frames = await Array.fromAsync(model.rollout(start, { steps: 2, lead: 0.5 }));
  const last = start.times.at(-1)!;
  assert.deepEqual(frames.map(({ step, time, times }) => [step, time, ...times]), [
    [1, last + 0.5, last + 0.5],
    [2, last + 1, last + 1],
  ]);
  for (const { info, values } of frames) {
    assert.equal(info, start.info);
    assert.deepEqual(values.map((v) => v.length), start.values.map((v) => v.length / 3));
  }
});

/** A sample whose fields are others. */
function renamed(sample: Sample, fields: readonly SampleField[]): Sample {
  return { ...sample, info: { ...sample.info, fields } };
}

Deno.test("rollout() refuses bad options, unknown fields and grids, and stops when asked", async () => {
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const first = (sample: Sample, options: RolloutOptions) => model.rollout(sample, options).next();
  await assert.rejects(() => first(start, { steps: 0 }), /Steps of a rollout are 0/);
  await assert.rejects(() => first(start, { steps: 1, seed: -1 }), /Seed is -1/);
  const [A, B] = start.info.fields;
  const unknown = renamed(start, [A!, { ...B!, name: "vorticity" }]);
  await assert.rejects(() => first(unknown, { steps: 1 }), /no "vorticity"/);
  await assert.rejects(() => first(renamed(start, [A!, A!]), { steps: 1 }), /share column/);
  const { info } = start;
  const wide = { ...start, info: { ...info, grid: { ...info.grid, shape: [96, 64] } } };
  await assert.rejects(() => first(wide, { steps: 1, grid: "refuse" }), /96 points/);
  const refuse = () => {
    throw new RangeError("too much");
  };
  const other = await framesOf(GRAY_SCOTT, 0, 5);
  await assert.rejects(() => first(other, { steps: 1, admit: refuse }), /too much/);
  // What was refused to one is made for the next.
  const [refused, taken] = await Promise.allSettled([
    first(other, { steps: 1, admit: refuse }),
    first(other, { steps: 1 }),
  ]);
  assert.deepEqual([refused.status, taken.status], ["rejected", "fulfilled"]);
  const abort = new AbortController();
  const rollout = model.rollout(start, { steps: 5, signal: abort.signal });
  assert.equal((await rollout.next()).value?.step, 1);
  abort.abort();
  await assert.rejects(() => rollout.next(), { name: "AbortError" });
});

Deno.test("a rollout goes on after frames with the bits it would have had", async () => {
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const options = { steps: 8, seed: 3, draws: true };
  const whole = await Array.fromAsync(model.rollout(start, options));
  for (const count of [1, 7]) {
    const after = whole.slice(0, count);
    const rest = await Array.fromAsync(model.rollout(start, { ...options, after }));
    assert.deepEqual(rest, whole.slice(count));
  }
  assert.deepEqual(await Array.fromAsync(model.rollout(start, { ...options, after: whole })), []);
  const refused = (more: Partial<RolloutOptions>, message: RegExp) =>
    assert.rejects(Array.fromAsync(model.rollout(start, { ...options, ...more })), message);
  await refused({ after: whole.slice(1) }, /Frame 0 to go on after has step 2, wanted 1/);
  await refused({ after: whole.slice(0, 1), kvCache: true }, /what it kept of them is gone/);
});
