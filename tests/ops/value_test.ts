// Every op on every device against the f64 evaluation: the case table through the views of its arguments. Devices that
// differ in threads alone give the same bits.

import assert from "node:assert/strict";
import { cases } from "../cases.ts";
import { DEVICES, deviceTest } from "../devices.ts";
import { assertEvaluates, preparedCase, runGraph } from "../run_case.ts";

for (const device of DEVICES) {
  deviceTest(device, "every op equals the f64 evaluation", async (opened, context) => {
    using alike = await device.openAlike?.() ?? null;
    const refused: string[] = [];
    for (const op of device.ops) {
      await context.step(op, async () => {
        for (const [i, test] of cases[op].entries()) {
          for (const viewing of device.viewings) {
            const what = `${op}: ${test.name}, ${viewing} (${test.rounding.reason})`;
            const prepared = preparedCase(test, viewing, 100 + i);
            const rounding = { ...test.rounding, limit: device.looser * test.rounding.limit };
            let got;
            try {
              got = await assertEvaluates(opened, prepared, rounding, what);
            } catch (error) {
              if (!device.refuses?.words.test((error as Error).message)) throw error;
              refused.push(what);
              continue;
            }
            if (!alike) continue;
            const again = await runGraph(alike, prepared.graph, prepared.feeds);
            assert.deepEqual(again, got, `${what}: several threads differ from one`);
          }
        }
      });
    }
    assert.ok(refused.length <= (device.refuses?.values ?? 0), `refused: ${refused.join("; ")}`);
  });
}
