// Masks of both polarities: by their names, by what the caller says, alone and together; what they hide counts nowhere.

import assert from "node:assert/strict";
import { type DataOptions, openData } from "../../lib/data/open_data.ts";
import { writeSamples } from "../../lib/data/write_samples.ts";

/** A file of two frames of four points with constant scalars beside the field. */
function fileOf(constants: Readonly<Record<string, readonly number[]>>): Promise<Uint8Array> {
  const scalar = (name: string, constant: boolean) => ({ name, order: 0, constant });
  return writeSamples([{
    info: {
      dataset: "tiny",
      grid: { system: "cartesian", axes: ["x"], shape: [4], coordinates: [Float64Array.of(0, 1, 2, 3)] },
      boundaries: [["open", "open"]],
      fields: [scalar("u", false), ...Object.keys(constants).map((name) => scalar(name, true))],
      masked: false,
      scalars: {},
    },
    times: Float64Array.of(0, 1),
    values: [
      Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      ...Object.values(constants).map((values) => Float32Array.from(values)),
    ],
  }]);
}

async function hiddenOf(constants: Parameters<typeof fileOf>[0], options: DataOptions = {}) {
  using data = await openData(await fileOf(constants), options);
  const { hidden, info } = await (await data.split()).trajectory(0).sample([0]);
  assert.equal(info.masked, hidden !== null);
  return hidden && [...hidden];
}

Deno.test("a mask is known by its name, in either polarity", async () => {
  assert.deepEqual(await hiddenOf({ mask: [0, 1, 0, 2] }), [0, 1, 0, 1]);
  assert.deepEqual(await hiddenOf({ fluid: [0, 1, 0, 2] }), [1, 0, 1, 0]);
  assert.deepEqual(await hiddenOf({ valid: [1, 1, 0, 0] }), [0, 0, 1, 1]);
  assert.equal(await hiddenOf({ solid: [1, 1, 0, 0] }), null);
});

Deno.test("the caller names a mask, or turns one round", async () => {
  assert.deepEqual(await hiddenOf({ solid: [1, 1, 0, 0] }, { masks: { solid: "hidden" } }), [1, 1, 0, 0]);
  assert.deepEqual(await hiddenOf({ mask: [1, 1, 0, 0] }, { masks: { mask: "kept" } }), [0, 0, 1, 1]);
});

Deno.test("several masks hide together, and what is no number hides", async () => {
  assert.deepEqual(await hiddenOf({ mask: [1, 0, 0, NaN], valid: [1, NaN, 1, 1] }), [1, 1, 0, 1]);
});

Deno.test("a mask that is no constant scalar is refused by name", async () => {
  await assert.rejects(
    hiddenOf({ solid: [0, 0, 0, 0] }, { masks: { sloid: "hidden" } }),
    /Cannot mask ".*" by "sloid": the field is not there, constant scalars are solid$/,
  );
  await assert.rejects(
    hiddenOf({}, { masks: { u: "hidden" } }),
    /by "u": the field is no constant scalar, constant scalars are none$/,
  );
});
