// The network's programs node by node: those of the interface are the ones that were built by hand, in the same order,
// scopes and all; only inputs are named otherwise and windows come back.

import assert from "node:assert/strict";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import { grad } from "../../../lib/autodiff/grad.ts";
import { compile } from "../../../lib/compile/compile.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { expressionText } from "../../../lib/ir/scalar.ts";
import type { Tensor } from "../../../lib/ir/node.ts";
import { add, constant, input, mul } from "../../../lib/ir/tensor.ts";
import { type Graph, prune, trace } from "../../../lib/ir/trace.ts";
import { type DType, type HostArray, sizeOf, typeText } from "../../../lib/ir/types.ts";
import type { Traced } from "../../../lib/models/model.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../../lib/models/walrus/config.ts";
import { gridOf, type WalrusShape } from "../../../lib/models/walrus/shape.ts";
import { gradientMask } from "../../../lib/models/walrus/gradient_mask.ts";
import { RELEASED_LOSS } from "../../../lib/models/walrus/loss.ts";
import { isBlockMatrix, mayBeFp16 } from "../../../lib/models/walrus/parameters.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { inputParameters } from "../../../lib/nn/parameters.ts";
import { randomSource } from "../../../lib/random/random_source.ts";
import { DEFAULT_TRAINING } from "../../../lib/train/settings.ts";
import { accumulateStep } from "../../../lib/train/step.ts";
import { decodeByHand, lossByHand, lossSignature, prefillByHand, stepByHand } from "./by_hand.ts";
import { numbers } from "./samples.ts";

const BASE: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 32,
  intermediateDim: 4,
  states: 8,
  blocks: 2,
  heads: 2,
  mlpDim: 64,
  includeD: [1, 2, 3],
};
const PLANE: WalrusShape = {
  frames: 3,
  samples: 1,
  points: [32, 64, 1],
  channels: 2,
  constants: 0,
  hidden: false,
  jitter: true,
  boundaries: [[2, 2], [0, 1], [2, 2]],
  resampled: null,
  training: null,
};
const TRAINING = { pathDrop: false, fieldDrop: false, parts: 4, loss: RELEASED_LOSS };

type Case = readonly [name: string, config: WalrusConfig, shape: WalrusShape];
const CASES: readonly Case[] = [
  ["2D, jitter", BASE, PLANE],
  ["2D, hidden cells and constants, two samples", { ...BASE, normalization: "meanstd" }, {
    ...PLANE,
    samples: 2,
    constants: 1,
    hidden: true,
    jitter: false,
  }],
  ["1D, scales of the data set, whole frames", { ...BASE, normalization: "global", prediction: "full" }, {
    ...PLANE,
    points: [64, 1, 1],
    boundaries: [[0, 0], [2, 2], [2, 2]],
    constants: 2,
  }],
  ["one frame", BASE, { ...PLANE, frames: 1, points: [32, 1, 1] }],
  ["3D", { ...BASE, blocks: 1, rotary: "per_axis" }, {
    ...PLANE,
    frames: 2,
    points: [32, 32, 32],
    boundaries: [[2, 2], [0, 0], [1, 1]],
  }],
  ["resampled", { ...BASE, blocks: 1 }, {
    ...PLANE,
    frames: 2,
    points: [32, 32, 66],
    resampled: 64,
    boundaries: [[1, 1], [1, 1], [2, 2]],
    jitter: false,
  }],
  ["position table, not causal", { ...BASE, causal: false, rotary: "shared", apeShape: [32, 32, 1] }, {
    ...PLANE,
    points: [32, 32, 1],
    jitter: false,
  }],
];

const storages: Readonly<Record<string, (name: string) => DType>> = {
  f32: () => "f32",
  f16: (name) => mayBeFp16(name) ? "f16" : "f32",
  i8: (name) => isBlockMatrix(name) ? "i8" : mayBeFp16(name) ? "f16" : "f32",
};

