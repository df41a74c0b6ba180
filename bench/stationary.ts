// A compiled graph some inputs of which stay from run to run, as a model's weights do: they lie on the device, matrices in
// panels where it has them.

import { compile, type Compiled, compileGraph, type Feed } from "../lib/compile/compile.ts";
import { layPanels, panelColumns } from "../lib/compile/panels.ts";
import type { Device, DeviceBuffer } from "../lib/compile/device.ts";
import type { Graph } from "../lib/ir/trace.ts";
import { type HostArray, sizeOf } from "../lib/ir/types.ts";

/** See the head of the file. */
export interface Stationary extends Disposable {
  readonly compiled: Compiled;
  /** Runs with the inputs that change. */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, HostArray>>;
}

/**
 * Compiles a graph and places what stays.
 *
 * @param device where it will run
 * @param graph as traced
 * @param weights numbers of the inputs that stay
 * @param inPanels whether matrices among them lie in panels, as far as the device has them
 */
export async function makeStationary(
  device: Device,
  graph: Graph,
  weights: Readonly<Record<string, HostArray>>,
  inPanels = true,
): Promise<Stationary> {
  const panels = new Map<string, number>();
  for (const name of Object.keys(weights)) {
    const { shape } = graph.inputs.get(name)!;
    const columns = inPanels && shape.length === 2 ? panelColumns(device, shape) : undefined;
    if (columns !== undefined) panels.set(name, columns);
  }
  using made = new DisposableStack();
  const compiled = made.use(await compile(device, graph, layPanels(compileGraph(graph, device), panels)));
  const placed: Record<string, DeviceBuffer> = {};
  for (const [name, numbers] of Object.entries(weights)) {
    const { dtype, shape } = graph.inputs.get(name)!;
    placed[name] = made.use(
      device.createBuffer(dtype, sizeOf(shape), { label: name, panelColumns: panels.get(name) }),
    );
    await placed[name].write(numbers);
  }
  const kept = made.move();
  return {
    compiled,
    run: (feeds) => compiled.run({ ...placed, ...feeds }),
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}
