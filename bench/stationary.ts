// A compiled graph some inputs of which stay from run to run, as a model's weights do: they lie on the device, matrices
// packed where it does so.

import { type Feed, loadPlan } from "../lib/compile/compile.ts";
import type { Device, DeviceBuffer } from "../lib/compile/device.ts";
import { type CompileOptions, plan } from "../lib/compile/pipeline.ts";
import type { Graph } from "../lib/ir/trace.ts";
import { type HostArray, sizeOf } from "../lib/ir/types.ts";
import type { Workload } from "./resident.ts";

/** See the head of the file. */
export interface Stationary extends Workload, Disposable {
  /** Runs with the inputs that change. */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, HostArray>>;
}

/**
 * Compiles a graph and places what is stationary.
 *
 * @param device where it will run
 * @param graph as traced
 * @param weights numbers of the inputs that stay
 * @param options of the passes
 */
export async function makeStationary(
  device: Device,
  graph: Graph,
  weights: Readonly<Record<string, HostArray>>,
  options: CompileOptions = {},
): Promise<Stationary> {
  const planned = plan(graph, device, { ...options, stationary: (name) => name in weights });
  using made = new DisposableStack();
  const buffers = new Map<string, DeviceBuffer>();
  for (const [name, numbers] of Object.entries(weights)) {
    const { dtype, shape } = graph.inputs.get(name)!;
    const rows = planned.matrices.get(name);
    const buffer = made.use(device.createBuffer(dtype, sizeOf(shape), { label: name, rows }));
    await buffer.write(numbers);
    buffers.set(name, buffer);
  }
  const compiled = made.use(await loadPlan(planned, device, buffers));
  const kept = made.move();
  return {
    program: compiled.program,
    matrices: planned.matrices,
    run: (feeds) => compiled.run(feeds),
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}
