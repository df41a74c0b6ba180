// The data side against The Well's own code: boundaries, windows, embedding in 3D, normalisation.

import assert from "node:assert/strict";
import { transformWindow } from "../../lib/data/augment.ts";
import { globalScales, readStatistics, sharedScale } from "../../lib/data/statistics.ts";
import { openWell, type Well } from "../../lib/data/well.ts";
import { largestStride, locateWindow, rolloutCut, type Window, windowCount } from "../../lib/data/window.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import { add, permute, sliceAxis } from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import { denormalizeDelta, normalize, windowStatistics } from "../../lib/models/walrus/normalize.ts";
import { fixture, shared, sharedTest } from "../shared.ts";
import { largestDifference, readTensors } from "../tensors.ts";

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(path));
}

async function checkBoundaries(folder: string): Promise<void> {
  const { cases } = await readJson(`${folder}/boundaries.json`);
  for (const [name, { decoded }] of Object.entries<{ decoded: number[][] }>(cases)) {
    using well = await openWell(`${folder}/boundary-cases/${name}/data/train/${name}.hdf5`);
    assert.deepEqual(well.metadata.boundaries, decoded, name);
  }
}

Deno.test("openWell() decodes every boundary case", () => checkBoundaries(fixture("golden-data")));
sharedTest("openWell() decodes every boundary case of the complete folder", "golden-data", checkBoundaries);

Deno.test("windowCount() and largestStride() equal the reference's tables", async () => {
  const { helpers } = await readJson(fixture("golden-data/windows.json"));
  for (const [steps, inputs, outputs, stride, count] of helpers.raw_steps_to_possible_sample_t0s) {
    assert.equal(windowCount(steps, inputs, outputs, stride), count, `${[steps, inputs, outputs, stride]}`);
  }
  for (const [from, steps, inputs, outputs, stride] of helpers.maximum_stride_for_initial_index) {
    assert.equal(largestStride(steps, from, inputs, outputs), stride, `${[from, steps, inputs, outputs]}`);
  }
});

interface Digest {
  readonly shape: number[];
  readonly sum: number;
  readonly abs_sum: number;
  readonly first: number[];
  readonly last: number[];
}

/** Real channels of frames without singleton axes, and their digest against the expected one. */
function checkDigest(values: Float32Array, mask: ArrayLike<number>, wanted: Digest, label: string): void {
  const channels = mask.length;
  const real = values.filter((_, i) => mask[i % channels] !== 0);
  assert.equal(real.length, wanted.shape.reduce((n, size) => n * size, 1), label);
  const sum = real.reduce((total, v) => total + v, 0);
  const absolute = real.reduce((total, v) => total + Math.abs(v), 0);
  assert.ok(
    Math.abs(sum - wanted.sum) <= 1e-9 * wanted.abs_sum,
    `${label}: sum ${sum}, wanted ${wanted.sum}`,
  );
  assert.ok(Math.abs(absolute - wanted.abs_sum) <= 1e-9 * wanted.abs_sum, label);
  assert.deepEqual([...real.subarray(0, wanted.first.length)], wanted.first.map(Math.fround), label);
  assert.deepEqual([...real.subarray(-wanted.last.length)], wanted.last.map(Math.fround), label);
}

interface SampleCase {
  readonly file_idx: number;
  readonly sample_idx: number;
  readonly time_idx: number;
  readonly index: number;
  readonly dt: number;
  readonly input_fields: Digest;
  readonly output_fields: Digest;
  readonly constant_fields: Digest | null;
  readonly constant_scalars: number[] | null;
  readonly boundary_conditions: number[][];
  readonly input_time_grid: number[];
}

