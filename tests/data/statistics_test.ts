// Statistics of splits: those of the sample data sets' own files, those of two passes in double precision, and data that
// make one-pass formulas lose their digits.

import assert from "node:assert/strict";
import { componentCount } from "../../lib/data/components.ts";
import { computeStatistics } from "../../lib/data/compute_statistics.ts";
import type { Dataset, Split } from "../../lib/data/dataset.ts";
import { Moments } from "../../lib/data/moments.ts";
import { openData } from "../../lib/data/open_data.ts";
import { type FieldStatistic, readStatistics } from "../../lib/data/statistics.ts";
import { writeStatistics } from "../../lib/data/write_statistics.ts";
import { writeSamples } from "../../lib/data/write_samples.ts";
import { inRepository, sharedTest } from "../shared.ts";

const flat = (value: FieldStatistic): number[] => [value].flat(2) as number[];

function assertClose(own: FieldStatistic, wanted: FieldStatistic, relative: number, label: string): void {
  flat(wanted).forEach((value, i) => {
    const difference = Math.abs(flat(own)[i]! - value);
    assert.ok(difference <= relative * Math.abs(value), `${label}[${i}]: ${flat(own)[i]}, wanted ${value}`);
  });
  assert.equal(flat(own).length, flat(wanted).length);
}

/** All numbers of a component, and all its increments, of trajectories that fit in memory. */
async function numbersOf(split: Split, field: number, component: number) {
  const values: number[] = [];
  const increments: number[] = [];
  for (let i = 0; i < split.trajectories; i++) {
    const trajectory = split.trajectory(i);
    const { info } = trajectory;
    const count = componentCount(info, info.fields[field]!);
    const all = (await trajectory.sample([...Array(trajectory.steps).keys()])).values[field]!;
    const size = all.length / (info.fields[field]!.constant ? 1 : trajectory.steps);
    for (let at = component; at < all.length; at += count) {
      values.push(all[at]!);
      if (at >= size) increments.push(Math.fround(all[at]! - all[at - size]!));
    }
  }
  return { values, increments };
}

