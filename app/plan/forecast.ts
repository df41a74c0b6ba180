// The memory and launches of one forecast step on WebGPU adapters that do not have to be there: the whole program is
// compiled and lowered for their limits.

import { planLaunches } from "../../lib/backend/webgpu/launches.ts";
import { LEAST_LIMITS, type Limits } from "../../lib/backend/webgpu/target.ts";
import type { Kernel, Program } from "../../lib/compile/program.ts";
import { workOf } from "../../lib/compile/work.ts";
import { planStep } from "../../lib/forecast/plan.ts";
import { trace } from "../../lib/ir/trace.ts";
import type { WalrusConfig } from "../../lib/models/walrus/config.ts";
import { type Geometry, geometryOf } from "../../lib/models/walrus/geometry.ts";
import { mayBeHalf } from "../../lib/models/walrus/parameters.ts";
import {
  forecastStep,
  type StepInputs,
  type StepShape,
  stepSignature,
} from "../../lib/models/walrus/step.ts";
import type { Context } from "../cli.ts";

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

/** What every step runs; `halves` keeps matrices as f16. */
export function stepProgram(
  config: WalrusConfig,
  shape: StepShape,
  geometry: Geometry,
  kernels: ReadonlySet<Kernel>,
  halves: boolean,
): Program {
  const weightType = (name: string) => halves && mayBeHalf(name) ? "f16" as const : "f32" as const;
  const graph = trace(
    stepSignature(config, shape, geometry, weightType),
    (inputs) => ({ next: forecastStep(inputs as unknown as StepInputs, config, geometry) }),
  );
  return planStep(graph, { kernels }).each.program;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`.padStart(9);
}

/** What a program takes on an adapter, and why it does not fit where it does not. */
function row(program: Program, { memory, limits }: Adapter): string {
  let plan;
  try {
    plan = planLaunches(program, { limits, tiles: true, subgroups: false });
  } catch (error) {
    return `does not fit: ${(error as Error).message}`;
  }
  const peak = plan.bound + plan.working;
  const bytes = [plan.bound, plan.working, peak].map(gigabytes);
  const widths = [11, 7, 7];
  const counts = [plan.dispatches, plan.submits, plan.shaders].map((n, i) => String(n).padStart(widths[i]!));
  const note = plan.largest > limits.maxBufferSize
    ? `  does not fit: one buffer of ${gigabytes(plan.largest).trim()}`
    : peak > memory
    ? "  does not fit"
    : "";
  return `${bytes.join(" ")} ${counts.join(" ")}${note}`;
}

/** Prints a table: one row an adapter and weight type. */
export function printForecast(
  config: WalrusConfig,
  points: readonly [number, number, number],
  { frames, channels }: { readonly frames: number; readonly channels: number },
  kernels: ReadonlySet<Kernel>,
  print: Context["print"],
): void {
  const shape: StepShape = {
    frames,
    samples: 1,
    points,
    channels,
    constants: 0,
    hidden: false,
    jitter: config.jitter,
  };
  const open = [1, 1] as const;
  const geometry = geometryOf(points, [open, open, open], config.jitter);
  print(`\n${points.filter((n) => n > 1).join(" x ")} points, ${frames} frames, ${channels} channels`);
  print("weights  adapter              bound   working      peak  dispatches submits shaders");
  for (const halves of [false, true]) {
    const program = stepProgram(config, shape, geometry, kernels, halves);
    for (const adapter of ADAPTERS) {
      print(`${halves ? "f16" : "f32"}      ${adapter.name.padEnd(18)} ${row(program, adapter)}`);
    }
    if (halves) print(`${(workOf(program) / 1e12).toFixed(2)} TFLOP a step`);
  }
}
