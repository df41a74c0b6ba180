// Outputs that replace inputs: in place where possible, always with the values of a run that keeps both.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { compile } from "../../lib/compile/compile.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { add, constant, mul, permute, reshape, sliceAxis, sum } from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import type { HostArray } from "../../lib/ir/types.ts";

const TYPES = {
  a: { dtype: "f32", shape: [3, 3] },
  b: { dtype: "f32", shape: [3, 3] },
} as const;
const FEEDS = {
  a: Float32Array.from({ length: 9 }, (_, i) => i + 1),
  b: Float32Array.from({ length: 9 }, (_, i) => 10 * i),
};

type Build = (a: Tensor, b: Tensor) => Record<string, Tensor>;

const cases: readonly { name: string; build: Build; copies: number }[] = [
  { name: "element by element", build: (a, b) => ({ a: add(a, b) }), copies: 0 },
  {
    name: "one new value used by the other",
    build: (a, b) => {
      const next = add(mul(a, 0.5), b);
      return { a: next, b: add(mul(b, 2), next) };
    },
    copies: 0,
  },
  { name: "swapped", build: (a, b) => ({ a: b, b: a }), copies: 1 },
  { name: "transposed", build: (a) => ({ a: add(permute(a, [1, 0]), 1) }), copies: 1 },
  {
    name: "old value read afterwards",
    build: (a, b) => {
      const next = add(a, b);
      return { a: next, total: sum(mul(a, sum(next, [0, 1])), [0, 1]) };
    },
    copies: 1,
  },
  { name: "unchanged", build: (a, b) => ({ a, b: add(b, a) }), copies: 0 },
  { name: "a constant", build: () => ({ a: constant(0, [3, 3]) }), copies: 0 },
  {
    name: "the same value twice",
    build: (a, b) => {
      const next = mul(a, b);
      return { a: next, b: next, copy: next };
    },
    copies: 0,
  },
  {
    name: "a part of something larger",
    build: (a, b) => ({
      a: reshape(sliceAxis(mul(reshape(a, [9]), reshape(b, [9])), 0, 0, 9), [3, 3]),
    }),
    copies: 0,
  },
];

for (const { name, build, copies } of cases) {
  Deno.test(`compile() writes outputs over the inputs they replace: ${name}`, async () => {
    const graph = trace(TYPES, ({ a, b }) => build(a, b));
    const wanted = evaluate(graph, FEEDS);
    using device = await wasm({ threads: 1 });
    using compiled = await compile(graph, device);
    const { program } = compiled;
    const atEnd = program.launches.filter((launch) => launch.scope.startsWith("update/"));
    assert.equal(atEnd.length, copies);
    assert.ok(!program.slots.some((s) => s.kind === "output" && ["output/a", "output/b"].includes(s.name)));
    const plain = await compiled.run(FEEDS);
    using a = device.createBuffer("f32", 9);
    using b = device.createBuffer("f32", 9);
    await a.write(FEEDS.a);
    await b.write(FEEDS.b);
    const bound = await compiled.run({ a, b });
    const read: Record<string, HostArray> = { ...bound, a: await a.read(), b: await b.read() };
    for (const [output, values] of Object.entries(wanted)) {
      assert.deepEqual([...plain[output]!], [...values], output);
      assert.deepEqual([...read[output]!], [...values], `${output} of bound buffers`);
    }
    assert.ok(!("a" in bound) && !("b" in bound));
  });
}
