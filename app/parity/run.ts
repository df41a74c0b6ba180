// How parity runs a graph: slowly in double precision, or compiled for a device.

import { compile } from "../../lib/compile/compile.ts";
import type { Device } from "../../lib/compile/program.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { Graph } from "../../lib/ir/trace.ts";
import type { HostArray } from "../../lib/ir/types.ts";

/** Numbers of every input by name. */
export type Feeds = Readonly<Record<string, HostArray>>;
/** Numbers of every output by name. */
export type Results = Readonly<Record<string, ArrayLike<number>>>;

/** A graph made ready to run any number of times. */
export interface Runnable extends Disposable {
  run(feeds: Feeds): Promise<Results>;
}

/** Something that runs graphs. */
export interface Backend {
  readonly name: string;
  /** Whether matrices of whole models are kept as halves. */
  readonly halves?: boolean;
  prepare(graph: Graph): Promise<Runnable>;
}

/** The f64 evaluator. */
export const reference: Backend = {
  name: "reference",
  prepare: (graph) =>
    Promise.resolve({ run: (feeds) => Promise.resolve(evaluate(graph, feeds)), [Symbol.dispose]: () => {} }),
};

/** A device. */
export function onDevice(device: Device, halves = false): Backend {
  return { name: device.name, halves, prepare: (graph) => compile(device, graph) };
}

/** Prepares, runs once and lets go. */
export async function runOnce(backend: Backend, graph: Graph, feeds: Feeds): Promise<Results> {
  using runnable = await backend.prepare(graph);
  return await runnable.run(feeds);
}
