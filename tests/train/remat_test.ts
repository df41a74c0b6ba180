// Recomputation: the same numbers from less memory, and a legal graph after every pass.

import assert from "node:assert/strict";
import { rematerialize, type RematPolicy, rematScopes } from "../../lib/autodiff/remat.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { compile } from "../../lib/compile/compile.ts";
import { plan } from "../../lib/compile/pipeline.ts";
import type { Kernel } from "../../lib/compile/program.ts";
import { check } from "../../lib/ir/check.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { accumulateStep, recomputedScopes, trainedNames, wholeStep } from "../../lib/train/step.ts";
import { TINY, TINY_SETTINGS, TINY_SHAPE, tinyFeeds, tinyModel, trainedOf } from "./tiny.ts";

/** A whole step that computes blocks again. */
function build(rematEvery: number, blocks = TINY.blocks) {
  const model = tinyModel({ blocks });
  const graph = wholeStep(model, TINY_SHAPE, TINY_SETTINGS, trainedOf(model));
  return rematerialize(graph, rematScopes(recomputedScopes(model, { rematEvery })));
}
const kernels = new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]);
const blocks: RematPolicy = (scope) => /^block\d+(?=\/|$)/.exec(scope)?.[0] ?? null;

Deno.test("rematerialize() leaves every result of a training step as it is, bit for bit", async () => {
  using device = await wasm({ threads: 1 });
  const results: Record<string, ArrayLike<number>>[] = [];
  for (const every of [0, 1, 2]) {
    const graph = build(every);
    using compiled = await compile(graph, device);
    results.push(await compiled.run(tinyFeeds(graph)));
  }
  const [plain, all, half] = results;
  assert.ok(Object.keys(plain!).length > 100);
  assert.ok(plain!.loss![0]! > 0);
  assert.deepEqual(all, plain);
  assert.deepEqual(half, plain);
});

Deno.test("rematerialize() keeps graphs legal through all passes and halves the working memory of deep networks", () => {
  const arena = (every: number) => {
    const graph = build(every, 8);
    const observe = (_pass: string, after: typeof graph) => check(after);
    return plan(graph, { kernels }, { observe }).main.program.arenaBytes;
  };
  const [plain, half, all] = [arena(0), arena(2), arena(1)];
  assert.ok(half < 0.75 * plain && all < 0.5 * plain, `${plain}, ${half}, ${all} bytes`);
});

Deno.test("rematerialize() computes a block again only after the cotangent of its output is there", () => {
  const graph = rematerialize(build(0), blocks);
  const again = graph.nodes.filter((node) => node.generation === 1);
  assert.ok(again.length > 50);
  const firstOf = (block: number) => again.findIndex((node) => node.scope.startsWith(`block${block}/`));
  assert.ok(firstOf(1) < firstOf(0));
  const backward = graph.nodes.findIndex((node) => node.scope.includes("backward"));
  assert.ok(graph.nodes.indexOf(again[0]!) > backward);
  // Nothing of block 1 is computed again once the walk has reached block 0.
  const start = graph.nodes.indexOf(again[firstOf(0)]!);
  assert.ok(
    !graph.nodes.slice(start).some((node) => node.generation === 1 && node.scope.startsWith("block1/")),
  );
});

Deno.test("gradientMask() zeroes what is zero by symmetry, and nothing else", () => {
  const model = tinyModel({ rotary: "per_axis" });
  const graph = accumulateStep(model, TINY_SHAPE, TINY_SETTINGS, () => true);
  // The gradient before masking is what the mask is multiplied with.
  const masks = new Map(
    trainedNames(graph).flatMap((name) => {
      const mask = model.gradientMask!(name, TINY_SHAPE);
      return mask ? [[name, mask] as const] : [];
    }),
  );
  assert.equal(masks.size, 6);
  const outputs = new Map<string, Tensor>([...masks.keys()].flatMap((name): [string, Tensor][] => {
    const sum = graph.outputs.get(`sum/${name}`)!;
    const masked = sum.args.find((arg) => arg.op !== "input")!;
    return [[`masked ${name}`, masked], [name, masked.args.find((arg) => arg.op !== "constant")!]];
  }));
  const results = evaluate({ ...graph, outputs }, tinyFeeds(graph));
  for (const [name, mask] of masks) {
    const masked = results[`masked ${name}`]!;
    results[name]!.forEach((v, i) => {
      const size = Math.abs(v);
      assert.ok(mask[i] === 0 ? size < 1e-13 : size > 1e-9, `${name} ${i}: ${v}`);
      assert.ok(masked[i] === (mask[i] === 0 ? 0 : v), `${name} ${i}`);
    });
  }
});

Deno.test("recomputedScopes() are every n-th region of the network, from the first on", () => {
  const model = tinyModel({ blocks: 5 });
  const scopes = (rematEvery: number) => recomputedScopes(model, { rematEvery });
  assert.deepEqual([scopes(0), scopes(2), scopes(9)], [[], ["block0", "block2", "block4"], ["block0"]]);
  assert.equal(scopes(1).length, 5);
  assert.deepEqual(recomputedScopes({}, { rematEvery: 1 }), []);
});
