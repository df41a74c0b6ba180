// A plan becomes resident: its prologue is computed once, in the turn of the load, and its results stay with the main
// program.

import type { DeviceBuffer, Loadable } from "../../compile/device.ts";
import { resultsByInput } from "../../compile/prologue.ts";
import { stationaryBuffers } from "../jobs.ts";
import type { Turn } from "../queue.ts";
import { isBufferOf, type WasmBuffer } from "./buffer.ts";
import { type Host, WasmExecutable } from "./executable.ts";
import type { Region } from "./region.ts";

/** Results of a prologue by the names of the inputs they are. */
async function precomputed(
  host: Host,
  turn: Turn,
  { prologue, main }: Loadable,
  stationary: ReadonlyMap<string, WasmBuffer>,
): Promise<Map<string, Region>> {
  if (!prologue) return new Map();
  const executable = new WasmExecutable(host, prologue.program, stationary, new Map());
  return resultsByInput(main.program, await executable.computeOnce(turn));
}

/** Makes a plan resident; see `Device.load`. */
// deno-lint-ignore require-await -- mistakes of the caller are rejections too
export async function loadPlan(
  host: Host,
  plan: Loadable,
  stationary: ReadonlyMap<string, DeviceBuffer>,
): Promise<WasmExecutable> {
  const bound = stationaryBuffers(plan, stationary, isBufferOf(host));
  const lives = [host.life, ...[...bound.values()].map(({ life }) => life)];
  // Loading may move the workspace, so it takes a turn.
  return host.queue.enter({ action: "load", lives }, async (turn) => {
    const results = await precomputed(host, turn, plan, bound);
    try {
      turn.check();
      return new WasmExecutable(host, plan.main.program, bound, results);
    } catch (error) {
      for (const region of results.values()) region.free();
      throw error;
    }
  });
}
