// Gradients of every op on every device against the f64 evaluation. The op stands mid-graph: its arguments come out of
// maps, its results are multiplied by random cotangents and go through others (op_case.ts). That the f64 gradients are
// right themselves is shown by differences_test.ts.

import assert from "node:assert/strict";
import { check } from "../../lib/ir/check.ts";
import type { Op } from "../../lib/ir/node.ts";
import { cases } from "../cases.ts";
import { DEVICES, deviceTest } from "../devices.ts";
import { lossGraph, type OpCase } from "../op_case.ts";
import { assertEvaluates, gradientRounding, prepare, type Prepared, runGraph } from "../run_case.ts";

interface Gradient {
  readonly test: OpCase;
  readonly prepared: Prepared;
}

const known = new Map<Op, readonly Gradient[]>();

/** Gradients of an op's cases, evaluated once for all devices. */
function gradients(op: Op): readonly Gradient[] {
  const found = known.get(op) ??
    cases[op].filter(({ gradient }) => gradient !== "refused" && gradient !== "absorbed").map((test, i) => {
      const graph = lossGraph(test, true);
      check(graph);
      return { test, prepared: prepare(graph, test, 900 + i) };
    });
  known.set(op, found);
  return found;
}

for (const device of DEVICES) {
  deviceTest(device, "grad() of every op equals the f64 evaluation", async (opened, context) => {
    using alike = await device.openAlike?.() ?? null;
    const refused: string[] = [];
    for (const op of device.ops) {
      await context.step(op, async () => {
        for (const { test, prepared } of gradients(op)) {
          const what = `${op}: ${test.name}`;
          let got;
          try {
            got = await assertEvaluates(opened, prepared, gradientRounding(test), what);
          } catch (error) {
            if (!device.refuses?.words.test((error as Error).message)) throw error;
            refused.push(what);
            continue;
          }
          if (!alike) continue;
          const again = await runGraph(alike, prepared.graph, prepared.feeds);
          assert.deepEqual(again, got, `${what}: several threads differ from one`);
        }
      });
    }
    assert.ok(refused.length <= (device.refuses?.gradients ?? 0), `refused: ${refused.join("; ")}`);
  });
}