sharedTest("windows of every sample data set equal the reference loader's", "golden-data", async (folder) => {
  const samples = shared("samples/datasets");
  assert.ok(samples);
  const { datasets } = await readJson(`${folder}/windows.json`);
  for (const item of datasets) {
    const { dataset, split, settings } = item;
    const { n_steps_input: inputs, n_steps_output: outputs } = settings;
    const stride = settings.min_dt_stride ?? 1;
    const data: string = `${samples}/${dataset}/data/${split}`;
    const files = [...Deno.readDirSync(data)].map((e) => e.name).sort();
    const label = `${dataset} ${split} ${JSON.stringify(settings)}`;
    const wells: Well[] = [];
    for (const file of files) wells.push(await openWell(`${data}/${file}`, { transforms: {} }));
    try {
      const shortest = Math.min(...wells.map((w) => w.metadata.steps));
      const whole = settings.full_trajectory_mode === true;
      const cut = whole
        ? rolloutCut(shortest, inputs, stride, 0, settings.max_rollout_steps)
        : { from: 0, outputs };
      const counts = wells.map((w) => ({
        trajectories: w.metadata.trajectories,
        windows: whole ? 1 : windowCount(w.metadata.steps, inputs, outputs, stride),
      }));
      const total = counts.reduce((n, c) => n + c.trajectories * c.windows, 0);
      // The reference fails on a file too short for one window; here it has none.
      if (item.len === undefined) {
        assert.ok(counts.some((c) => c.windows === 0), label);
        continue;
      }
      assert.equal(total, item.len, label);
      for (const sample of item.samples as SampleCase[]) {
        const place = locateWindow(sample.index, counts);
        const wanted = { file: sample.file_idx, trajectory: sample.sample_idx, from: sample.time_idx };
        assert.deepEqual(place, wanted, label);
        const trajectory = wells[place.file]!.trajectory(place.trajectory);
        const from = place.from + cut.from;
        const window = await trajectory.window({ from, length: inputs, stride });
        const after = await trajectory.window({ from: from + inputs * stride, length: cut.outputs, stride });
        checkDigest(window.frames, window.channelMask, sample.input_fields, `${label} ${sample.index} in`);
        checkDigest(after.frames, after.channelMask, sample.output_fields, `${label} ${sample.index} out`);
        if (sample.constant_fields) {
          const all = new Uint8Array(window.constantChannels.length).fill(1);
          checkDigest(window.constants, all, sample.constant_fields, `${label} constant`);
        }
        const dimensions = wells[place.file]!.metadata.axes.length;
        assert.deepEqual(window.boundaries.slice(0, dimensions), sample.boundary_conditions, label);
        const times = window.times.map((t) => t - window.times[0]!);
        assert.ok(largestDifference(times, sample.input_time_grid) < 1e-5, label);
        for (const [i, name] of item.constant_scalar_names.entries()) {
          assert.ok(Math.abs((await trajectory.scalar(name)) - sample.constant_scalars![i]!) < 1e-6, label);
        }
      }
    } finally {
      for (const well of wells) well[Symbol.dispose]();
    }
  }
});

async function checkInflation(folder: string): Promise<void> {
  const table = await readJson(`${folder}/inflate.json`);
  const tensors = await readTensors(`${folder}/inflate.safetensors`);
  const rotations = shared("golden-data/augmentation.json");
  const table3d = rotations ? (await readJson(rotations)).rotation_table_3d : null;
  using well = await openWell(`${folder}/${table.file}`, { transforms: table.field_transforms });
  const trajectory = well.trajectory(0);
  for (const item of table.cases) {
    if (item.rotation_index !== null && !table3d) continue;
    for (const [k, from] of table.indices.entries()) {
      const place = locateWindow(from, [{
        trajectories: well.metadata.trajectories,
        windows: windowCount(well.metadata.steps, table.n_steps_input, table.n_steps_output, 1),
      }]);
      const source = place.trajectory === 0 ? trajectory : well.trajectory(place.trajectory);
      const plain = await source.window({ from: place.from, length: table.n_steps_input });
      const symmetry = item.rotation_index === null ? null : table3d[item.rotation_index];
      const window: Window = symmetry
        ? transformWindow(plain, {
          permutation: symmetry.permutation,
          flip: symmetry.flip.map((f: number) => f !== 0),
        })
        : plain;
      const part = (name: string) => {
        const { data, shape } = tensors[`${item.key}/${name}`]!;
        const size = data.length / shape[0]!;
        return data.subarray(k * size, (k + 1) * size);
      };
      assert.deepEqual([...window.frames], [...part("input_fields")], `${item.key} frames`);
      assert.deepEqual([...window.constants], [...part("constant_fields")], `${item.key} constants`);
      assert.deepEqual(window.boundaries.flat(), [...part("boundary_conditions")], `${item.key} boundaries`);
      assert.deepEqual([...window.channelMask].map(Boolean), item.padded_field_mask, `${item.key} mask`);
      const names = window.constantChannels.map((name) => name.replace("zeros_like_", ""));
      assert.deepEqual([...window.channels, ...names], item.field_names, `${item.key} names`);
    }
  }
}

