// Geometry: strides, margins and shifts against the specification's numbers; names that the parity cases do not
// reach.

import assert from "node:assert/strict";
import {
  frameIndices,
  geometryOf,
  jitterFeeds,
  largestShift,
  tokenGrid,
  unframeIndices,
} from "../../../lib/models/walrus/geometry.ts";
import { jitterSignature } from "../../../lib/models/walrus/model.ts";
import {
  axisStrides,
  chooseStrides,
  EXTENDED_STRIDES,
  nearestSize,
  receptiveMargin,
  RELEASED_STRIDES,
} from "../../../lib/models/walrus/strides.ts";

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

/** Pairs that the rule of the extension allows for a size, in its own words. */
function allowed(points: number, tokens: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let s1 = 1; s1 <= 8; s1++) {
    for (let s2 = 1; s2 <= 4; s2++) {
      const rest = 8 + 3 * s1 - s1 * s2;
      const count = points / (s1 * s2);
      if (
        points % (s1 * s2) === 0 && rest >= 0 && rest % 2 === 0 && count >= tokens / 2 &&
        count <= 1.5 * tokens
      ) {
        pairs.push([s1, s2]);
      }
    }
  }
  return pairs;
}

Deno.test("axisStrides() chooses by the table, else by tokens, patch, pair and second stride", () => {
  const table = Object.entries(EXTENDED_STRIDES).filter(([patch]) => patch !== "0");
  const isPair = (pair: readonly number[]) => table.some(([, own]) => String(own) === String(pair));
  for (const tokens of [16, 32]) {
    const sizes = new Map(table.map(([patch, pair]) => [Number(patch) * tokens, pair]));
    for (let points = 2; points <= 4200; points++) {
      const key = ([s1, s2]: readonly [number, number]) => [
        Math.abs(points / (s1 * s2) - tokens),
        s1 * s2,
        isPair([s1, s2]) ? 0 : 1,
        -s2,
      ];
      const [best] = allowed(points, tokens).sort((a, b) => {
        const [left, right] = [key(a), key(b)];
        const first = left.findIndex((v, i) => v !== right[i]);
        return first < 0 ? 0 : left[first]! - right[first]!;
      });
      assert.deepEqual(axisStrides(points, tokens), sizes.get(points) ?? best, `${points} points`);
    }
  }
});

Deno.test("nearestSize() is the nearest size with strides, the larger of two", () => {
  for (const tokens of [16, 32]) {
    const sizes = Array.from({ length: 4200 }, (_, n) => n).filter((n) => n > 1 && axisStrides(n, tokens));
    for (let points = 8; points <= 4096; points += 7) {
      const [best] = sizes.toSorted((a, b) => Math.abs(a - points) - Math.abs(b - points) || b - a);
      assert.equal(nearestSize(points, tokens), best);
    }
  }
});

Deno.test("every stride of the extension gives whole tokens, with shifts and without", () => {
  for (const boundary of [[2, 2], [0, 1]] as const) {
    for (const jitter of [false, true]) {
      for (let points = 16; points <= 1536; points++) {
        const strides = axisStrides(points, 32);
        if (!strides) continue;
        const [axis] = geometryOf([points, 1, 1], [boundary, [2, 2], [2, 2]], jitter);
        const patch = strides[0] * strides[1];
        const more = jitter && boundary[0] !== 2 && patch > 1 ? 1 + patch % 2 : 0;
        assert.equal(axis.tokens, points / patch + more, `${points} points`);
        const shift = largestShift(axis);
        const framed = frameIndices(axis, shift);
        const back = unframeIndices(axis, shift).map((i) => framed[i]! - axis.margin);
        assert.deepEqual([...back], Array.from({ length: points }, (_, i) => i));
      }
    }
  }
});
