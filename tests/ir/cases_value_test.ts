// Every case of the op table: the graph is legal, contains the op, and evaluates to what the op's formula says, through
// every view of the arguments.

import assert from "node:assert/strict";
import { check } from "../../lib/ir/check.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { Op } from "../../lib/ir/node.ts";
import { print } from "../../lib/ir/print.ts";
import { cases, OPS } from "../cases.ts";
import { assertClose } from "../compare.ts";
import { caseGraph, feedsOf, type OpCase, type ViewingName, VIEWINGS } from "../op_case.ts";
import { evaluateByFormulas } from "./formulas.ts";

/** Both sides compute in f64; sums are in different orders. */
const F64 = { limit: 1e-13, floor: 1 };

function checkValue(op: Op, test: OpCase, viewing: ViewingName, seed: number): void {
  const graph = caseGraph(test, viewing);
  check(graph);
  assert.ok(
    graph.nodes.some((node) => node.op === op),
    `${test.name} does not contain ${op}\n${print(graph)}`,
  );
  const feeds = feedsOf(graph, test, seed);
  const got = evaluate(graph, feeds);
  const want = evaluateByFormulas(graph, feeds);
  for (const name of graph.outputs.keys()) {
    assertClose(got[name]!, want[name]!, F64, () => `${op}: ${test.name}, ${viewing}\n${print(graph)}`);
  }
}

for (const op of OPS) {
  Deno.test(`${op} evaluates to its formula, however its arguments are seen`, () => {
    cases[op].forEach((test, i) => {
      for (const viewing of Object.keys(VIEWINGS) as ViewingName[]) checkValue(op, test, viewing, i);
    });
  });
}
