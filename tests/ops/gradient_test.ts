// Gradients of every op on every device against the f64 evaluation. The op stands mid-graph: its arguments come out of
// maps, its results are multiplied by random cotangents and go through others (op_case.ts). That the f64 gradients are
// right themselves is shown by differences_test.ts.

import { check } from "../../lib/ir/check.ts";
import type { Op } from "../../lib/ir/node.ts";
import { cases } from "../cases.ts";
import { lossGraph, type OpCase } from "../op_case.ts";
import { gradientRounding, prepare, type Prepared } from "../run_case.ts";
import { opSuite } from "./suite.ts";

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

opSuite("grad() of every op equals the f64 evaluation", "gradients", function* (op) {
  for (const { test, prepared } of gradients(op)) {
    yield { what: `${op}: ${test.name}`, prepared, rounding: gradientRounding(test) };
  }
});
