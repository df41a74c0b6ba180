// Memory that decides what is recomputed: it fits, costs less than whole blocks do, and changes no bit.

import assert from "node:assert/strict";
import { rematerialize, rematScopes } from "../../lib/autodiff/remat.ts";
import { rematerializeParts } from "../../lib/autodiff/remat_parts.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { compile } from "../../lib/compile/compile.ts";
import { plan } from "../../lib/compile/pipeline.ts";
import type { Kernel } from "../../lib/compile/program.ts";
import { check } from "../../lib/ir/check.ts";
import { uniformNumbers } from "../../lib/random/philox.ts";
import { planTraining } from "../../lib/train/plan.ts";
import { planWithin, rematOrder } from "../../lib/train/remat_budget.ts";
import type { TrainingSettings } from "../../lib/train/settings.ts";
import { recomputedScopes, wholeStep } from "../../lib/train/step.ts";
import { isAdapter } from "../../lib/weights/lora.ts";
import { digest } from "../digest.ts";
import {
  TINY_SETTINGS,
  TINY_SHAPE,
  tinyBatch,
  tinyFeeds,
  tinyModel,
  tinyTrainer,
  trainedOf,
} from "./tiny.ts";

const device = { kernels: new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]) };
const LORA = { rank: 2, alpha: 8, adapts: (name: string) => /(?:fused_ff_qkv|ff_out)\.weight$/.test(name) };

/** Networks, and how they are trained. */
const CASES: Readonly<Record<string, { blocks: number; settings?: Partial<TrainingSettings> }>> = {
  "four blocks, several micro-batches": { blocks: 4, settings: { accumulate: 2 } },
  "three blocks with adapters, fp16 weights": { blocks: 3, settings: { lora: LORA, weights: "f16" } },
};

