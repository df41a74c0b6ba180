// Runs cases of the op table on a device: numbers in and out in the types of its graph.

import { compile } from "../lib/compile/compile.ts";
import type { Device } from "../lib/compile/device.ts";
import type { Graph } from "../lib/ir/trace.ts";
import type { DType, HostArray } from "../lib/ir/types.ts";
import { encodeFp16 } from "./backend/run_launch.ts";
import { evaluate } from "../lib/ir/evaluate.ts";
import { print } from "../lib/ir/print.ts";
import { assertClose } from "./compare.ts";
import { caseGraph, feedsOf, type OpCase, type Rounding, type ViewingName } from "./op_case.ts";

/** Numbers as a device takes them. */
const ENCODE: Readonly<Record<DType, (numbers: Float64Array) => HostArray>> = {
  f32: (numbers) => Float32Array.from(numbers),
  f16: (numbers) => encodeFp16(numbers),
  i32: (numbers) => Int32Array.from(numbers),
  i8: (numbers) => Int8Array.from(numbers),
};

function encode(graph: Graph, feeds: Readonly<Record<string, Float64Array>>): Record<string, HostArray> {
  return Object.fromEntries(
    [...graph.inputs].map(([name, { dtype }]) => [name, ENCODE[dtype](feeds[name]!)]),
  );
}

/** Runs a graph on a device. */
export async function runGraph(
  device: Device,
  graph: Graph,
  feeds: Readonly<Record<string, Float64Array>>,
): Promise<Record<string, HostArray>> {
  using compiled = await compile(graph, device);
  return await compiled.run(encode(graph, feeds));
}

/** Numbers of an output, whatever their type. */
export function decode(numbers: HostArray): ArrayLike<number> {
  return numbers instanceof Uint16Array ? new Float16Array(numbers.buffer, numbers.byteOffset) : numbers;
}

/**
 * How far a loss and its gradients may be off: a loss sums up to 2,000 terms, and rules divide by what may be a tenth,
 * so 64 units of 2^-24; more only where the op itself rounds to half precision or magnifies rounding.
 */
export function gradientRounding({ rounding, condition = 1 }: OpCase): Pick<Rounding, "limit" | "floor"> {
  return { limit: Math.max(2 ** -18, rounding.limit, 4 * condition * 2 ** -24), floor: 1 };
}

/** A graph with numbers for its inputs and the exact ones of its outputs. */
export interface Prepared {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Float64Array>>;
  readonly wanted: Readonly<Record<string, ArrayLike<number>>>;
}

/** Draws the inputs of a case's graph and evaluates it in f64. */
export function prepare(graph: Graph, test: OpCase, seed: number): Prepared {
  const feeds = feedsOf(graph, test, seed);
  return { graph, feeds, wanted: evaluate(graph, feeds) };
}

/** Exact results by case, view and seed: all devices are compared with the same ones. */
const prepared = new WeakMap<OpCase, Map<string, Prepared>>();

/** The op on its own. */
export function preparedCase(test: OpCase, viewing: ViewingName, seed: number): Prepared {
  const known = prepared.get(test) ?? new Map<string, Prepared>();
  prepared.set(test, known);
  const key = `${viewing} ${seed}`;
  const found = known.get(key) ?? prepare(caseGraph(test, viewing), test, seed);
  known.set(key, found);
  return found;
}

/**
 * Runs a graph on a device and compares its outputs with the exact ones.
 *
 * @returns what the device gave
 * @throws Error naming the case, the worst number and the graph
 */
export async function assertEvaluates(
  device: Device,
  { graph, feeds, wanted }: Prepared,
  rounding: Pick<Rounding, "limit" | "floor">,
  what: string,
): Promise<Record<string, HostArray>> {
  const got = await runGraph(device, graph, feeds);
  for (const [name, want] of Object.entries(wanted)) {
    assertClose(decode(got[name]!), want, rounding, () => `${what}, ${name}\n${print(graph)}`);
  }
  return got;
}
