// Time of every step of a program on the WASM backend: the best of several runs, with the bytes its views touch, so that
// a profile by kernel can say which bound a step meets. CPU time on one thread, wall time on more.

import process from "node:process";
import { WasmExecutable } from "../lib/backend/wasm/executable.ts";
import type { WasmDevice } from "../lib/backend/wasm/device.ts";
import type { AnyStep, Buffer, Program } from "../lib/compile/program.ts";
import type { View } from "../lib/compile/view.ts";
import { BYTES } from "../lib/ir/types.ts";

/** One step's best time. */
export interface StepTime {
  readonly step: AnyStep;
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
function bytesOf(view: View): number {
  const elements = view.shape.reduce((n, size, i) => n * (view.strides[i] === 0 ? 1 : size), 1);
  return elements * BYTES[view.dtype];
}

/** Numbers in [-0.05, 0.05], or zeros where they are indices. */
function fill(buffer: Buffer): void {
  if (buffer.dtype !== "f32") return;
  buffer.write(new Float32Array(buffer.length).map((_, i) => ((i * 7919) % 2048 / 2048 - 0.5) / 10));
}

/**
 * Measures every step.
 *
 * @param device where it runs
 * @param program as compiled
 * @param runs of which the best counts, step by step
 */
export async function profileSteps(
  device: WasmDevice,
  program: Program,
  runs: number,
): Promise<readonly StepTime[]> {
  using executable = await device.load(program);
  if (!(executable instanceof WasmExecutable)) throw new TypeError(`Cannot profile ${device.name}`);
  const buffers = new Map<string, Buffer>();
  for (const slot of program.slots) {
    if (slot.kind !== "input" && slot.kind !== "output") continue;
    const buffer = device.createBuffer(slot.dtype, slot.length, slot.name);
    if (slot.kind === "input") fill(buffer);
    buffers.set(slot.name, buffer);
  }
  let best: number[] = program.steps.map(() => Infinity);
  for (let run = 0; run < runs; run++) {
    const times = await executable.profile(buffers, device.threads === 1 ? cpuTime : undefined);
    best = best.map((least, i) => Math.min(least, times[i]!));
  }
  for (const buffer of buffers.values()) buffer[Symbol.dispose]();
  return program.steps.map((step, i) => ({
    step,
    milliseconds: best[i]!,
    bytes: [...step.inputs, ...step.outputs].reduce((sum, view) => sum + bytesOf(view), 0),
  }));
}