for (const [name, { blocks, settings }] of Object.entries(CASES)) {
  const model = tinyModel({ blocks });
  const trainable = settings?.lora ? isAdapter : trainedOf(model);
  const planned = (more: Partial<TrainingSettings>) =>
    planTraining(model, TINY_SHAPE, { ...TINY_SETTINGS, ...settings, ...more }, trainable, device);

  Deno.test(`any memory from the least on is kept to, a larger one recomputes no more: ${name}`, () => {
    const plain = planned({});
    let least = 0;
    assert.throws(() => planned({ memory: plain.peak / 10 }), (error: Error) => {
      least = 1e6 *
        Number(/the least that does is (\d+) MB, with all recomputed \(weights/.exec(error.message)![1]);
      return error instanceof RangeError;
    });
    assert.ok(least < 0.7 * plain.peak, `${least} of ${plain.peak}`);
    const draws = [...uniformNumbers(2, 7, blocks, 0)].sort((a, b) => a - b);
    const budgets = [least, ...draws.map((u) => Math.floor(least + u * (plain.peak - least))), plain.peak];
    let before = Infinity;
    for (const memory of budgets) {
      const { peak, operations, recomputation } = planned({ memory });
      assert.ok(peak <= memory, `${peak} of ${memory}`);
      assert.ok(operations <= before, `${memory}: ${operations}, ${before} in less memory`);
      assert.equal(recomputation!.peakWithout, plain.peak);
      assert.equal(recomputation!.extra, operations / plain.operations - 1);
      assert.equal(recomputation!.description === "nothing", peak === plain.peak);
      before = operations;
    }
    assert.equal(before, plain.operations);
  });

  Deno.test(`memory that every n-th block fits into is kept to with no more arithmetic: ${name}`, () => {
    for (const rematEvery of [1, 2, blocks]) {
      const whole = planned({ rematEvery });
      const { peak, operations } = planned({ memory: whole.peak });
      assert.ok(peak <= whole.peak && operations <= whole.operations, `${rematEvery}: ${operations}`);
    }
  });
}

Deno.test("parts of any length leave a legal graph and the bits of every result", async () => {
  const model = tinyModel();
  const graph = wholeStep(model, TINY_SHAPE, TINY_SETTINGS, trainedOf(model));
  const order = rematOrder(plan(graph, device).main.program, model.regions!);
  assert.deepEqual(
    order.filter(({ products }) => products).map(({ scope }) => scope).sort(),
    [
      ...["block0", "block1"].flatMap((block) => [`${block}/space`, `${block}/time`]),
      "decoder",
      "encoder",
    ],
  );
  for (const relaxed of [true, false]) {
    using device = await wasm({ threads: 1, relaxed });
    const results: Record<string, ArrayLike<number>>[] = [];
    for (let count = 0; count <= order.length; count += 3) {
      const again = rematerializeParts(graph, order.slice(0, count));
      using compiled = await compile(again, device, { observe: (_pass, after) => check(after) });
      results.push(await compiled.run(tinyFeeds(graph)));
    }
    assert.ok(results.length > 3 && results[0]!.loss![0]! > 0);
    for (const result of results.slice(1)) assert.deepEqual(result, results[0]);
  }
});

Deno.test("a network without regions is cut at its outermost scopes", () => {
  const model = tinyModel({ blocks: 5 });
  const graph = wholeStep(model, TINY_SHAPE, TINY_SETTINGS, trainedOf(model));
  const plain = plan(graph, device).main.program;
  const { plan: chosen, parts } = planWithin(graph, device, [], (p) => p.arenaBytes < 0.6 * plain.arenaBytes);
  assert.ok(chosen.main.program.arenaBytes < 0.6 * plain.arenaBytes);
  assert.ok(
    parts.some(({ scope }) => scope === "block0") &&
      parts.every(({ scope, products }) => products || !scope.includes("/")),
  );
  // Half of the blocks save less for more.
  const half = rematScopes(recomputedScopes(model, { rematEvery: 2 }));
  const halved = plan(rematerialize(graph, half), device).main.program;
  assert.ok(halved.arenaBytes > chosen.main.program.arenaBytes);
});

Deno.test("training in little memory leaves the bits of training without a limit, with 32-bit and 64-bit addresses", async () => {
  const model = tinyModel({ jitter: true, dropPath: 0.3, inputFieldDrop: 0.5 });
  const { peak } = planTraining(model, TINY_SHAPE, TINY_SETTINGS, trainedOf(model), device);
  const ends: string[] = [];
  for (
    const [memory, maximumBytes] of [[null, 2 ** 32], [0.7 * peak, 2 ** 32], [0.7 * peak, 2 ** 33]] as const
  ) {
    using device = await wasm({ threads: 1, maximumBytes });
    assert.equal(/64-bit/.test(device.name), maximumBytes > 2 ** 32);
    using trainer = await tinyTrainer(device, { model, settings: { ...TINY_SETTINGS, memory } });
    for (let step = 0; step < 2; step++) await trainer.step([tinyBatch(step, model)], 1e-3);
    ends.push(await digest((await trainer.state()).tensors));
  }
  assert.deepEqual(new Set(ends).size, 1, `${ends}`);
});

Deno.test("a step that the memory or the device has no room for is refused before it is loaded", async () => {
  const model = tinyModel();
  {
    using device = await wasm({ threads: 1 });
    using trainer = await tinyTrainer(device, { model, settings: { ...TINY_SETTINGS, memory: 1e6 } });
    const before = device.usedBytes;
    await assert.rejects(
      () => trainer.step([tinyBatch(0, model)], 1e-3),
      /^RangeError: Cannot train in 1 MB: the least that does is \d+ MB/,
    );
    assert.equal(device.usedBytes, before);
  }
  using small = await wasm({ threads: 1, maximumBytes: 6 << 20 });
  using trainer = await tinyTrainer(small, { model });
  await assert.rejects(
    () => trainer.step([tinyBatch(0, model)], 1e-3),
    /^RangeError: Cannot train: a step needs \d+ MB .*, wasm .* has 7 MB; a larger maximumBytes/,
  );
});
