// Forecasts on grids that are resampled: what the network's grid can not hold stays as it was, hidden cells do not leak,
// the KV cache starts from the same step, and losses are those of the forecast.

import assert from "node:assert/strict";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { trace } from "../../../lib/ir/trace.ts";
import type { Traced } from "../../../lib/models/model.ts";
import type { WalrusShape } from "../../../lib/models/walrus/shape.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { inputParameters } from "../../../lib/nn/parameters.ts";
import { assertClose } from "../../compare.ts";
import { CONFIG, type DrawnGrid, feedsFor, firstFrames, MODEL, sampleOn, shapeOn } from "./any_grid.ts";

const LINE: DrawnGrid = {
  sizes: [1600],
  boundaries: [["periodic", "periodic"]],
  jitter: false,
  more: false,
  seed: 4,
};
const PLANE: DrawnGrid = {
  sizes: [9, 53],
  boundaries: [["wall", "open"], ["periodic", "periodic"]],
  jitter: false,
  more: true,
  seed: 5,
};

/** What a program gives, in double precision. */
function outputs(
  program: Traced<WalrusShape>,
  shape: WalrusShape,
  feeds: (graph: ReturnType<typeof trace>) => Record<string, ArrayLike<number>>,
) {
  const graph = trace(
    program.types(shape),
    (inputs) => program.trace(inputParameters(MODEL.parameters), inputs, shape),
  );
  return evaluate(graph, feeds(graph));
}

/** Strength of a wave in a field. */
function strength(field: ArrayLike<number>, waves: number): number {
  const n = field.length;
  const part = (phase: number) =>
    Array.from(field).reduce((sum, v, i) => sum + v * Math.cos(2 * Math.PI * waves * i / n + phase), 0);
  return 2 / n * Math.hypot(part(0), part(Math.PI / 2));
}

for (const prediction of ["delta", "full"] as const) {
  Deno.test(`waves that the network's grid can not hold stay as they were: ${prediction}`, () => {
    const model = walrusModel({ ...CONFIG, prediction });
    const shape = shapeOn(LINE);
    assert.deepEqual(shape.fit?.points, [1536, 1, 1]);
    const sample = firstFrames(sampleOn(LINE), 2);
    const { frames } = outputs(model.forecast, shape, (graph) => feedsFor(graph, shape, sample));
    const next = Array.from({ length: 1600 }, (_, p) => frames![2 * p]!);
    const increment = next.map((v, p) => v - sample.values[0]![1600 + p]!);
    const there = strength(sample.values[0]!.subarray(1600), 790);
    assert.ok(there > 1e-3 && increment.some((v) => Math.abs(v) > 1e-3));
    assert.ok(Math.abs(strength(next, 790) - there) < 1e-4 * there + 1e-7);
  });
}

Deno.test("what hidden cells hold does not reach a forecast on a resampled grid", () => {
  const shape = shapeOn(PLANE);
  assert.deepEqual(shape.fit?.points, [16, 54, 1]);
  assert.deepEqual(shape.fit?.masks, [1]);
  const sample = firstFrames(sampleOn(PLANE), 2);
  const count = sample.hidden!.length;
  const filled = {
    ...sample,
    values: sample.values.map((values, field) =>
      field === 3 ? values : values.map((v, at) => sample.hidden![at % count] ? 1e3 + at : v)
    ),
  };
  const forecast = (own: typeof sample) =>
    outputs(MODEL.forecast, shape, (graph) => feedsFor(graph, shape, own)).frames!;
  const visible = (frames: Float64Array) => frames.filter((_, at) => !sample.hidden![Math.floor(at / 2)]);
  assert.deepEqual(visible(forecast(filled)), visible(forecast(sample)));
});

Deno.test("the KV cache is filled by the forecast step on a resampled grid, and goes on", () => {
  const shape = shapeOn(PLANE);
  const sample = firstFrames(sampleOn(PLANE), 2);
  const { prefill, decode } = MODEL.kvCache!;
  const first = outputs(MODEL.forecast, shape, (graph) => feedsFor(graph, shape, sample));
  const zeros = (program: Traced<WalrusShape>) =>
    Object.fromEntries(
      Object.entries(program.types(shape)).map(([name, type]) => [
        name,
        new Float64Array(type.shape.reduce((n, size) => n * size, 1)),
      ]),
    );
  const given = (graph: ReturnType<typeof trace>) => {
    const feeds = feedsFor(graph, shape, sample);
    const blank = zeros(prefill);
    return Object.fromEntries([...graph.inputs.keys()].map((name) => [name, feeds[name] ?? blank[name]!]));
  };
  const filled = outputs(prefill, shape, given);
  assertClose(filled.frames!, first.frames!, { limit: 1e-12 }, () => "prefill");
  const later = outputs(decode, shape, (graph) => {
    const feeds = { ...feedsFor(graph, shape, sample), ...filled, newest: [1, 0], buckets: [0, 1] };
    return Object.fromEntries(
      [...graph.inputs.keys()].map((name) => [name, (feeds as Record<string, ArrayLike<number>>)[name]!]),
    );
  });
  assert.ok(later.frames!.every(Number.isFinite));
  assert.ok(later.frames!.some((v, at) => v !== filled.frames![at]));
});

for (const prediction of ["delta", "full"] as const) {
  Deno.test(`the loss on a resampled grid is that of the forecast: ${prediction}`, () => {
    // Not causal: the network predicts the last frame alone, so its loss is the error of the forecast.
    const model = walrusModel({ ...CONFIG, prediction, causal: false, normalization: "global" });
    const grid = { ...PLANE, more: false };
    const sample = sampleOn(grid);
    const shape = shapeOn(grid, true);
    const scales = { "scales/std": [2, 3], "scales/deltaStd": [0.5, 0.25] };
    const withScales = (own: typeof sample) => (graph: ReturnType<typeof trace>) => {
      const feeds: Record<string, ArrayLike<number>> = { ...feedsFor(graph, shape, own), ...scales };
      return Object.fromEntries([...graph.inputs.keys()].map((name) => [name, feeds[name]!]));
    };
    const { loss } = outputs(model.loss, shape, withScales(sample));
    const { frames } = outputs(model.forecast, shape, withScales(firstFrames(sample, 2)));
    const per = prediction === "delta" ? scales["scales/deltaStd"] : scales["scales/std"];
    const count = frames!.length / 2;
    const errors = Array.from(frames!, (v, at) => {
      const [p, c] = [Math.floor(at / 2), at % 2];
      return Math.abs(v - sample.values[c]![2 * count + p]!) / per[c]!;
    });
    const wanted = 100 * errors.reduce((sum, v) => sum + v, 0) / errors.length;
    assert.ok(Math.abs(loss![0]! - wanted) < 1e-6 * wanted, `${loss![0]}, wanted ${wanted}`);
  });
}
