// Every op on every device: the case table through the views of its arguments.

import { cases } from "../cases.ts";
import { preparedCase } from "../run_case.ts";
import { opSuite } from "./suite.ts";

opSuite("every op equals the f64 evaluation", "values", function* (op, { viewings, looser }) {
  for (const [i, test] of cases[op].entries()) {
    for (const viewing of viewings) {
      yield {
        what: `${op}: ${test.name}, ${viewing} (${test.rounding.reason})`,
        prepared: preparedCase(test, viewing, 100 + i),
        rounding: { ...test.rounding, limit: looser * test.rounding.limit },
      };
    }
  }
});
