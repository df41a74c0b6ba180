// How parity runs a graph: slowly in double precision, or compiled for a device.

import { compile } from "../../lib/compile/compile.ts";
import type { Device } from "../../lib/compile/device.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { WeightStorage } from "../../lib/weights/storage.ts";
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

/** Storage of a model's matrices. */
export type ModelWeights = Exclude<WeightStorage, "stored">;

/** Something that runs graphs. */
export interface Backend {
  readonly name: string;
  /** How matrices of whole models are kept, floats unless given. */
  readonly weights?: ModelWeights;
  prepare(graph: Graph): Promise<Runnable>;
}

/** The f64 evaluator. */
export const reference: Backend = {
  name: "reference",
  prepare: (graph) =>
    Promise.resolve({ run: (feeds) => Promise.resolve(evaluate(graph, feeds)), [Symbol.dispose]: () => {} }),
};

/** A device. */
export function onDevice(device: Device, weights: ModelWeights = "f32"): Backend {
  const quantise = weights === "int8-dot";
  return { name: device.name, weights, prepare: (graph) => compile(graph, device, { quantise }) };
}

/** Prepares, runs once and lets go. */
export async function runOnce(backend: Backend, graph: Graph, feeds: Feeds): Promise<Results> {
  using runnable = await backend.prepare(graph);
  return await runnable.run(feeds);
}
