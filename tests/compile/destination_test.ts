// Values computed where they would be copied to: how many launches that leaves, where it may not be done, and that
// numbers are those of the evaluation on every device.

import assert from "node:assert/strict";
import { plan } from "../../lib/compile/pipeline.ts";
import type { Kernel, Program } from "../../lib/compile/program.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import { operand } from "../../lib/ir/scalar.ts";
import * as t from "../../lib/ir/tensor.ts";
import { fused } from "../../lib/ir/fused/mod.ts";
import { type Graph, trace } from "../../lib/ir/trace.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import { Draw } from "../backend/random_launches.ts";
import { assertClose } from "../compare.ts";
import { deviceTest, WASM, WEBGPU } from "../devices.ts";
import { decode, runGraph } from "../run_case.ts";

const KERNELS = new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]);
const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
const TYPES = { x: f32(2, 3, 8), y: f32(2, 3, 8), w: f32(8, 8), b: f32(8) } as const;
type Inputs = { readonly [K in keyof typeof TYPES]: Tensor };

function copiesOf({ launches }: Program): number {
  return launches.filter((launch) =>
    launch.kernel === "map" && launch.inputs.length === 1 && launch.attributes.expression === operand(0)
  ).length;
}

const fillsOf = ({ launches }: Program) => launches.filter(({ inputs }) => inputs.length === 0).length;
const heads = (x: Tensor) => t.permute(t.reshape(x, [2, 3, 2, 4]), [0, 2, 1, 3]);
const merged = (x: Tensor) => t.reshape(t.permute(x, [0, 2, 1, 3]), [2, 3, 8]);

const cases: readonly {
  name: string;
  build: (inputs: Inputs) => Record<string, Tensor>;
  launches: number;
  copies: number;
  fills?: number;
}[] = [
  {
    name: "parts of a concatenation, of several kernels",
    build: ({ x, y, w, b }) => ({
      z: t.concat([t.exp(x), t.contract("bmk,nk->bmn", y, w), t.sum(t.mul(x, b2(b)), [1])], 1),
    }),
    launches: 3,
    copies: 0,
  },
  {
    name: "concatenations of concatenations",
    build: ({ x, y }) => ({
      z: t.concat([t.concat([t.exp(x), t.neg(y)], 1), t.concat([t.abs(x), t.exp(y)], 1)], 2),
    }),
    launches: 4,
    copies: 0,
  },
  {
    name: "inputs and values with other users are copied",
    build: ({ x, y }) => {
      const e = t.exp(y);
      return { z: t.concat([x, e], 2), sum: t.sum(e, [0]) };
    },
    launches: 4,
    copies: 2,
  },
  {
    name: "an output is copied",
    build: ({ x, y }) => {
      const e = t.exp(x);
      return { z: t.concat([e, t.neg(y)], 2), e };
    },
    launches: 3,
    copies: 1,
  },
  {
    name: "the same value twice is copied",
    build: ({ x }) => {
      const e = t.exp(x);
      return { z: t.concat([e, e], 0) };
    },
    launches: 3,
    copies: 2,
  },
  {
    name: "the argument of a pad, behind its zeros",
    build: ({ x }) => ({ z: t.pad(t.exp(x), [0, 1, 2], [2, 5, 12]) }),
    launches: 2,
    copies: 0,
    fills: 1,
  },
  {
    name: "a pad within a concatenation: zeros come before either part",
    build: ({ x, y }) => ({
      z: t.concat([t.pad(t.exp(x), [0, 0, 1], [2, 3, 10]), t.neg(t.pad(y, [0, 0, 2], [2, 3, 10]))], 1),
    }),
    launches: 5,
    copies: 1,
    fills: 2,
  },
  {
    name: "what a reshape would bring into another order",
    build: ({ x, w }) => ({ z: t.contract("bmk,nk->bmn", merged(t.exp(heads(x))), w) }),
    launches: 2,
    copies: 0,
  },
  {
    name: "through views into a concatenation",
    build: ({ x, y }) => ({ z: t.concat([merged(t.exp(heads(x))), t.neg(y)], 2) }),
    launches: 2,
    copies: 0,
  },
  {
    name: "a reshape of an input is copied once, to where it belongs",
    build: ({ x, y }) => ({
      z: t.concat([t.reshape(t.permute(x, [1, 0, 2]), [6, 8]), t.reshape(t.neg(y), [6, 8])], 1),
    }),
    launches: 2,
    copies: 1,
  },
  {
    name: "results of one launch go to different buffers",
    build: ({ x, y }) => {
      const g = fused.attention.vjp!([heads(x), heads(y), heads(x)] as never, { scale: 0.5 }, [heads(y)], [
        true,
        true,
        true,
      ])!;
      return { z: t.concat(g.map((d) => merged(d!)), 2) };
    },
    launches: 3,
    copies: 2,
  },
];

function b2(b: Tensor): Tensor {
  return t.broadcast(t.reshape(b, [1, 1, 8]), [2, 3, 8]);
}

function feedsOf(graph: Graph): Record<string, Float64Array> {
  const draw = new Draw(7);
  return Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => [
      name,
      Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * draw.unit() - 1)),
    ]),
  );
}

for (const { name, build, launches, copies, fills = 0 } of cases) {
  const graph = trace(TYPES, build as never);
  Deno.test(`lower(): ${name}`, () => {
    const { program } = plan(graph, { kernels: KERNELS }).main;
    assert.deepEqual([program.launches.length, copiesOf(program), fillsOf(program)], [
      launches,
      copies,
      fills,
    ]);
    for (const { inputs, outputs } of program.launches) {
      // A GPU binds no buffer twice where it is written.
      const written = outputs.map(({ slot }) => slot);
      assert.equal(
        new Set([...written, ...inputs.map(({ slot }) => slot)]).size,
        new Set(inputs.map(({ slot }) => slot)).size + written.length,
      );
    }
  });
}

for (const device of [WASM, WEBGPU]) {
  deviceTest(device, "values computed in place are those of the evaluation", async (opened, context) => {
    for (const { name, build } of cases) {
      await context.step(name, async () => {
        const graph = trace(TYPES, build as never);
        const feeds = feedsOf(graph);
        const got = await runGraph(opened, graph, feeds);
        const want = evaluate(graph, feeds);
        for (const output of Object.keys(got)) {
          assertClose(decode(got[output]!), want[output]!, { limit: 1e-5 * device.looser }, () => output);
        }
      });
    }
  });
}
