// A plan becomes resident: pipelines are compiled, its prologue is computed once, in the turn of the load, and its
// results stay with the main program.

import type { DeviceBuffer, Loadable } from "../../compile/device.ts";
import { outputSlotName } from "../../compile/lower.ts";
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

async function loadProgram(
  gpu: Gpu,
  turn: Turn,
  compiled: Program,
  stationary: Stationary,
  results: Results,
): Promise<WebGpuExecutable> {
  const program = fitted(compiled, gpu.target);
  return await guarded(gpu.device, `load a program of ${program.launches.length} launches`, async () => {
    const commands = await Promise.all(
      dispatchesOf(program, gpu.target).map(async (entry): Promise<Command> => ({
        ...entry,
        pipeline: await gpu.pipeline(entry.dispatch.parts),
      })),
    );
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
  const outputs = await executable.computeOnce(turn);
  const inputs = main.program.slots.filter(({ kind, name }) =>
    kind === "input" && outputs.has(outputSlotName(name))
  );
  return new Map(inputs.map(({ name }) => [name, outputs.get(outputSlotName(name))!]));
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
