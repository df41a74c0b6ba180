// Runs a launch on a device and against its definition, and says where they differ most.

import type { Device } from "../../lib/compile/device.ts";
import { viewText } from "../../lib/compile/program.ts";
import { at, type HostArray } from "../../lib/ir/types.ts";
import { evaluateLaunch, indices, position } from "./evaluate_launch.ts";
import { decode, runLaunches } from "./run_launch.ts";
import type { KernelCase } from "./launch_cases.ts";

/** Text of a launch as failures show it. */
export function caseText({ launch }: KernelCase): string {
  const ins = launch.inputs.map((v) => `${v.dtype}${viewText(v)}`).join(" ");
  return `${launch.kernel} ${launch.outputs.map(viewText).join(" ")} <- ${ins} ${
    JSON.stringify(launch.attributes)
  }`;
}

/**
 * Runs a case.
 *
 * @returns what every slot holds on the device afterwards
 * @throws Error when a result is off by more than the tolerance, or a gap in an output was touched
 */
export async function compareLaunch(device: Device, test: KernelCase): Promise<HostArray[]> {
  const { launch, contents, tolerance, floor = 0 } = test;
  const results = await runLaunches(device, [launch], contents);
  const expected = contents.map(decode);
  evaluateLaunch(launch, expected);
  for (const view of launch.outputs) {
    const want = at(expected, view.slot);
    const got = decode({ dtype: view.dtype, data: at(results, view.slot) });
    const inside = new Uint8Array(want.length);
    let scale = floor;
    for (const index of indices(view.shape)) {
      const place = position(view, index);
      inside[place] = 1;
      scale = Math.max(scale, Math.abs(at(want, place)));
    }
    want.forEach((value, i) => {
      const error = Math.abs(at(got, i) - value);
      const limit = inside[i] ? tolerance * scale : 0;
      if (!(error <= limit)) {
        const where = inside[i] ? `element ${i}` : `element ${i}, in a gap`;
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
