// Ops on every device against the f64 evaluation, whatever is made of them. Devices that differ in threads alone give
// the same bits; a device may refuse as many cases as it is said to.

import assert from "node:assert/strict";
import type { Op } from "../../lib/ir/node.ts";
import { DEVICES, deviceTest, type TestDevice } from "../devices.ts";
import type { Rounding } from "../op_case.ts";
import { assertEvaluates, type Prepared, runGraph } from "../run_case.ts";

/** A graph of a case, and how far a device may be from its f64 evaluation. */
export interface Checked {
  readonly what: string;
  readonly prepared: Prepared;
  readonly rounding: Pick<Rounding, "limit" | "floor">;
}

/**
 * Registers a test on every device.
 *
 * @param name what it says of a device
 * @param kind which refusals count
 * @param graphs what is checked of an op on a device
 */
export function opSuite(
  name: string,
  kind: "values" | "gradients",
  graphs: (op: Op, device: TestDevice) => Iterable<Checked>,
): void {
  for (const device of DEVICES) {
    deviceTest(device, name, async (opened, context) => {
      using alike = await device.openAlike?.() ?? null;
      const refused: string[] = [];
      for (const op of device.ops) {
        await context.step(op, async () => {
          for (const { what, prepared, rounding } of graphs(op, device)) {
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
        });
      }
      assert.ok(refused.length <= (device.refuses?.[kind] ?? 0), `refused: ${refused.join("; ")}`);
    });
  }
}
