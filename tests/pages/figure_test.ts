// What the app and the commands draw alike: limits, colours, fits, numbers.

import assert from "node:assert/strict";
import fc from "fast-check";
import { colorTable, packedTable } from "../../app/figure/colors.ts";
import { fitPlane } from "../../app/figure/fit.ts";
import { errorEnd, fieldLimits, roundEnd, usualMap } from "../../app/figure/limits.ts";
import { endTexts, plainNumber, shareText, shortNumber } from "../../app/figure/numbers.ts";
import { paint } from "../../app/figure/paint.ts";
import { checked, hatched } from "../../app/figure/patterns.ts";
import { averaged, cellsOf, HIDDEN, NOT_FINITE, SHOWN } from "../../app/figure/plane.ts";
import { MagnitudeCounts, quantiles } from "../../app/figure/quantile.ts";
import { colorIndex, countBeyond, lookup, type Scale, valueAt } from "../../app/figure/scale.ts";

const floats = fc.array(fc.float({ noDefaultInfinity: true, noNaN: true }), { minLength: 1, maxLength: 200 })
  .map((numbers) => Float32Array.from(numbers, (x) => x === 0 ? 0 : x));

Deno.test("quantiles() are those of the sorted numbers", () => {
  fc.assert(fc.property(floats, fc.double({ min: 0, max: 1, noNaN: true }), (numbers, share) => {
    const sorted = numbers.toSorted();
    const wanted = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    assert.deepEqual(quantiles([numbers], [share]), [wanted]);
    const half = numbers.length >> 1;
    assert.deepEqual(quantiles([numbers.subarray(0, half), numbers.subarray(half)], [share]), [wanted]);
  }));
});

Deno.test("quantiles() leaves out what is hidden or not finite", () => {
  const numbers = Float32Array.of(NaN, 5, Infinity, 7, -Infinity, 9);
  assert.deepEqual(quantiles([numbers], [0, 1], Uint8Array.of(0, 0, 0, 0, 0, 1)), [5, 7]);
  assert.equal(quantiles([Float32Array.of(NaN)], [0.5]), null);
});

Deno.test("MagnitudeCounts: the share lies at or below the quantile, which is off by 0.4 % at most", () => {
  fc.assert(fc.property(floats, fc.double({ min: 0.01, max: 1, noNaN: true }), (numbers, share) => {
    const counts = new MagnitudeCounts();
    counts.add(numbers);
    const found = counts.quantile(share);
    const sorted = numbers.map(Math.abs).toSorted();
    const exact = sorted[Math.ceil(share * sorted.length) - 1]!;
    assert.ok(found >= exact || exact < 1e-37);
    assert.ok(found <= exact * 1.004 || exact < 1e-37);
  }));
});

Deno.test("limits: all frames count, one sign is viridis, both are symmetric and balance", () => {
  const rising = Float32Array.from({ length: 1000 }, (_, i) => i);
  assert.deepEqual(fieldLimits([rising]), { low: 2, high: 998 });
  assert.equal(usualMap(fieldLimits([rising])), "viridis");
  const both = fieldLimits([rising.map((x) => x - 400)]);
  assert.equal(both.low, -both.high);
  assert.equal(usualMap(both), "balance");
  // An end of less than a tenth of the other does not make it signed.
  assert.equal(usualMap(fieldLimits([rising.map((x) => x - 50)])), "viridis");
  assert.deepEqual(fieldLimits([new Float32Array(8)]), { low: -1, high: 1 });
});

Deno.test("the end of errors is 1, 2 or 5 times a power of ten and only grows", () => {
  for (const [value, end] of [[0.0101, 0.02], [3e-7, 5e-7], [51, 100], [Math.fround(0.2), 0.2]] as const) {
    assert.equal(roundEnd(value), end);
  }
  const counts = new MagnitudeCounts();
  let end: number | null = null;
  const seen = [0.011, 0.3, 0.001].map((size) => {
    counts.add(new Float32Array(100).fill(size));
    return end = errorEnd(end, counts);
  });
  assert.deepEqual(seen, [0.02, 0.5, 0.5]);
});

