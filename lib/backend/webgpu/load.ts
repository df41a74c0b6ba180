// A plan becomes resident: pipelines are compiled, its prologue is computed once, in the turn of the load, and its
// results stay with the main program.

import type { DeviceBuffer, Loadable } from "../../compile/device.ts";
import { resultsByInput } from "../../compile/prologue.ts";
import type { Program } from "../../compile/program.ts";
import { stationaryBuffers } from "../jobs.ts";
import type { Turn } from "../queue.ts";
import { isBufferOf, type WebGpuBuffer } from "./buffer.ts";
import { guarded } from "./errors.ts";
import { type Command, WebGpuExecutable } from "./executable.ts";
import type { Gpu } from "./gpu.ts";
import { dispatchesOf, fitted } from "./dispatches.ts";

type Stationary = ReadonlyMap<string, WebGpuBuffer>;
type Results = ReadonlyMap<string, GPUBuffer>;

/**
 * Dispatches with their pipelines. They are all asked for before the first is waited for, so that a runtime that has
 * threads for it compiles them side by side; where asking is compiling, the event loop has its turns in between.
 */
async function compileCommands(gpu: Gpu, turn: Turn, program: Program): Promise<Command[]> {
  const pending: Promise<Command>[] = [];
  for (const entry of dispatchesOf(program, gpu.target)) {
    const began = performance.now();
    const command = gpu.pipeline(entry.dispatch.parts).then((pipeline): Command => ({ ...entry, pipeline }));
    // Its failure is thrown below, unless the turn ends before.
    command.catch(() => {});
    pending.push(command);
    gpu.pace.spend(performance.now() - began);
    if (gpu.pace.left > 0) continue;
    await gpu.pace.pause();
    turn.check();
  }
  return await Promise.all(pending);
}

async function loadProgram(
  gpu: Gpu,
  turn: Turn,
  compiled: Program,
  stationary: Stationary,
  results: Results,
): Promise<WebGpuExecutable> {
  const program = fitted(compiled, gpu.target);
  return await guarded(gpu.device, `load a program of ${program.launches.length} launches`, async () => {
    const commands = await compileCommands(gpu, turn, program);
    turn.check();
    return new WebGpuExecutable(gpu, program, commands, stationary, results);
  });
}

/** Results of a prologue by the names of the inputs they are. */
async function precomputed(
  gpu: Gpu,
  turn: Turn,
  { prologue, main }: Loadable,
  stationary: Stationary,
): Promise<Results> {
  if (!prologue) return new Map();
  const executable = await loadProgram(gpu, turn, prologue.program, stationary, new Map());
  return resultsByInput(main.program, await executable.computeOnce(turn));
}

/** Makes a plan resident; see `Device.load`. */
// deno-lint-ignore require-await -- mistakes of the caller are rejections too
export async function loadPlan(
  gpu: Gpu,
  plan: Loadable,
  stationary: ReadonlyMap<string, DeviceBuffer>,
): Promise<WebGpuExecutable> {
  const bound = stationaryBuffers(plan, stationary, isBufferOf(gpu));
  const lives = [gpu.life, ...[...bound.values()].map(({ life }) => life)];
  return gpu.queue.enter({ action: "load", lives }, async (turn) => {
    gpu.checkAlive();
    const results = await precomputed(gpu, turn, plan, bound);
    try {
      return await loadProgram(gpu, turn, plan.main.program, bound, results);
    } catch (error) {
      for (const buffer of results.values()) buffer.destroy();
      throw error;
    }
  });
}