/** Neumaier's sum: as good as one of twice the precision. */
function sum(values: readonly number[]): number {
  let total = 0, lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

function twoPass(values: readonly number[]) {
  const mean = sum(values) / values.length;
  const std = Math.sqrt(sum(values.map((v) => (v - mean) ** 2)) / values.length);
  return { mean, std, rms: Math.sqrt(sum(values.map((v) => v * v)) / values.length) };
}

async function checkTwoPasses(data: Dataset, name: string): Promise<void> {
  const split = await data.split();
  const own = await computeStatistics(split);
  for (const [f, { name: field, constant }] of split.trajectory(0).info.fields.entries()) {
    for (let c = 0; c < flat(own.mean[field]!).length; c++) {
      const { values, increments } = await numbersOf(split, f, c);
      const compare = (numbers: readonly number[], suffix: "" | "_delta") => {
        const wanted = twoPass(numbers);
        for (const key of ["std", "rms"] as const) {
          assertClose(
            flat(own[`${key}${suffix}`][field]!)[c]!,
            wanted[key],
            1e-12,
            `${name} ${key}${suffix} ${field}`,
          );
        }
        // A mean that cancels is as good as what it is made of.
        const mean = flat(own[`mean${suffix}`][field]!)[c]!;
        assert.ok(
          Math.abs(mean - wanted.mean) <= 1e-12 * wanted.rms,
          `${name} mean${suffix} ${field}: ${mean}`,
        );
      };
      compare(values, "");
      if (constant) assert.equal(own.mean_delta[field], undefined);
      else compare(increments, "_delta");
    }
  }
}

Deno.test("computeStatistics() equals two passes in double precision", async () => {
  for (const file of ["gray_scott_mini", "euler_quadrants_mini"]) {
    using data = await openData(inRepository(`examples/data/${file}.hdf5`));
    await checkTwoPasses(data, file);
  }
});

sharedTest(
  "computeStatistics() gives the stats.yaml of every sample data set",
  "samples/datasets",
  async (folder) => {
    for (const { name } of Deno.readDirSync(folder)) {
      using data = await openData(`${folder}/${name}`);
      const own = await computeStatistics(await data.split("train"));
      const wanted = (await data.statistics())!;
      for (const [map, fields] of Object.entries(wanted)) {
        const found = own[map as keyof typeof own];
        assert.deepEqual(Object.keys(found).sort(), Object.keys(fields).sort(), `${name} ${map}`);
        for (const [field, value] of Object.entries<FieldStatistic>(fields)) {
          const scale = flat(own[map.includes("delta") ? "rms_delta" : "rms"][field]!);
          flat(value).forEach((v, i) => {
            // Printed with four decimals, from moments in single precision.
            const difference = Math.abs(flat(found[field]!)[i]! - v);
            assert.ok(
              difference <= 1e-4 * Math.abs(v) + 1e-6 * scale[i]!,
              `${name} ${map} ${field}: ${found[field]} ${value}`,
            );
          });
        }
      }
    }
  },
);

const CASES = inRepository("tests/fixtures/cases");

Deno.test("computeStatistics() keeps the digits of small changes on a large mean, and so does its file", async () => {
  const { "offset/": { statistics, relative } } = JSON.parse(
    await Deno.readTextFile(`${CASES}/expected.json`),
  );
  using data = await openData(`${CASES}/offset`);
  const computed = await computeStatistics(await data.split("train"));
  const stored = await readStatistics(new TextEncoder().encode(writeStatistics(computed)));
  for (const own of [computed, stored]) {
    for (const [field, wanted] of Object.entries<Record<string, number>>(statistics)) {
      for (const [key, value] of Object.entries(wanted)) {
        assertClose(own[key as keyof typeof own][field]!, value, relative, `${field} ${key}`);
      }
    }
  }
});

Deno.test("Moments of parts are those of the whole, in any order", () => {
  const parts = Array.from(
    { length: 7 },
    (_, part) => Array.from({ length: 100 + part }, (_, i) => 101325 + 0.02 * Math.sin(i * (part + 1))),
  );
  const of = (blocks: readonly (readonly number[])[]) => {
    const moments = new Moments(1);
    for (const block of blocks) moments.add(block);
    return [moments.mean(0), moments.deviation(0), moments.rms(0)] as const;
  };
  const exact = twoPass(parts.flat());
  for (const [mean, std, rms] of [of(parts), of(parts.toReversed()), of([parts.flat()])]) {
    assertClose(mean, exact.mean, 1e-15, "mean");
    assertClose(std, exact.std, 1e-11, "std");
    assertClose(rms, exact.rms, 1e-14, "rms");
  }
});

Deno.test("Moments joins blocks without losing digits, and leaves out what it is told to", () => {
  const moments = new Moments(2);
  const offset = 2 ** 40;
  for (let block = 0; block < 1000; block++) {
    moments.add([offset + block % 2, block, offset + (block + 1) % 2, -block]);
  }
  assert.equal(moments.mean(0), offset + 0.5);
  assert.equal(moments.deviation(0), 0.5);
  assert.equal(moments.mean(1), 0);
  assertClose(moments.rms(1), Math.sqrt(332833.5), 1e-14, "rms");
  const some = new Moments(1);
  some.add([1, NaN, 3], Uint8Array.of(0, 1, 0));
  assert.deepEqual([some.count(0), some.mean(0), some.deviation(0)], [2, 2, 1]);
});

const frames = (values: readonly number[], mask?: readonly number[]) => ({
  info: {
    dataset: "tiny",
    grid: { system: "cartesian", axes: ["x"], shape: [2], coordinates: [Float64Array.of(0, 1)] },
    boundaries: [["open", "open"]] as const,
    fields: [
      { name: "u", order: 0, constant: false },
      ...(mask ? [{ name: "mask", order: 0, constant: true }] : []),
    ],
    masked: mask !== undefined,
    scalars: {},
  },
  times: Float64Array.from({ length: values.length / 2 }, (_, i) => i),
  values: [Float32Array.from(values), ...(mask ? [Float32Array.from(mask)] : [])],
});

async function statisticsOf(...args: Parameters<typeof frames>) {
  using data = await openData(await writeSamples([frames(...args)]));
  return await computeStatistics(await data.split());
}

Deno.test("computeStatistics() names what is not finite, and looks over it where it is hidden", async () => {
  await assert.rejects(statisticsOf([0, 1, 2, NaN]), /trajectory 0: frame 1, u is NaN/);
  const { mean, mean_delta, std } = await statisticsOf([5, NaN, 7, NaN], [0, 1]);
  assert.deepEqual([mean.u, mean_delta.u, std.u, mean.mask], [6, 2, 1, 0.5]);
  // Hidden numbers that may be the simulation's count, as in the published statistics; what only fills cells does not.
  assert.equal((await statisticsOf([5, 1, 7, 1], [0, 1])).mean.u, 3.5);
  const clean = await statisticsOf([5, NaN, 7, NaN], [0, 1]);
  assert.deepEqual(await statisticsOf([5, 1e30, 7, -9999], [0, 1]), clean);
  await assert.rejects(statisticsOf([1, 2]), /have one frame/);
});

Deno.test("statistics written and read are the same", async () => {
  const own = await statisticsOf([1, 2, 4, 8]);
  assert.deepEqual(await readStatistics(new TextEncoder().encode(writeStatistics(own))), {
    mean: { u: 3.75 },
    std: { u: 2.68095132 },
    rms: { u: 4.60977223 },
    mean_delta: { u: 4.5 },
    std_delta: { u: 1.5 },
    rms_delta: { u: 4.74341649 },
  });
});