Deno.test("colour maps have 256 colours and begin and end as published", () => {
  const ends = { viridis: [[68, 1, 84], [253, 231, 37]], balance: [[24, 28, 67], [60, 9, 18]] } as const;
  for (const [name, [first, last]] of Object.entries(ends)) {
    const table = colorTable(name as "viridis");
    assert.equal(table.length, 768);
    assert.deepEqual([...table.subarray(0, 3)], first);
    assert.deepEqual([...table.subarray(765)], last);
  }
  assert.equal(packedTable("viridis")[0], 0xff540144);
});

Deno.test("colorIndex() is even over the limits and closed at both ends", () => {
  const { from, factor } = lookup({ low: -1, high: 1, map: "PuOr" });
  assert.deepEqual([-9, -1, 0, 0.999, 1, 9].map((v) => colorIndex(v, from, factor)), [
    0,
    0,
    128,
    255,
    255,
    255,
  ]);
  const log: Scale = { low: 1, high: 100, map: "viridis", log: true };
  assert.equal(valueAt(log, 0.5), 10);
});

Deno.test("paint() gives table colours in whole pixels, patterns where there is no number", () => {
  const plane = { width: 3, height: 1, values: Float32Array.of(0, NaN, 1), hidden: Uint8Array.of(0, 0, 1) };
  const cells = cellsOf(plane);
  assert.deepEqual([...cells.codes], [SHOWN, NOT_FINITE, HIDDEN]);
  const pixels = paint({ cells, scale: { low: 0, high: 1, map: "viridis" }, zoom: [4, 2], unit: 1 });
  assert.equal(pixels.length, 24);
  assert.deepEqual(new Set(pixels.subarray(0, 4)), new Set([packedTable("viridis")[0]!]));
  for (let x = 4; x < 8; x++) assert.equal(pixels[12 + x], checked(x, 1, 1));
  for (let x = 8; x < 12; x++) assert.equal(pixels[12 + x], hatched(x, 1, 1));
});

Deno.test("averaged() takes means before colours: hidden cells left out, what is not finite kept", () => {
  const plane = {
    width: 4,
    height: 2,
    values: Float32Array.of(1, 2, 8, 9, 3, 4, 7, NaN),
    hidden: Uint8Array.of(0, 1, 0, 0, 0, 1, 0, 0),
  };
  const { width, height, values, codes } = averaged(cellsOf(plane), 2, 2);
  assert.deepEqual([width, height, values[0], [...codes]], [2, 1, 2, [SHOWN, NOT_FINITE]]);
});

Deno.test("fitPlane(): whole pixels a cell, or whole cells a pixel; beyond 1:6 it is said", () => {
  const square = { cells: [64, 64], extent: [1, 1] } as const;
  assert.deepEqual(fitPlane({ ...square, room: [330, 400] }).size, [320, 320]);
  assert.deepEqual(fitPlane({ ...square, room: [32, 32] }).block, [2, 2]);
  // A domain twice as wide, of as many cells: cells are twice as wide.
  assert.deepEqual(fitPlane({ cells: [64, 64], extent: [2, 1], room: [256, 256] }).zoom, [4, 2]);
  const strip = fitPlane({ cells: [256, 32], extent: [8, 1], room: [1024, 1024] });
  assert.ok(strip.stretched);
  assert.deepEqual(strip.size, [1024, 160]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 900 }), (cells, room) => {
      const { size } = fitPlane({ cells: [cells, cells], extent: [1, 1], room: [room, room] });
      assert.ok(size[0] <= room && 2 * size[0] >= Math.min(room, cells));
    }),
  );
});

Deno.test("numbers are short, and those of a scale have equal decimals", () => {
  assert.deepEqual([0, 0.0134, -1.2, 3.4e-7, 12345.6, Infinity].map((v) => shortNumber(v)), [
    "0",
    "0.013",
    "-1.2",
    "3.4e-7",
    "1.2e4",
    "infinite",
  ]);
  assert.deepEqual(endTexts([-0.5, 0, 0.5]), ["-0.5", "0", "0.5"]);
  assert.deepEqual(endTexts([1e-9, 5e-9, 9e-9]), ["1e-9", "5e-9", "9e-9"]);
  assert.equal(plainNumber(0.5), "0.5");
  assert.deepEqual([0, 0.0004, 0.0123, 0.5].map(shareText), ["0 %", "under 0.1 %", "1.2 %", "50 %"]);
  const values = Float32Array.of(-1, 0, 1, 2, NaN);
  assert.deepEqual(countBeyond(values, { low: 0, high: 1 }), { below: 1, above: 1, count: 4 });
});
