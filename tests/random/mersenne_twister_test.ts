// Draws of systems against the reference, the rotations, and statistics of whole splits.

import assert from "node:assert/strict";
import { computeStatistics } from "../../lib/data/compute_statistics.ts";
import { openData } from "../../lib/data/open_data.ts";
import { readStatistics } from "../../lib/data/statistics.ts";
import { determinant, ROTATIONS } from "../../lib/data/symmetry.ts";
import { systemSampler } from "../../lib/random/mersenne_twister.ts";
import { sharedTest } from "../shared.ts";

sharedTest("systemSampler() draws as the reference in every case", "golden-data", async (folder) => {
  const { cases } = JSON.parse(await Deno.readTextFile(`${folder}/sampler.json`));
  assert.equal(cases.length, 4);
  for (const { datasets, choices, ...from } of cases) {
    const draw = systemSampler(from, datasets);
    assert.deepEqual(choices.map(() => draw()), choices, JSON.stringify(from));
  }
});

sharedTest("ROTATIONS are the reference's 24", "golden-data", async (folder) => {
  const { rotation_table_3d: table } = JSON.parse(await Deno.readTextFile(`${folder}/augmentation.json`));
  const words = (permutation: readonly number[], flip: readonly unknown[]) =>
    `${permutation}|${flip.map(Number)}`;
  const wanted = new Set(
    table.map((r: { permutation: number[]; flip: number[] }) => words(r.permutation, r.flip)),
  );
  assert.equal(ROTATIONS.length, 24);
  assert.deepEqual(new Set(ROTATIONS.map((r) => words(r.permutation, r.flip))), wanted);
  assert.ok(ROTATIONS.every((r) => determinant(r) === 1));
});

sharedTest("computeStatistics() equals the stats.yaml of the samples", "samples/datasets", async (folder) => {
  let compared = 0;
  for (const { name } of Deno.readDirSync(folder)) {
    using data = await openData(`${folder}/${name}`);
    const computed = await computeStatistics(await data.split("train"));
    const wanted = await readStatistics(`${folder}/${name}/stats.yaml`);
    for (const [map, fields] of Object.entries(wanted)) {
      const own = computed[map as keyof typeof computed];
      assert.deepEqual(Object.keys(own).sort(), Object.keys(fields).sort(), `${name} ${map}`);
      for (const [field, value] of Object.entries(fields)) {
        const flat = (v: unknown): number[] => typeof v === "number" ? [v] : (v as unknown[]).flatMap(flat);
        const [got, expected] = [flat(own[field]), flat(value)];
        assert.equal(got.length, expected.length, `${name} ${map} ${field}`);
        // Means may be the small difference of large numbers.
        const scale = flat(wanted[map.endsWith("delta") ? "rms_delta" : "rms"][field]);
        expected.forEach((v, i) => {
          const error = Math.abs(v - got[i]!) / Math.max(Math.abs(v), scale[i]!);
          assert.ok(error < 1e-4, `${name} ${map} ${field} ${i}: ${got[i]}, wanted ${v}`);
          compared++;
        });
      }
    }
  }
  assert.ok(compared > 50);
});
