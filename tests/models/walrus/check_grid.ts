// A forecast on a drawn grid, judged: as in double precision, finite, of the file's shape, hidden cells 0.

import assert from "node:assert/strict";
import { compile } from "../../../lib/compile/compile.ts";
import type { Device } from "../../../lib/compile/device.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { type HostArray, sizeOf } from "../../../lib/ir/types.ts";
import { assertClose } from "../../compare.ts";
import {
  type DrawnGrid,
  feedsFor,
  firstFrames,
  forecastGraph,
  MODEL,
  sampleOn,
  shapeOn,
  wordsOf,
} from "./any_grid.ts";

/** Of f32 arithmetic, as a share of the largest number. */
const LIMIT = 1e-5;

/** Forecasts in double precision by grid: all devices are compared with them. */
const references = new Map<DrawnGrid, Float64Array>();

/**
 * Judges a forecast.
 *
 * @param device that computes it
 * @param grid one of the drawn
 */
export async function checkForecast(device: Device, grid: DrawnGrid): Promise<void> {
  const shape = shapeOn(grid);
  const graph = forecastGraph(shape);
  const sample = firstFrames(sampleOn(grid), 2);
  const feeds = feedsFor(graph, shape, sample) as Record<string, HostArray>;
  const want = references.get(grid) ?? evaluate(graph, feeds).frames!;
  references.set(grid, want);
  using program = await compile(graph, device);
  const { frames } = await program.run(feeds) as { frames: Float32Array };
  const words = wordsOf(grid);
  assertClose(frames, want, { limit: LIMIT }, () => words);
  const [fields] = MODEL.frames(frames, shape, [sample])[0]!;
  const points = sizeOf(grid.sizes);
  assert.deepEqual(fields!.map(({ length }) => length), [points, points], words);
  assert.ok(fields!.every((field) => field.every(Number.isFinite)), words);
  const { hidden } = sample;
  assert.ok(!hidden || fields!.every((field) => field.every((v, p) => !hidden[p] || v === 0)), words);
}
