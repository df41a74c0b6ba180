// Operations counted by hand.

import assert from "node:assert/strict";
import { plan } from "../../lib/compile/pipeline.ts";
import { workOf } from "../../lib/compile/work.ts";
import { attention } from "../../lib/ir/fused/attention.ts";
import { contract } from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";

Deno.test("workOf() counts products and attention", () => {
  const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
  const graph = trace({ x: f32(3, 4, 5), y: f32(3, 7, 5), v: f32(3, 7, 6) } as const, ({ x, y, v }) => ({
    product: contract("bmk,bnk->bmn", x, y),
    mixed: attention(x, y, v, 1),
  }));
  const program = plan(graph, { kernels: new Set(["attention"]) }).main.program;
  assert.equal(workOf(program), 2 * 3 * 4 * 7 * 5 + 2 * 3 * 4 * 7 * (5 + 6));
});
