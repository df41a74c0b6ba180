// Runs a step on a device and against its definition, and says where they differ most.

import type { Device } from "../../lib/compile/device.ts";
import { viewText } from "../../lib/compile/program.ts";
import { at, type HostArray } from "../../lib/ir/types.ts";
import { evaluateStep, indices, position } from "./evaluate_step.ts";
import { decode, runSteps } from "./run_step.ts";
import type { KernelCase } from "./step_cases.ts";

/** Text of a step as failures show it. */
export function caseText({ step }: KernelCase): string {
  const ins = step.inputs.map((v) => `${v.dtype}${viewText(v)}`).join(" ");
  return `${step.kernel} ${step.outputs.map(viewText).join(" ")} <- ${ins} ${
    JSON.stringify(step.attributes)
  }`;
}

/**
 * Runs a case.
 *
 * @returns what every slot holds on the device afterwards
 * @throws Error when a result is off by more than the tolerance, or a gap in an output was touched
 */
export async function compareStep(device: Device, test: KernelCase): Promise<HostArray[]> {
  const { step, contents, tolerance, floor = 0 } = test;
  const results = await runSteps(device, [step], contents);
  const expected = contents.map(decode);
  evaluateStep(step, expected);
  for (const view of step.outputs) {
    const want = at(expected, view.slot);
    const got = decode({ dtype: view.dtype, data: at(results, view.slot) });
    const inside = new Set<number>();
    for (const index of indices(view.shape)) inside.add(position(view, index));
    let scale = floor;
    for (const i of inside) scale = Math.max(scale, Math.abs(at(want, i)));
    want.forEach((value, i) => {
      const error = Math.abs(at(got, i) - value);
      const limit = inside.has(i) ? tolerance * scale : 0;
      if (!(error <= limit)) {
        const where = inside.has(i) ? `element ${i}` : `element ${i}, in a gap`;
        throw new Error(
          `${where} of slot ${view.slot} is ${got[i]}, wanted ${value}; error ${error}, limit ${limit}\n${
            caseText(test)
          }`,
        );
      }
    });
  }
  return results;
}
