// What a forecast step takes on each backend: memory by the plan; time by its arithmetic and the speed of products on
// the device, just measured, or of a step that is run.

import { type Device, loadModel, openDevice, type Sample, type Statistics, type Trajectory } from "walrus";
import {
  DisposedError,
  measureCeiling,
  NARROW_BYTES,
  planDispatches,
  type Target,
  WIDE_BYTES,
  workOf,
} from "walrus/devices";
import type { ModelEntry } from "walrus/models";
import { bytes } from "../words.ts";
import { planForecast } from "../plan/forecast.ts";
import type { Network } from "./network.ts";
import type { StepReport } from "./report.ts";
import type { UseOptions } from "./use.ts";

/** Names of the backends. */
export const BACKENDS = ["wasm", "webgpu"] as const;
/** A backend. */
export type Backend = typeof BACKENDS[number];

/** Steps that are run: the first loads weights and programs, the fastest of the others counts. */
const RUNS = 3;

/** What steps are planned or run with. */
export interface StepOptions extends UseOptions {
  readonly network: Network;
  readonly shape: unknown;
  readonly trajectory: Trajectory;
  readonly statistics: Statistics | null;
  /** Whether a step is run. */
  readonly time: boolean;
  readonly signal: AbortSignal;
  readonly registry: readonly ModelEntry[] | undefined;
}

/** Speeds that were measured in this process, by the device's name. */
const ceilings = new Map<string, Promise<number>>();

function ceilingOf(device: Device): Promise<number> {
  const found = ceilings.get(device.name) ?? measureCeiling(device);
  ceilings.set(device.name, found);
  found.catch(() => ceilings.delete(device.name));
  return found;
}

/** The limits of a GPU; null for the processor. */
function targetOf(device: Device): Target | null {
  return "target" in device ? device.target as Target : null;
}

/** What does not fit, in words; null where all does. */
function shortage(need: number, isCpu: boolean): string | null {
  if (isCpu && need > WIDE_BYTES) {
    return `needs ${bytes(need)}, the processor's backend holds ${bytes(WIDE_BYTES)}`;
  }
  const { available } = Deno.systemMemoryInfo();
  if (isCpu && need > available) return `needs ${bytes(need)}, this machine has free ${bytes(available)}`;
  if (isCpu && need > NARROW_BYTES) return `fits with --memory ${need > 2 * NARROW_BYTES ? 16 : 8}`;
  return null;
}

/** Plans a step: bytes and operations. */
function planStep({ network: { model, half }, shape }: StepOptions, device: Device) {
  const plan = planForecast(model, shape, device.kernels, half);
  const { program } = plan.main;
  const target = targetOf(device);
  const weights = plan.bytes.stationary;
  const operations = workOf(program);
  if (!target) return { weights, working: plan.bytes.working, operations };
  const { bound, working } = planDispatches(program, target, device.types.has("f16"));
  return { weights, working: Math.max(0, bound - weights) + working, operations };
}

/** Frames that a timed step starts from. */
async function startOf({ network, trajectory, frames }: StepOptions): Promise<Sample> {
  const length = Math.min(frames ?? network.model.contextFrames(trajectory.info).usual, trajectory.steps);
  return await trajectory.sample(Array.from({ length }, (_, k) => k));
}

/** Seconds of a step that is run. */
async function runStep(options: StepOptions, device: Device): Promise<number> {
  const { network, map, transforms, grid, statistics, signal, registry } = options;
  using model = await loadModel(network.checkpoint!, {
    device,
    ...(network.config === undefined ? {} : { config: network.config }),
    ...(registry ? { registry } : {}),
  });
  const start = await startOf(options);
  let best = Infinity;
  let before = performance.now();
  const rollout = model.rollout(start, {
    steps: RUNS,
    map,
    grid,
    statistics,
    signal,
    ...(transforms ? { transforms } : {}),
  });
  for await (const { step } of rollout) {
    const now = performance.now();
    if (step > 1) best = Math.min(best, (now - before) / 1000);
    before = now;
  }
  return best;
}

/** A step on one backend. */
export async function describeStep(backend: Backend, options: StepOptions): Promise<StepReport> {
  const nothing = {
    weights: null,
    working: null,
    operations: null,
    rate: null,
    seconds: null,
    measured: false,
  };
  let opened: Device;
  try {
    opened = await openDevice(backend);
  } catch (error) {
    return { backend, device: null, problem: (error as Error).message, ...nothing };
  }
  await using device = opened;
  const isCpu = targetOf(device) === null;
  try {
    const planned = planStep(options, device);
    const problem = shortage(planned.weights + planned.working, isCpu);
    const fits = problem === null || problem.startsWith("fits");
    const known = { backend, device: device.name, problem, ...planned };
    if (options.time && fits && options.network.checkpoint !== null) {
      return { ...known, rate: null, seconds: await runStep(options, device), measured: true };
    }
    const rate = await ceilingOf(device);
    return { ...known, rate, seconds: planned.operations / rate, measured: false };
  } catch (error) {
    if (options.signal.aborted || error instanceof DisposedError) throw error;
    return { backend, device: device.name, problem: (error as Error).message, ...nothing };
  }
}
