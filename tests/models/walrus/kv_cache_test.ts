// Steps that remember past frames: with one block, whose keys and values depend on nothing but their own frame, they
// are exactly those of the whole window with the same scales.

import assert from "node:assert/strict";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { trace } from "../../../lib/ir/trace.ts";
import { initialWeights } from "../../../lib/models/walrus/initialize.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../../lib/models/walrus/config.ts";
import { geometryOf } from "../../../lib/models/walrus/geometry.ts";
import {
  type FirstInputs,
  firstSignature,
  firstStep,
  type NextInputs,
  nextSignature,
  nextStep,
  slotFeeds,
} from "../../../lib/models/walrus/kv_cache.ts";
import { predictNext, type StepInputs, stepSignature } from "../../../lib/models/walrus/step.ts";
import { uniformNumbers } from "../../../lib/random/philox.ts";

const FRAMES = 3;
const CONFIG: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 16,
  intermediateDim: 2,
  states: 6,
  blocks: 1,
  heads: 2,
  mlpDim: 32,
  includeD: [1],
  contextFrames: FRAMES,
};
const POINTS = [32, 1, 1] as const;
const SIZE = 32 * 2;
const SHAPE = {
  frames: FRAMES,
  samples: 1,
  points: POINTS,
  channels: 2,
  constants: 0,
  hidden: false,
  jitter: false,
};
const PERIODIC = [2, 2] as const;
const GEOMETRY = geometryOf(POINTS, [PERIODIC, PERIODIC, PERIODIC], false);

function numbers(length: number, seed: number): Float64Array {
  return uniformNumbers(length, seed, 0, 0).map((u) => 2 * u - 1);
}

/** Inputs that stay; biases and scales of norms are random too, or half of the block would not be seen. */
function fixed(): Record<string, ArrayLike<number>> {
  const weights = [...initialWeights(CONFIG, 1)].map(([name, data], i) => {
    const random = numbers(data.length, 10 + i);
    return [
      `params/${name}`,
      name.includes("freqs") ? data : Float64Array.from(data, (v, j) => v + 0.3 * random[j]!),
    ];
  });
  return { ...Object.fromEntries(weights), fields: [3, 4], mask: [1, 1] };
}

Deno.test("nextStep() with one block gives what the whole window gives with the first one's scales", () => {
  const first = trace(
    firstSignature(CONFIG, SHAPE, GEOMETRY),
    (inputs) => firstStep(inputs as unknown as FirstInputs, CONFIG, GEOMETRY),
  );
  const next = trace(
    nextSignature(CONFIG, SHAPE, GEOMETRY),
    (inputs) => nextStep(inputs as unknown as NextInputs, CONFIG, GEOMETRY),
  );
  const scale = { dtype: "f32", shape: [1, 1, 1, 1, 1, 2] } as const;
  const statistics = { mean: scale, std: scale, deltaMean: scale, deltaStd: scale };
  const whole = trace({ ...stepSignature(CONFIG, SHAPE, GEOMETRY), statistics }, (tensors) => {
    const inputs = tensors as unknown as StepInputs & Pick<NextInputs, "statistics">;
    return { next: predictNext(inputs, inputs.statistics, CONFIG, GEOMETRY) };
  });

  const shared = fixed();
  let window = Float64Array.from(numbers(FRAMES * SIZE, 2));
  const memorySize = first.outputs.get("keys/0")!.shape.reduce((a, b) => a * b);
  const empty = new Float64Array(memorySize);
  const { next: frame, ...state } = evaluate(first, {
    ...shared,
    window,
    "keys/0": empty,
    "values/0": empty,
  });
  const push = (values: Float64Array) => {
    window = Float64Array.from([...window.subarray(SIZE), ...values]);
  };
  push(frame!);
  const kept = Object.entries(state).filter(([name]) => name.startsWith("statistics/"));
  const scales = Object.fromEntries(kept);
  let memory = { "keys/0": state["keys/0"]!, "values/0": state["values/0"]! };
  // Twice round the slots and one more.
  for (let step = 1; step <= 2 * FRAMES + 1; step++) {
    const newest = window.subarray(SIZE * (FRAMES - 1));
    const feeds = { ...shared, ...scales, ...memory, ...slotFeeds(step, FRAMES), window: newest };
    const { next: got, ...after } = evaluate(next, feeds);
    const { next: want } = evaluate(whole, { ...shared, ...scales, window });
    want!.forEach((value, i) =>
      assert.ok(Math.abs(value - got![i]!) < 1e-9, `step ${step}: ${got![i]}, ${value}`)
    );
    memory = after as typeof memory;
    push(got!);
  }
});
