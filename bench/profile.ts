// Time of every launch of a program on the WASM backend: the best of several runs, with the bytes its views touch, so
// that a profile by kernel can say which bound a launch meets. CPU time on one thread, wall time on more.

import process from "node:process";
import { WasmExecutable } from "../lib/backend/wasm/executable.ts";
import type { WasmDevice } from "../lib/backend/wasm/device.ts";
import type { Launch } from "../lib/compile/program.ts";
import type { View } from "../lib/compile/view.ts";
import { BYTES } from "../lib/ir/types.ts";
import { makeResident, type Workload } from "./resident.ts";

/** One launch's best time. */
export interface LaunchTime {
  readonly launch: Launch;
  readonly milliseconds: number;
  /** Of all its views, each element once. */
  readonly bytes: number;
}

/** CPU time of all threads of this process in milliseconds: what others do on the machine hardly matters to it. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** Bytes of the different elements of a view. */
export function bytesOf(view: View): number {
  const elements = view.shape.reduce((n, size, i) => n * (view.strides[i] === 0 ? 1 : size), 1);
  return elements * BYTES[view.dtype];
}

/**
 * Measures every launch.
 *
 * @param device where it runs
 * @param workload as compiled
 * @param runs of which the best counts, launch by launch
 */
export async function profileLaunches(
  device: WasmDevice,
  workload: Workload,
  runs: number,
): Promise<readonly LaunchTime[]> {
  const { program } = workload;
  using resident = await makeResident(device, workload);
  const { executable, job } = resident;
  if (!(executable instanceof WasmExecutable)) throw new TypeError(`Cannot profile ${device.name}`);
  let best: number[] = program.launches.map(() => Infinity);
  for (let run = 0; run < runs; run++) {
    const times = await executable.profile(job.buffers, device.threads === 1 ? cpuTime : undefined);
    best = best.map((least, i) => Math.min(least, times[i]!));
  }
  return program.launches.map((launch, i) => ({
    launch,
    milliseconds: best[i]!,
    bytes: [...launch.inputs, ...launch.outputs].reduce((sum, view) => sum + bytesOf(view), 0),
  }));
}
