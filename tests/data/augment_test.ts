// All symmetries of the cube on scalars, vectors and matrices against The Well's own code.

import assert from "node:assert/strict";
import { determinant, transformWindow } from "../../lib/data/augment.ts";
import type { Window } from "../../lib/data/window.ts";
import { sharedTest } from "../shared.ts";
import { readTensors } from "../tensors.ts";

sharedTest("transformWindow() equals the reference for all 48 symmetries", "golden-data", async (folder) => {
  const { symmetries } = JSON.parse(await Deno.readTextFile(`${folder}/augmentation.json`));
  const tensors = await readTensors(`${folder}/augmentation.safetensors`);
  const input = (name: string) => tensors[`3d/input/${name}`]!;
  const [T = 1, X = 1, Y = 1, Z = 1] = input("scalar").shape;
  const interleave = (parts: readonly { data: Float32Array; width: number }[], points: number) => {
    const out: number[] = [];
    for (let p = 0; p < points; p++) {
      for (const { data, width } of parts) out.push(...data.subarray(p * width, (p + 1) * width));
    }
    return Float32Array.from(out);
  };
  const frames = (prefix: string, count: number) =>
    interleave(
      [["scalar", 1], ["vector", 3], ["tensor", 9]].map(([name, width]) => ({
        data: tensors[`${prefix}/${name}`]!.data,
        width: width as number,
      })),
      count,
    );
  const constants = (prefix: string, count: number) =>
    interleave(
      [["const_scalar", 1], ["const_vector", 3]].map(([name, width]) => ({
        data: tensors[`${prefix}/${name}`]!.data,
        width: width as number,
      })),
      count,
    );
  const group = (name: string, order: number, start: number) => ({
    name,
    order,
    start,
    components: 3 ** order,
  });
  const pairs = (data: Float32Array) => [0, 1, 2].map((i) => [data[2 * i]!, data[2 * i + 1]!] as const);
  const window: Window = {
    frames: frames("3d/input", T * X * Y * Z),
    constants: constants("3d/input", X * Y * Z),
    shape: [X, Y, Z],
    times: new Float64Array(T),
    channels: [],
    constantChannels: [],
    groups: [group("scalar", 0, 0), group("vector", 1, 1), group("tensor", 2, 4)],
    constantGroups: [group("const_scalar", 0, 0), group("const_vector", 1, 1)],
    channelMask: new Uint8Array(13).fill(1),
    hidden: null,
    boundaries: pairs(input("boundary_conditions").data),
    dataset: "",
  };
  let checked = 0;
  for (const { key, dims, permutation, flip, det } of symmetries) {
    if (dims !== 3) continue;
    const symmetry = { permutation, flip: flip.map((f: number) => f !== 0) };
    assert.equal(determinant(symmetry), det, key);
    const moved = transformWindow(window, symmetry);
    // 0 and -0 are the same value here.
    const plain = (data: Float32Array) => [...data].map((v) => v + 0);
    assert.deepEqual(plain(moved.frames), plain(frames(key, T * X * Y * Z)), key);
    assert.deepEqual(plain(moved.constants), plain(constants(key, X * Y * Z)), key);
    assert.deepEqual(moved.boundaries, pairs(tensors[`${key}/boundary_conditions`]!.data), key);
    checked++;
  }
  assert.equal(checked, 48);
});
