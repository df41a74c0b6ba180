// Geometry: strides, margins and shifts against the specification's numbers; names that the parity cases do not
// reach.

import assert from "node:assert/strict";
import {
  frameIndices,
  geometryOf,
  jitterFeeds,
  tokenGrid,
  unframeIndices,
} from "../../../lib/models/walrus/geometry.ts";
import { jitterSignature } from "../../../lib/models/walrus/model.ts";
import { chooseStrides, receptiveMargin, RELEASED_STRIDES } from "../../../lib/models/walrus/strides.ts";

Deno.test("receptiveMargin() is that of the specification", () => {
  const table = [[1, 1, 5], [2, 2, 5], [4, 2, 6], [6, 2, 7], [4, 4, 2], [6, 4, 1], [8, 4, 0]] as const;
  for (const [first, second, margin] of table) assert.equal(receptiveMargin([first, second]), margin);
});

Deno.test("chooseStrides() extends the released table by patches of 2 and refuses other sizes in words", () => {
  assert.deepEqual(chooseStrides([64, 64, 1]), [[2, 2], [2, 2], [1, 1]]);
  assert.throws(
    () => chooseStrides([64, 64, 1], RELEASED_STRIDES),
    /axis 0 .* has 64 points, wanted 1, 32, 128/,
  );
  assert.throws(() => chooseStrides([100, 64, 1]), /100 points/);
});

Deno.test("geometryOf() gives bounded axes one more token with jitter", () => {
  const wall = [0, 0] as const;
  assert.deepEqual(tokenGrid(geometryOf([128, 128, 1], [wall, [2, 2], [2, 2]], true)), [33, 32, 1]);
  assert.deepEqual(tokenGrid(geometryOf([128, 128, 1], [wall, [2, 2], [2, 2]], false)), [32, 32, 1]);
  assert.throws(() => geometryOf([128, 128, 1], [[0, 2], wall, wall], true), /far side is periodic/);
});

Deno.test("frameIndices() and unframeIndices() undo each other for every shift", () => {
  for (const boundary of [[2, 2], [0, 1]] as const) {
    const [axis] = geometryOf([32, 32, 1], [boundary, boundary, [2, 2]], true, [[2, 2], [1, 1], [1, 1]]);
    for (let shift = -7; shift <= 7; shift++) {
      const framed = frameIndices(axis, shift);
      assert.equal(framed.length, axis.framed);
      const back = unframeIndices(axis, shift).map((i) => framed[i]! - axis.margin);
      assert.deepEqual([...back], Array.from({ length: 32 }, (_, i) => i));
    }
  }
});

Deno.test("jitterFeeds() fills exactly the inputs of jitterSignature()", () => {
  const geometry = geometryOf([128, 64, 1], [[2, 2], [0, 0], [2, 2]], true);
  const feeds = jitterFeeds(geometry, { patch: [3, -2, 0], blocks: [[5, 0, 0], [30, 0, 0]] });
  const signature = Object.entries(jitterSignature(geometry, 2)).map((
    [name, { shape }],
  ) => [`jitter/${name}`, shape[0]]);
  assert.deepEqual([...feeds].map(([name, data]) => [name, data.length]).sort(), signature.sort());
});
