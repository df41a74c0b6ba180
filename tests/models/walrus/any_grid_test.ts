// Grids of any size: what is forecast there is finite, has the file's shape and is the same in double precision and on
// every device; gradients are those of central differences; a periodic axis has no seam.

import assert from "node:assert/strict";
import { compile } from "../../../lib/compile/compile.ts";
import { openData } from "../../../lib/data/open_data.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import type { HostArray } from "../../../lib/ir/types.ts";
import { sizeOf } from "../../../lib/ir/types.ts";
import { jitterFeeds, type Shifts } from "../../../lib/models/walrus/geometry.ts";
import { gridOf } from "../../../lib/models/walrus/shape.ts";
import { assertClose, differenceOf } from "../../compare.ts";
import { deviceTest, WASM, WEBGPU } from "../../devices.ts";
import { fixture } from "../../shared.ts";
import {
  drawGrids,
  type DrawnGrid,
  feedsFor,
  firstFrames,
  forecastGraph,
  gradientGraph,
  MODEL,
  sampleOn,
  shapeOn,
  tokensOf,
  WEIGHTS,
  wordsOf,
} from "./any_grid.ts";
import { checkForecast } from "./check_grid.ts";
import { numbers } from "./samples.ts";

const GRIDS = drawGrids(60, { points: 30_000, tokens: 1000 });
Deno.test("the drawn grids are of every kind", () => {
  const shapes = GRIDS.map((grid) => shapeOn(grid));
  for (const axes of [1, 2, 3]) assert.ok(GRIDS.filter(({ sizes }) => sizes.length === axes).length === 20);
  assert.ok(shapes.filter(({ fit }) => fit).length >= 10);
  assert.ok(shapes.filter(({ fit }) => !fit).length >= 10);
  assert.ok(shapes.filter(({ jitter }) => jitter).length >= 10);
  assert.ok(shapes.filter(({ hidden }) => hidden).length >= 10);
});

deviceTest(WASM, "forecasts on 60 drawn grids are those of double precision", async (device) => {
  for (const grid of GRIDS) await checkForecast(device, grid);
});

deviceTest(WEBGPU, "forecasts on drawn grids of few tokens are those of double precision", async (device) => {
  // A software adapter compiles shaders of every grid on the processor.
  const few = [1, 2, 3].flatMap((axes) =>
    GRIDS.filter(({ sizes }) => sizes.length === axes)
      .toSorted((a, b) => tokensOf(shapeOn(a)) - tokensOf(shapeOn(b))).slice(0, [8, 8, 4][axes - 1])
  );
  for (const grid of few) await checkForecast(device, grid);
});

/** Some tensors from the first to the last of the network. */
function watched(axes: number): string[] {
  const pair = Math.max(2, axes);
  return [
    `embed.${pair}.norm1.weight`,
    `embed.${pair}.proj2.weight`,
    "blocks.0.space_mixing.attn_out.weight",
    `debed.${pair}.proj1.weight`,
    `debed.${pair}.proj2.bias`,
  ];
}

deviceTest(WASM, "gradients on drawn grids are those of central differences", async (device) => {
  const some = GRIDS.filter((grid) => tokensOf(shapeOn(grid)) <= 300).slice(0, 12);
  assert.ok(some.filter((grid) => shapeOn(grid).fit).length >= 3);
  for (const grid of some) {
    const shape = shapeOn(grid, true);
    const names = watched(grid.sizes.length);
    const graph = gradientGraph(shape, names);
    const sample = sampleOn(grid);
    const feeds = feedsFor(graph, shape, sample) as Record<string, HostArray>;
    const exact = evaluate(graph, feeds);
    const direction = names.map((name, i) => numbers(WEIGHTS.get(name)!.length, 500 + i));
    const lossAt = (step: number) => {
      const moved = names.map((name, i) =>
        [name, Float64Array.from(WEIGHTS.get(name)!, (v, j) => v + step * direction[i]![j]!)] as const
      );
      return evaluate(
        graph,
        feedsFor(graph, shape, sample, new Map<string, ArrayLike<number>>([...WEIGHTS, ...moved])),
      ).loss![0]!;
    };
    const step = 1e-6;
    const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
    const along = names.reduce(
      (sum, name, i) => exact[name]!.reduce((s, g, j) => s + g * direction[i]![j]!, sum),
      0,
    );
    assert.ok(
      Math.abs(slope - along) <= 1e-3 * Math.abs(slope),
      `${wordsOf(grid)}: ${along}, wanted ${slope}`,
    );
    using program = await compile(graph, device);
    const got = await program.run(feeds);
    for (const name of names) {
      assertClose(got[name]!, exact[name]!, { limit: 1e-3 }, () => `${name}: ${wordsOf(grid)}`);
    }
  }
});

