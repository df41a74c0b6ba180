// The memory and dispatches of one forecast step on WebGPU adapters that do not have to be there: the whole program is
// compiled and lowered for their limits.

import type { SampleInfo } from "walrus";
import { type Kernel, LEAST_LIMITS, type Limits, planDispatches, type Program, workOf } from "walrus/devices";
import { type Plan, plan, trace } from "walrus/ir";
import { type GridTreatment, type Model, PARAMETER_PREFIX } from "walrus/models";
import { inputParameters } from "walrus/nn";
import type { Context } from "../cli.ts";
import { bytes } from "../words.ts";

const MIB = 2 ** 20;

/** An adapter as its kind reports itself. */
interface Adapter {
  readonly name: string;
  readonly memory: number;
  readonly limits: Limits;
}

/** Large GPUs bind 2 GiB at once, small ones are planned with less, and with the least of the standard. */
const ADAPTERS: readonly Adapter[] = [
  {
    name: "24 GB",
    memory: 24e9,
    limits: {
      ...LEAST_LIMITS,
      maxStorageBufferBindingSize: 2048 * MIB - 4,
      maxBufferSize: 4096 * MIB,
      maxComputeWorkgroupStorageSize: 49_152,
    },
  },
  {
    name: "8 GB",
    memory: 8e9,
    limits: {
      ...LEAST_LIMITS,
      maxStorageBufferBindingSize: 1024 * MIB,
      maxBufferSize: 1024 * MIB,
      maxComputeWorkgroupStorageSize: 32_768,
    },
  },
  { name: "8 GB, least limits", memory: 8e9, limits: LEAST_LIMITS },
];

/** A forecast step with weights as a loaded model keeps them; `fp16` keeps matrices so. */
export function planForecast<S>(
  model: Model<S>,
  shape: S,
  kernels: ReadonlySet<Kernel>,
  fp16: boolean,
): Plan {
  const typeOf = (name: string) =>
    fp16 && model.parameters.get(name)?.narrow !== "f32" ? "f16" as const : "f32" as const;
  const parameters = inputParameters(model.parameters, typeOf, PARAMETER_PREFIX);
  const graph = trace(
    model.forecast.types(shape),
    (inputs) => model.forecast.trace(parameters, inputs, shape),
  );
  const stationary = (input: string) => input.startsWith(PARAMETER_PREFIX);
  return plan(graph, { kernels }, { stationary });
}

/** What a program takes on an adapter, and why it does not fit where it does not. */
function row(program: Program, { memory, limits }: Adapter): string {
  let planned;
  try {
    planned = planDispatches(program, { limits, tiles: true, subgroups: false, attentionRows: 1 });
  } catch (error) {
    return `does not fit: ${(error as Error).message}`;
  }
  const peak = planned.bound + planned.working;
  const amounts = [planned.bound, planned.working, peak].map((count) => bytes(count).padStart(9));
  const widths = [11, 7, 7];
  const counts = [planned.dispatches, planned.submits, planned.shaders].map((n, i) =>
    String(n).padStart(widths[i]!)
  );
  const note = planned.largest > limits.maxBufferSize
    ? `  does not fit: one buffer of ${bytes(planned.largest)}`
    : peak > memory
    ? "  does not fit"
    : "";
  return `${amounts.join(" ")} ${counts.join(" ")}${note}`;
}

/** Prints a table: one row an adapter and weight type. */
export function printForecast(
  model: Model,
  info: SampleInfo,
  options: { readonly frames?: number; readonly grid: GridTreatment },
  kernels: ReadonlySet<Kernel>,
  print: Context["print"],
): void {
  const frames = options.frames ?? model.contextFrames(info).usual;
  const shape = model.shape(info, { samples: 1, frames, grid: options.grid });
  const grid = info.grid.shape.filter((n) => n > 1).join(" x ");
  print(`\n${grid} points, ${frames} frames, ${info.fields.length} channels`);
  for (const note of model.gridNotes?.(shape) ?? []) print(note);
  print("weights  adapter              bound   working      peak  dispatches submits shaders");
  for (const fp16 of [false, true]) {
    const { program } = planForecast(model, shape, kernels, fp16).main;
    for (const adapter of ADAPTERS) {
      print(`${fp16 ? "f16" : "f32"}      ${adapter.name.padEnd(18)} ${row(program, adapter)}`);
    }
    if (fp16) print(`${(workOf(program) / 1e12).toFixed(2)} TFLOP a step`);
  }
}
