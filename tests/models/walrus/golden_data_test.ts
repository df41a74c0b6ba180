// What the network makes of data, against The Well's own code: embedding in three axes, normalisation.

import assert from "node:assert/strict";
import { consecutive, placesOf } from "../../../lib/data/examples.ts";
import { openData } from "../../../lib/data/open_data.ts";
import { transformSample } from "../../../lib/data/transform_sample.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { add, permute, sliceAxis } from "../../../lib/ir/tensor.ts";
import { trace } from "../../../lib/ir/trace.ts";
import { embed, embeddingOf } from "../../../lib/models/walrus/embed.ts";
import { denormalizeDelta, normalize, windowStatistics } from "../../../lib/models/walrus/normalize.ts";
import { globalScales } from "../../../lib/models/walrus/scales.ts";
import { fixture, shared, sharedTest } from "../../shared.ts";
import { largestDifference, readTensors } from "../../tensors.ts";

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(path));
}

async function checkInflation(folder: string): Promise<void> {
  const table = await readJson(`${folder}/inflate.json`);
  const tensors = await readTensors(`${folder}/inflate.safetensors`);
  const rotations = shared("golden-data/augmentation.json");
  const table3d = rotations ? (await readJson(rotations)).rotation_table_3d : null;
  using data = await openData(`${folder}/${table.file}`);
  const split = await data.split();
  const places = placesOf(split, consecutive(table.n_steps_input + table.n_steps_output));
  for (const item of table.cases) {
    if (item.rotation_index !== null && !table3d) continue;
    for (const [k, index] of table.indices.entries()) {
      const { trajectory, frames } = places[index]!;
      const plain = await split.trajectory(trajectory).sample(frames.slice(0, table.n_steps_input));
      const symmetry = item.rotation_index === null ? null : table3d[item.rotation_index];
      const sample = symmetry
        ? transformSample(plain, {
          permutation: symmetry.permutation,
          flip: symmetry.flip.map((f: number) => f !== 0),
        })
        : plain;
      const { embedding, frames: numbers, constants } = embed(sample, table.field_transforms);
      const part = (name: string) => {
        const { data, shape } = tensors[`${item.key}/${name}`]!;
        const size = data.length / shape[0]!;
        return data.subarray(k * size, (k + 1) * size);
      };
      assert.deepEqual([...numbers], [...part("input_fields")], `${item.key} frames`);
      assert.deepEqual([...constants], [...part("constant_fields")], `${item.key} constants`);
      assert.deepEqual(
        embedding.boundaries.flat(),
        [...part("boundary_conditions")],
        `${item.key} boundaries`,
      );
      const { variable, constant } = embedding;
      assert.deepEqual([...variable.mask].map(Boolean), item.padded_field_mask, `${item.key} mask`);
      const names = constant.names.map((name) => name.replace("zeros_like_", ""));
      assert.deepEqual([...variable.names, ...names], item.field_names, `${item.key} names`);
    }
  }
}

Deno.test("embed() puts 2D data on three axes as the reference does", () =>
  checkInflation(fixture("golden-data")));
sharedTest("embed() does so under all 24 rotations", "golden-data", checkInflation);

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

/** Embedding of a scalar and a vector of the plane. */
const PLANE = embeddingOf({
  dataset: "plane",
  grid: {
    system: "cartesian",
    axes: ["x", "y"],
    shape: [2, 2],
    coordinates: [Float64Array.of(0, 1), Float64Array.of(0, 1)],
  },
  boundaries: [["open", "open"], ["open", "open"]],
  fields: [{ name: "v", order: 1, constant: false }, { name: "p", order: 0, constant: false }],
  masked: false,
  scalars: {},
}, {});

Deno.test("globalScales() follows the rule for vectors", async () => {
  const { global_vector_rule: rule } = await readJson(fixture("golden-data/normalisation.json"));
  assert.ok(rule);
  const scales = { v: [3, 4], p: 2 };
  const statistics = {
    mean: scales,
    std: scales,
    rms: scales,
    mean_delta: {},
    std_delta: {},
    rms_delta: scales,
  };
  const { std } = globalScales(statistics, PLANE, 1e-5);
  const shared = Math.fround(5 / Math.sqrt(3));
  assert.deepEqual([...std], [shared, shared, shared, 2]);
});

sharedTest(
  "globalScales() reads the stats.yaml of every sample data set",
  "samples/datasets",
  async (folder) => {
    for (const { name } of Deno.readDirSync(folder)) {
      using data = await openData(`${folder}/${name}`);
      const statistics = (await data.statistics())!;
      const { info } = (await data.split("test")).trajectory(0);
      const embedding = embeddingOf(info, {});
      const { std, deltaStd } = globalScales(statistics, embedding, 1e-5);
      assert.equal(std.length, embedding.variable.names.length + embedding.constant.names.length);
      assert.ok([...std, ...deltaStd].every((v) => v > 0 && Number.isFinite(v)), name);
    }
  },
);