/** Names that the hand-built programs had. */
function handName(name: string): string {
  return name === "state/window" ? "window" : name.replace(/^state\//, "");
}

function attributeText(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `[${value}]`;
  if (value && typeof value === "object" && "fn" in value) return expressionText(value as never);
  return JSON.stringify(value);
}

/** One line for each node that computes, in order; inputs by their hand-built names. */
function lines(graph: Graph, alias: (node: Tensor) => string | null = () => null): string[] {
  const names = new Map<Tensor, string>();
  const out: string[] = [];
  for (const node of graph.nodes) {
    const known = node.op === "input" ? handName(node.attributes.name) : alias(node);
    if (known !== null) {
      names.set(node, `${typeText(node)} ${known}`);
      continue;
    }
    names.set(node, `%${out.length}`);
    const args = node.args.map((arg) => names.get(arg));
    const attributes = Object.entries(node.attributes).map(([key, value]) =>
      `${key}=${attributeText(value)}`
    );
    out.push(
      [node.op, node.results.map(typeText), args, attributes, node.scope, node.generation].join(" | "),
    );
  }
  for (const [name, node] of graph.outputs) {
    out.push(`${name === "frames" ? "next" : handName(name)}: ${names.get(node)}`);
  }
  return out;
}

/** A traced function's graph, parameters as they are stored. */
function traced(
  program: Traced<WalrusShape>,
  config: WalrusConfig,
  shape: WalrusShape,
  dtypeOf: (name: string) => DType = () => "f32",
): Graph {
  const parameters = inputParameters(walrusModel(config).parameters, dtypeOf);
  return trace(program.types(shape), (inputs) => program.trace(parameters, inputs, shape));
}

/** Without the outputs that hand-built programs had not. */
function withoutWindow(graph: Graph): Graph {
  const outputs = [...graph.outputs].filter(([name]) => name !== "state/window");
  return prune({ ...graph, outputs: new Map(outputs) });
}

function sameInputs(graph: Graph, hand: Graph): void {
  const types = (g: Graph) =>
    new Map([...g.inputs].map(([name, node]) => [handName(name), typeText(node)] as const));
  const sorted = (map: Map<string, string>) => [...map].sort(([a], [b]) => a < b ? -1 : 1);
  assert.deepEqual(sorted(types(graph)), sorted(types(hand)));
}

for (const [name, config, shape] of CASES) {
  Deno.test(`forecast traces what was built by hand: ${name}`, () => {
    const model = walrusModel(config);
    for (const [, dtypeOf] of Object.entries(storages)) {
      const hand = stepByHand(config, shape, gridOf(shape), dtypeOf);
      const own = traced(model.forecast, config, shape, dtypeOf);
      sameInputs(own, hand);
      assert.deepEqual(lines(withoutWindow(own)), lines(hand));
      assert.ok(own.nodes.length - hand.nodes.length <= 3);
    }
  });

  if (config.causal) {
    Deno.test(`prefill and decode trace what was built by hand: ${name}`, () => {
      const { prefill, decode } = walrusModel(config).kvCache!;
      const geometry = gridOf(shape);
      for (const [, dtypeOf] of Object.entries(storages)) {
        const first = prefillByHand(config, shape, geometry, dtypeOf);
        assert.deepEqual(lines(withoutWindow(traced(prefill, config, shape, dtypeOf))), lines(first));
        const later = decodeByHand(config, shape, geometry, dtypeOf);
        const own = traced(decode, config, shape, dtypeOf);
        // The newest frame is the window's last.
        const window = own.inputs.get("state/window");
        const newest = (node: Tensor) => node.op === "slice" && node.args[0] === window ? "window" : null;
        assert.deepEqual(lines(withoutWindow(own), newest), lines(later));
      }
      const [before, after] = [prefill.types(shape), decode.types(shape)];
      const state = (types: typeof before) =>
        Object.fromEntries(Object.entries(types).filter(([input]) => input.startsWith("state/")));
      assert.deepEqual(state(before), state(after));
    });
  } else {
    Deno.test("a network that is not causal has no KV cache", () => {
      assert.equal(walrusModel(config).kvCache, undefined);
    });
  }
}

/** Gradients of a micro-batch added to sums: masks first, then sums. */
function accumulatedByHand(config: WalrusConfig, shape: WalrusShape): Graph {
  const [geometry, training] = [gridOf(shape), shape.training!];
  return trace(lossSignature(config, shape, geometry, training), (inputs) => {
    const loss = lossByHand(inputs, config, geometry, training);
    const { params } = inputs as unknown as { params: Record<string, Tensor> };
    const trained = Object.entries(params).filter(([name]) =>
      config.rotary !== "fixed" || !name.includes("rotary_emb.freqs")
    );
    const masked = Object.entries(grad(loss, Object.fromEntries(trained))).map(([name, gradient]) => {
      const mask = gradientMask(name, config, geometry);
      return [name, mask ? mul(gradient, constant(mask, gradient.shape)) : gradient] as const;
    });
    const sums = masked.map(([name, gradient]) => {
      const before = input(`sum/${name}`, { dtype: "f32", shape: gradient.shape });
      return [name, add(before, gradient)] as const;
    });
    return { loss, sum: Object.fromEntries(sums) };
  });
}

for (const [name, config, base] of CASES) {
  if (base.frames === 1) continue;
  Deno.test(`loss and gradients trace what was built by hand: ${name}`, () => {
    for (const drops of [false, true]) {
      const training = { ...TRAINING, pathDrop: drops && config.blocks > 1, fieldDrop: drops };
      const shape = { ...base, training };
      const model = walrusModel(config);
      const settings = { ...DEFAULT_TRAINING, accumulate: training.parts };
      const isTrained = (name: string) => model.parameters.get(name)!.use === "trained";
      const own = accumulateStep(model, shape, settings, isTrained);
      assert.deepEqual(lines(own), lines(accumulatedByHand(config, shape)));
    }
  });
}

Deno.test("loss refuses a shape without training", () => {
  assert.throws(() => walrusModel(BASE).loss.types(PLANE), /made without `training`/);
});

/** Numbers of every input of a graph but its state. */
function feedsOf(graph: Graph, config: WalrusConfig, shape: WalrusShape): Record<string, HostArray> {
  const model = walrusModel(config);
  const place = { index: 1, decoded: 0, lead: 1, random: randomSource(3, 1) };
  const feeds: Record<string, HostArray> = { ...model.stepInputs!(shape, place) };
  let seed = 1;
  for (const [name, { dtype, shape: sizes }] of graph.inputs) {
    seed++;
    if (name === "fields") feeds[name] = Int32Array.from({ length: sizeOf(sizes) }, (_, i) => 3 + i);
    else if (name === "mask") feeds[name] = new Float32Array(sizeOf(sizes)).fill(1);
    else if (dtype === "f32" && !(name in feeds)) {
      const near = /norm\d?\.weight|encoder_dummy/.test(name) ? 1 : 0;
      feeds[name] = numbers(sizeOf(sizes), seed).map((v) => near + 0.3 * v);
    }
  }
  return feeds;
}

Deno.test("two steps on a device, state fed back, give the bits of two steps by hand", async () => {
  const shape = { ...PLANE, constants: 1, hidden: true };
  const size = sizeOf(shape.points) * shape.channels;
  const hand = stepByHand(BASE, shape, gridOf(shape));
  using device = await wasm({ threads: 1, relaxed: false });
  const own = traced(walrusModel(BASE).forecast, BASE, shape);
  using old = await compile(hand, device);
  using now = await compile(own, device);
  const { "state/window": start, ...feeds } = feedsOf(own, BASE, shape);
  const window = (start as Float32Array).slice();
  let state = window.slice();
  for (let step = 0; step < 2; step++) {
    const { next } = await old.run({ ...feeds, window });
    window.copyWithin(0, size);
    window.set(next as Float32Array, size * (shape.frames - 1));
    const result = await now.run({ ...feeds, "state/window": state });
    assert.deepEqual(result.frames, next);
    assert.deepEqual(result["state/window"], window);
    state = (result["state/window"] as Float32Array).slice();
  }
});

Deno.test("prefill and decode on a device give the bits of steps by hand", async () => {
  const size = sizeOf(PLANE.points) * PLANE.channels;
  const model = walrusModel(BASE);
  const { prefill, decode } = model.kvCache!;
  const geometry = gridOf(PLANE);
  const first = prefillByHand(BASE, PLANE, geometry);
  const later = decodeByHand(BASE, PLANE, geometry);
  using device = await wasm({ threads: 1, relaxed: false });
  using oldFirst = await compile(first, device);
  using oldLater = await compile(later, device);
  const own = traced(prefill, BASE, PLANE);
  using newFirst = await compile(own, device);
  using newLater = await compile(traced(decode, BASE, PLANE), device);
  const entries = Object.entries(feedsOf(own, BASE, PLANE));
  const fixed = Object.fromEntries(entries.filter(([name]) => !name.startsWith("state/")));
  let state = Object.fromEntries(entries.filter(([name]) => name.startsWith("state/")));
  const byHand = (record: Record<string, HostArray>) =>
    Object.fromEntries(Object.entries(record).map(([name, values]) => [handName(name), values.slice()]));
  let old = byHand(state);
  for (let decoded = 0; decoded < 4; decoded++) {
    const place = { index: 1 + decoded, decoded, lead: 1, random: randomSource(3, 1) };
    const step = { ...fixed, ...model.stepInputs!(PLANE, place) };
    const { frames, ...after } = await (decoded === 0 ? newFirst : newLater).run({ ...step, ...state });
    state = { ...state, ...byState(after) };
    const { window, ...cache } = old;
    const { next, ...kept } = decoded === 0
      ? await oldFirst.run({ ...step, window: window!, ...only(cache, first) })
      : await oldLater.run({ ...step, window: window!.slice(-size), ...only(cache, later) });
    assert.deepEqual(frames, next);
    const moved = new Float32Array([...window!.slice(size), ...next!]);
    old = { ...old, ...kept, window: moved };
    assert.deepEqual(byHand(state), old);
  }
});

/** Copies: what a run gives is overwritten by the next. */
function byState(outputs: Record<string, HostArray>): Record<string, HostArray> {
  return Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, values.slice()]));
}

/** Those entries that a graph takes. */
function only(record: Record<string, HostArray>, { inputs }: Graph): Record<string, HostArray> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => inputs.has(name)));
}

Deno.test("state/window is the window without its oldest frame and with the new one", () => {
  for (const frames of [1, 3]) {
    const shape = { ...PLANE, frames, points: [32, 1, 1] as const, jitter: false };
    const graph = traced(walrusModel(BASE).forecast, BASE, shape);
    const feeds = feedsOf(graph, BASE, shape);
    const { frames: next, "state/window": window } = evaluate(graph, feeds);
    const old = [...feeds["state/window"]!];
    assert.deepEqual([...window!], [...old.slice(next!.length), ...next!]);
  }
});
