// Runs cases of the op table on a device: numbers in and out in the types of its graph.

import { compile } from "../lib/compile/compile.ts";
import type { Device } from "../lib/compile/device.ts";
import type { Graph } from "../lib/ir/trace.ts";
import type { DType, HostArray } from "../lib/ir/types.ts";
import { encodeHalf } from "./backend/run_step.ts";
import type { OpCase, Rounding } from "./op_case.ts";

/** Numbers as a device takes them. */
const ENCODE: Readonly<Record<DType, (numbers: Float64Array) => HostArray>> = {
  f32: (numbers) => Float32Array.from(numbers),
  f16: (numbers) => encodeHalf(numbers),
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
  using compiled = await compile(device, graph);
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
