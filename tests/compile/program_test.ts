// Programs: what the passes make of small graphs and of a two-block model, and what the memory plan promises.

import assert from "node:assert/strict";
import { plan } from "../../lib/compile/pipeline.ts";
import { type Kernel, printProgram, type Program } from "../../lib/compile/program.ts";
import { slotBytes } from "../../lib/compile/memory_plan.ts";
import * as t from "../../lib/ir/tensor.ts";
import { type Graph, trace } from "../../lib/ir/trace.ts";
import { RELEASED_CONFIG } from "../../lib/models/walrus/config.ts";
import { geometryOf } from "../../lib/models/walrus/geometry.ts";
import { stepByHand } from "../models/walrus/by_hand.ts";
import { fixture } from "../shared.ts";
import { twoBlocks } from "../two_blocks.ts";

const ALL = new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]);
const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });

function compiled(graph: Graph): Program {
  return plan(graph, { kernels: ALL }).main.program;
}

/** Two scratch slots that live at the same time share no byte. */
function checkPlan(program: Program): void {
  const scratch = program.slots.filter((s) => s.kind === "scratch");
  for (const [i, a] of scratch.entries()) {
    assert.equal(a.offset % 64, 0);
    assert.ok(a.offset + slotBytes(a) <= program.arenaBytes);
    for (const b of scratch.slice(i + 1)) {
      const together = a.lifetime[0] <= b.lifetime[1] && b.lifetime[0] <= a.lifetime[1];
      const apart = a.offset + slotBytes(a) <= b.offset || b.offset + slotBytes(b) <= a.offset;
      assert.ok(!together || apart, `${a.name} and ${b.name} overlap`);
    }
  }
  for (const [i, launch] of program.launches.entries()) {
    for (const { slot } of [...launch.inputs, ...launch.outputs]) {
      const { kind, lifetime } = program.slots[slot]!;
      assert.ok(kind !== "scratch" || (lifetime[0] <= i && i <= lifetime[1]));
    }
    for (const out of launch.outputs) {
      assert.ok(!launch.inputs.some((view) => view.slot === out.slot), launch.kernel);
    }
  }
}

Deno.test("plan() fuses bias, activation and residual into the product", () => {
  const graph = trace({ x: f32(4, 8), w: f32(6, 8), b: f32(6), r: f32(4, 6) } as const, ({ x, w, b, r }) => ({
    y: t.add(r, t.sigmoid(t.add(t.contract("mk,nk->mn", x, w), b))),
  }));
  assert.deepEqual(compiled(graph).launches.map((s) => s.kernel), ["contract"]);
});

Deno.test("plan() fuses squares into the sum and makes movement free", () => {
  const graph = trace({ x: f32(3, 4, 5) } as const, ({ x }) => {
    const moved = t.reshape(t.permute(t.slice(x, [0, 1, 0], [3, 2, 5]), [1, 0, 2]), [2, 15]);
    return { y: t.sum(t.mul(x, x), [2]), z: t.exp(moved) };
  });
  const program = compiled(graph);
  assert.deepEqual(program.launches.map((s) => s.kernel).sort(), ["map", "map", "reduce"]);
  checkPlan(program);
});

Deno.test("plan() folds constants and drops what no output needs", () => {
  const graph = trace({ x: f32(3) } as const, ({ x }) => {
    t.exp(x);
    return { y: t.mul(t.add(x, t.sub(t.constant(3), 3)), t.broadcast(t.constant(2, [1]), [3])) };
  });
  const program = compiled(graph);
  assert.equal(program.launches.length, 1);
  assert.equal(program.slots.filter((s) => s.kind === "constant").length, 0);
});

Deno.test("outputs may share a node, be an input, or have the name of an input", () => {
  const graph = trace({ x: f32(3) } as const, ({ x }) => {
    const y = t.neg(x);
    return { x: y, same: y, input: x, view: t.broadcast(t.reshape(x, [1, 3]), [2, 3]) };
  });
  const names = compiled(graph).slots.filter((s) => s.kind === "output").map((s) => s.name);
  // "x" replaces the input: it has no slot of its own.
  assert.deepEqual(names.sort(), ["output/input", "output/same", "output/view"]);
});

Deno.test("plan() never overlaps live slots of a two-block model and reuses memory", () => {
  const program = twoBlocks();
  checkPlan(program);
  const total = program.slots.filter((s) => s.kind === "scratch").reduce((n, s) => n + slotBytes(s), 0);
  assert.ok(program.arenaBytes < total / 4, `${program.arenaBytes} of ${total} bytes`);
});

Deno.test("the program of a two-block model is the reviewed one", async () => {
  const program = twoBlocks();
  const lines = program.launches.map((s) =>
    `${s.kernel} [${s.outputs[0]!.shape.join(",")}] <- ${s.inputs.length} ${s.scope}`.trimEnd()
  );
  lines.push(`arena ${program.arenaBytes} bytes, ${program.launches.length} launches`);
  const path = fixture("two_blocks.txt");
  const text = lines.join("\n") + "\n";
  if (Deno.env.get("UPDATE_SNAPSHOTS")) await Deno.writeTextFile(path, text);
  assert.equal(text, await Deno.readTextFile(path));
  assert.ok(printProgram(program).includes("contract"));
});

Deno.test("the released model compiles within seconds and its plan states its memory", () => {
  const open = [1, 1] as const;
  const geometry = geometryOf([256, 256, 1], [open, open, [2, 2]], true);
  const shape = {
    frames: 6,
    samples: 1,
    points: [256, 256, 1] as const,
    channels: 4,
    constants: 0,
    hidden: false,
    jitter: true,
  };
  const program = compiled(stepByHand(RELEASED_CONFIG, shape, geometry));
  assert.ok(program.bytes.input > 4.7e9 && program.bytes.input < 4.9e9, `${program.bytes.input}`);
  assert.ok(program.arenaBytes < 1.5e9, `${program.arenaBytes}`);
});
