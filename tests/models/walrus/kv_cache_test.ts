// The KV cache: with one block, whose keys and values depend on nothing but their own frame, steps that read it are
// exactly those of the whole window with the same scales.

import assert from "node:assert/strict";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { trace } from "../../../lib/ir/trace.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../../lib/models/walrus/config.ts";
import { geometryOf } from "../../../lib/models/walrus/geometry.ts";
import { type DecodeTensors, slotFeeds } from "../../../lib/models/walrus/kv_cache.ts";
import { nextFrameFrom, type StepTensors } from "../../../lib/models/walrus/next_frame.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { type ParameterRecord, recordParameters } from "../../../lib/nn/parameters.ts";
import { uniformNumbers } from "../../../lib/random/philox.ts";
import { startWeights } from "../../../lib/train/start_weights.ts";
import { decodeByHand, prefillByHand, stepSignature } from "./by_hand.ts";

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
  const weights = [...startWeights(walrusModel(CONFIG), 1)].map(([name, data], i) => {
    const random = numbers(data.length, 10 + i);
    return [
      `params/${name}`,
      name.includes("freqs") ? data : Float64Array.from(data, (v, j) => v + 0.3 * random[j]!),
    ];
  });
  return { ...Object.fromEntries(weights), fields: [3, 4], mask: [1, 1] };
}

Deno.test("decode with one block gives what the whole window gives with the first one's scales", () => {
  const first = prefillByHand(CONFIG, SHAPE, GEOMETRY);
  const next = decodeByHand(CONFIG, SHAPE, GEOMETRY);
  const scale = { dtype: "f32", shape: [1, 1, 1, 1, 1, 2] } as const;
  const statistics = { mean: scale, std: scale, deltaMean: scale, deltaStd: scale };
  const whole = trace({ ...stepSignature(CONFIG, SHAPE, GEOMETRY), statistics }, (tensors) => {
    const inputs = tensors as unknown as
      & StepTensors
      & Pick<DecodeTensors, "statistics">
      & { readonly params: ParameterRecord };
    const parameters = recordParameters(inputs.params);
    return { next: nextFrameFrom(parameters, inputs, inputs.statistics, CONFIG, GEOMETRY) };
  });

  const shared = fixed();
  let window = Float64Array.from(numbers(FRAMES * SIZE, 2));
  const cacheSize = first.outputs.get("keys/0")!.shape.reduce((a, b) => a * b);
  const empty = new Float64Array(cacheSize);
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
  let cache = { "keys/0": state["keys/0"]!, "values/0": state["values/0"]! };
  // Twice round the slots and one more.
  for (let step = 1; step <= 2 * FRAMES + 1; step++) {
    const newest = window.subarray(SIZE * (FRAMES - 1));
    const feeds = { ...shared, ...scales, ...cache, ...slotFeeds(step, FRAMES), window: newest };
    const { next: got, ...after } = evaluate(next, feeds);
    const { next: want } = evaluate(whole, { ...shared, ...scales, window });
    want!.forEach((value, i) =>
      assert.ok(Math.abs(value - got![i]!) < 1e-9, `step ${step}: ${got![i]}, ${value}`)
    );
    cache = after as typeof cache;
    push(got!);
  }
});
