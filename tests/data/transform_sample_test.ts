// All symmetries of the cube on scalars, vectors and matrices against The Well's own code.

import assert from "node:assert/strict";
import type { Boundary, Sample } from "../../lib/data/dataset.ts";
import { determinant, ROTATIONS } from "../../lib/data/symmetry.ts";
import { transformSample } from "../../lib/data/transform_sample.ts";
import { sharedTest } from "../shared.ts";
import { readTensors, type TestTensor } from "../tensors.ts";

const SIDES: readonly Boundary[] = ["wall", "open", "periodic"];
const FIELDS = [["scalar", 0], ["vector", 1], ["tensor", 2], ["const_scalar", 0], [
  "const_vector",
  1,
]] as const;

/** Both sides of three axes, of their codes. */
function sidesOf({ data }: TestTensor): (readonly [Boundary, Boundary])[] {
  return [0, 1, 2].map((i) => [SIDES[data[2 * i]!]!, SIDES[data[2 * i + 1]!]!] as const);
}

// 0 and -0 are the same value here.
const plain = (data: Float32Array) => data.map((v) => v + 0);

sharedTest("transformSample() equals the reference for all 48 symmetries", "golden-data", async (folder) => {
  const { symmetries } = JSON.parse(await Deno.readTextFile(`${folder}/augmentation.json`));
  const tensors = await readTensors(`${folder}/augmentation.safetensors`);
  const valuesOf = (prefix: string) => FIELDS.map(([name]) => tensors[`${prefix}/${name}`]!.data);
  const [T = 1, X = 1, Y = 1, Z = 1] = tensors["3d/input/scalar"]!.shape;
  const sample: Sample = {
    info: {
      dataset: "cube",
      grid: {
        system: "cartesian",
        axes: ["x", "y", "z"],
        shape: [X, Y, Z],
        coordinates: [X, Y, Z].map((n) => Float64Array.from({ length: n }, (_, i) => i)),
      },
      boundaries: sidesOf(tensors["3d/input/boundary_conditions"]!),
      fields: FIELDS.map(([name, order]) => ({ name, order, constant: name.startsWith("const_") })),
      masked: false,
      scalars: {},
    },
    times: new Float64Array(T),
    values: valuesOf("3d/input"),
    hidden: null,
  };
  let checked = 0;
  for (const { key, dims, permutation, flip, det } of symmetries) {
    if (dims !== 3) continue;
    const symmetry = { permutation, flip: flip.map((f: number) => f !== 0) };
    assert.equal(determinant(symmetry), det, key);
    const moved = transformSample(sample, symmetry);
    assert.deepEqual(moved.values.map(plain), valuesOf(key).map(plain), key);
    assert.deepEqual(moved.info.boundaries, sidesOf(tensors[`${key}/boundary_conditions`]!), key);
    assert.deepEqual(moved.info.grid.shape, permutation.map((axis: number) => [X, Y, Z][axis]), key);
    checked++;
  }
  assert.equal(checked, 48);
});

Deno.test("ROTATIONS are the 24 symmetries that keep the hand, all different, the identity first", () => {
  assert.equal(new Set(ROTATIONS.map((symmetry) => JSON.stringify(symmetry))).size, 24);
  assert.ok(ROTATIONS.every((symmetry) => determinant(symmetry) === 1));
  assert.deepEqual(ROTATIONS[0], { permutation: [0, 1, 2], flip: [false, false, false] });
});
