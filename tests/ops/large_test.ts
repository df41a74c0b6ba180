// Everything that adds many terms, on every device, with thousands of numbers far from zero.

import { largeCases } from "../cases/large_cases.ts";
import { preparedCase } from "../run_case.ts";
import { opSuite } from "./suite.ts";

opSuite("sums of many numbers far from zero equal the f64 evaluation", "values", function* (op, device) {
  // Devices that bind a kibibyte at once refuse what is large.
  if (device.refuses) return;
  for (const [i, test] of (largeCases[op] ?? []).entries()) {
    yield {
      what: `${op}: ${test.name} (${test.rounding.reason})`,
      prepared: preparedCase(test, "plain", 500 + i),
      // As on WASM: what is added is held in more than f32 on WebGPU too.
      rounding: test.rounding,
    };
  }
});