/** Increments of both fields that a forecast adds, with shifts of the tokens. */
function incrementsOf(grid: DrawnGrid, fields: readonly Float32Array[], shifts: Shifts): Float64Array[] {
  const shape = shapeOn(grid);
  const graph = forecastGraph(shape);
  const count = sizeOf(grid.sizes);
  const sample = { ...firstFrames(sampleOn(grid), 2), values: fields };
  const feeds = {
    ...feedsFor(graph, shape, sample),
    ...Object.fromEntries(jitterFeeds(gridOf(shape), shifts)),
  };
  const { frames } = evaluate(graph, feeds);
  return fields.map((field, c) =>
    Float64Array.from({ length: count }, (_, p) => frames![p * fields.length + c]! - field[count + p]!)
  );
}

/** Moves frames along the first axis, cyclically. */
function moved<A extends Float32Array | Float64Array>(field: A, { sizes }: DrawnGrid, points: number): A {
  const [count, row] = [sizeOf(sizes), sizeOf(sizes.slice(1))];
  return field.map((_, at) => {
    const [frame, p] = [Math.floor(at / count), at % count];
    return field[frame * count + (p + count - points * row) % count]!;
  }) as A;
}

Deno.test("moving data by tokens along a periodic axis moves the forecast, by the first roll less", () => {
  // Sizes that the table has not; and two of it, whose norms count some points twice as the released ones do.
  const cases: [sizes: number[], limit: number][] = [
    ...[[96], [100], [60], [27], [200], [528], [96, 19], [24, 40], [12, 9, 8]].map((
      sizes,
    ): [number[], number] => [
      sizes,
      1e-9,
    ]),
    [[256], 0.05],
    [[384], 0.05],
  ];
  for (const [sizes, limit] of cases) {
    const boundaries: DrawnGrid["boundaries"] = sizes.map((_, i) =>
      i ? ["wall", "open"] : ["periodic", "periodic"]
    );
    const grid: DrawnGrid = { sizes, boundaries, jitter: true, more: false, seed: 3 };
    const [axis] = gridOf(shapeOn(grid));
    const points = 3 * axis.strides[0] * axis.strides[1];
    const fields = firstFrames(sampleOn(grid), 2).values;
    const shifts = (roll: number): Shifts => ({ patch: [0, 0, 0], blocks: [[roll, 0, 0]] });
    const here = incrementsOf(grid, fields, shifts(5));
    const there = incrementsOf(grid, fields.map((field) => moved(field, grid, points)), shifts(2));
    const kept = incrementsOf(grid, fields.map((field) => moved(field, grid, points)), shifts(5));
    here.forEach((increments, c) => {
      const wanted = moved(increments, grid, points);
      assertClose(there[c]!, wanted, { limit }, () => `${sizes}`);
      if (limit > 1e-3) return;
      const { error, magnitude } = differenceOf(kept[c]!, wanted);
      assert.ok(error > 1e-4 * magnitude, `${sizes}: the roll makes no difference`);
    });
  }
});

for (
  const [name, words] of [
    ["grid_96x48", /^grid of 96 x 48 points: strides \(1, 3\) x \(2, 1\), 32 x 24 tokens$/],
    ["grid_100x50", /^grid of 100 x 50 points: strides \(2, 2\) x \(2, 1\), 25 x 25 tokens$/],
  ] as const
) {
  deviceTest(WASM, `${name} is forecast on its own grid, and how is said in a line`, async (device) => {
    using data = await openData(fixture(`cases/${name}.hdf5`));
    const sample = await (await data.split()).trajectory(0).sample([0, 1]);
    const map = { A: "a", B: "b" };
    const shape = MODEL.shape(sample.info, { samples: 1, frames: 2, draws: false, map });
    const notes = MODEL.gridNotes!(shape);
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, words);
    const graph = forecastGraph(shape);
    using program = await compile(graph, device);
    const inputs: Record<string, HostArray> = {
      ...MODEL.inputs([sample], shape, null, { map }),
      ...Object.fromEntries([...WEIGHTS].map(([name, data]) => [`params/${name}`, data])),
    };
    const feeds = Object.fromEntries([...graph.inputs.keys()].map((name) => [name, inputs[name]!]));
    const { frames } = await program.run(feeds);
    const fields = MODEL.frames(frames as Float32Array, shape, [sample])[0]![0]!;
    const points = sizeOf(sample.info.grid.shape);
    assert.ok(fields.every((field) => field.length === points && field.every(Number.isFinite)));
  });
}