Deno.test("window() embeds 2D data in 3D as the reference does", () =>
  checkInflation(fixture("golden-data")));
sharedTest("window() does so under all 24 rotations", "golden-data", checkInflation);

async function checkNormalisation(folder: string): Promise<void> {
  const { revnorm } = await readJson(`${folder}/normalisation.json`);
  const tensors = await readTensors(`${folder}/normalisation.safetensors`);
  for (const { name, kind, eps } of revnorm) {
    const x = tensors[`${name}/x`]!;
    const y = tensors[`${name}/model_output`]!;
    const graph = trace({
      x: { dtype: "f32", shape: x.shape },
      y: { dtype: "f32", shape: y.shape },
    }, (inputs) => {
      const last = permute(inputs.x, [0, 1, 3, 4, 5, 2]);
      const s = windowStatistics(last, kind, eps);
      const close = (t: typeof last) => permute(t, [0, 1, 5, 2, 3, 4]);
      const increment = denormalizeDelta(permute(inputs.y, [0, 1, 3, 4, 5, 2]), s);
      return {
        sample_mean: close(s.mean),
        sample_std: close(s.std),
        delta_mean: close(s.deltaMean),
        delta_std: close(s.deltaStd),
        normalized: close(normalize(last, s)),
        next_state: close(add(sliceAxis(last, 0, -1, 1), increment)),
      };
    });
    const results = evaluate(graph, { x: x.data, y: y.data });
    for (const [output, values] of Object.entries(results)) {
      const wanted = tensors[`${name}/${output}`]!.data;
      const scale = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
      // The reference ran in f32: an offset of 300 with deviation 1 loses 3e-5 of a normalised value, and the
      // constant channel divides the rounding of its mean by the smallest deviation.
      const amplified = kind === "meanstd" && output !== "sample_mean" && output !== "next_state";
      const constantChannel = kind === "meanstd" && output === "normalized";
      const compared = constantChannel
        ? values.map((v, i) => isConstantChannel(i, x.shape) ? wanted[i]! : v)
        : values;
      const difference = largestDifference(compared, wanted) / scale;
      assert.ok(difference <= (amplified ? 1e-4 : 1e-6), `${name} ${output}: ${difference}`);
    }
  }
}

/** Whether an element of `[T, B, C, x, y, z]` lies in the last channel, which is constant in these cases. */
function isConstantChannel(index: number, shape: readonly number[]): boolean {
  const points = shape[3]! * shape[4]! * shape[5]!;
  return Math.floor(index / points) % shape[2]! === shape[2]! - 1;
}

Deno.test("windowStatistics() equals the reference's reversible normalisation", () =>
  checkNormalisation(fixture("golden-data")));

Deno.test("globalScales() follows the rule for vectors", async () => {
  const { global_vector_rule: rule } = await readJson(fixture("golden-data/normalisation.json"));
  assert.ok(rule);
  assert.equal(sharedScale([3, 4], 3), 5 / Math.sqrt(3));
  assert.equal(sharedScale(2, 1), 2);
});

sharedTest(
  "globalScales() reads the stats.yaml of every sample data set",
  "samples/datasets",
  async (folder) => {
    for (const { name } of Deno.readDirSync(folder)) {
      const statistics = await readStatistics(`${folder}/${name}/stats.yaml`);
      const file = [...Deno.readDirSync(`${folder}/${name}/data/test`)][0]!.name;
      using well = await openWell(`${folder}/${name}/data/test/${file}`, { transforms: {} });
      const length = Math.min(3, well.metadata.steps);
      const window = await well.trajectory(0).window({ from: 0, length });
      const { std, deltaStd } = globalScales(statistics, window);
      assert.equal(std.length, window.channels.length + window.constantChannels.length);
      assert.ok([...std, ...deltaStd].every((v) => v > 0 && Number.isFinite(v)), name);
    }
  },
);
