// Samples written and read again.

import assert from "node:assert/strict";
import type { SampleInfo } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import { writeSamples } from "../../lib/data/write_samples.ts";
import { openHdf5 } from "../../lib/io/hdf5.ts";

const info: SampleInfo = {
  dataset: "written",
  grid: {
    system: "cartesian",
    axes: ["x", "y"],
    shape: [2, 3],
    coordinates: [Float64Array.of(0, 0.1), Float64Array.of(0, 1 / 3, 0.9)],
  },
  boundaries: [["wall", "open"], ["periodic", "periodic"]],
  fields: [
    { name: "u", order: 1, constant: false },
    { name: "c", order: 0, constant: true },
  ],
  masked: false,
  scalars: { nu: 0.1, run: 1 },
};

const sample = (start: number, run: number) => ({
  info: { ...info, scalars: { nu: 0.1, run } },
  times: Float64Array.of(start, start + 1),
  values: [
    Float32Array.from({ length: 24 }, (_, i) => start + i),
    Float32Array.from({ length: 6 }, (_, i) => start - i),
  ],
});

Deno.test("writeSamples() writes several trajectories that read back equal", async () => {
  const samples = [sample(0, 1), sample(5, 2)];
  const bytes = await writeSamples(samples, { checkpoint: "walrus.safetensors", seed: 3 });
  using data = await openData(bytes);
  const split = await data.split();
  assert.equal(split.trajectories, 2);
  for (const [i, wanted] of samples.entries()) {
    const trajectory = split.trajectory(i);
    const { values, times } = await trajectory.sample([0, 1]);
    assert.deepEqual(trajectory.info, wanted.info);
    assert.deepEqual([values, times], [wanted.values, wanted.times]);
  }
  using file = await openHdf5(bytes);
  const { checkpoint, seed } = await file.attributes("/");
  assert.deepEqual([checkpoint, seed], ["walrus.safetensors", 3]);
  assert.deepEqual(data.warnings, []);
});

Deno.test("writeSamples() refuses what does not fit together", async () => {
  const first = sample(0, 1);
  await assert.rejects(writeSamples([]), /no samples/);
  await assert.rejects(
    writeSamples([first, { ...first, info: { ...info, dataset: "other" } }]),
    /number 1 differs from the first in grid or fields/,
  );
  await assert.rejects(
    writeSamples([{ ...first, values: [new Float32Array(3), first.values[1]!] }]),
    /Field "u" has 3 numbers, wanted 24/,
  );
  await assert.rejects(
    writeSamples([first, {
      ...first,
      times: Float64Array.of(0),
      values: [new Float32Array(12), first.values[1]!],
    }]),
    /frames, wanted 2 of equal length/,
  );
  const scattered = { ...info.grid, axes: ["point"], shape: [2] };
  await assert.rejects(writeSamples([{ ...first, info: { ...info, grid: scattered } }]), /scattered points/);
});
