// A step's program in two parts: what depends on weights alone is computed once, when they are read; every step runs the
// rest.

import { compile, type Compiled, computeOnce, optimize } from "../compile/compile.ts";
import { hoist } from "../compile/hoist.ts";
import { lower } from "../compile/lower.ts";
import { layPanels } from "../compile/panels.ts";
import type { Device, DeviceBuffer } from "../compile/device.ts";
import type { Program } from "../compile/program.ts";
import type { Graph } from "../ir/trace.ts";
import { inputPanels } from "./panels.ts";

/** A part of a step. */
interface Part {
  readonly graph: Graph;
  readonly program: Program;
}

/** A step before its weights are read. */
export interface PlannedStep {
  /** What is computed once; results are inputs of the rest under the same names. */
  readonly once: Part;
  /** What every step runs. */
  readonly each: Part;
}

/**
 * Plans a step.
 *
 * @param graph as traced; inputs `params/..` are weights
 * @param device whose kernels decide which fused ops are expanded
 * @param panels columns of the weights that lie in panels, by the name of the tensor
 */
export function planStep(
  graph: Graph,
  device: Pick<Device, "kernels">,
  panels: ReadonlyMap<string, number> = new Map(),
): PlannedStep {
  const { once, each } = hoist(optimize(graph, device), (name) => name.startsWith("params/"));
  const columns = inputPanels(panels);
  const part = (graph: Graph): Part => ({ graph, program: layPanels(lower(graph), columns) });
  return { once: part(once), each: part(each) };
}

/**
 * Makes a step resident and computes what is computed once.
 *
 * @param device where it will run
 * @param step as planned
 * @param weights on the device by input name
 */
export async function placeStep(
  device: Device,
  { once, each }: PlannedStep,
  weights: ReadonlyMap<string, DeviceBuffer>,
): Promise<Compiled> {
  const kept = await computeOnce(device, once.graph, once.program, weights);
  return await compile(device, each.graph, each.program, kept);
}
