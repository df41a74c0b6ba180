// Times a program on a WebGPU device: its inputs are filled once with small numbers, runs are submitted one after
// another, and the clock stops when the GPU has done the last.

import type { WebGpuDevice } from "walrus";
import { type DeviceBuffer, planDispatches, type Program, type Slot, workOf } from "walrus/devices";
import type { HostArray } from "walrus/ir";

/** What a program cost. */
export interface Timing {
  /** From the program to pipelines and buffers, the first time on this device. */
  readonly loadSeconds: number;
  /** One run, the best and the median of all rounds. */
  readonly bestSeconds: number;
  readonly medianSeconds: number;
  /** Arithmetic of contractions and attention a second, of the best round. */
  readonly teraflops: number;
  readonly dispatches: number;
  readonly submits: number;
  readonly shaders: number;
  /** Bytes of all buffers. */
  readonly bytes: number;
}

const BLOCK = 1 << 20;

/** Numbers between -1 and 1 that every run repeats, a block of them over and over. */
function pattern(): Float32Array {
  let state = 1;
  return Float32Array.from({ length: BLOCK }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A block as a slot's number type, of a size that keeps a deep network's numbers in range. */
function contents({ dtype, name }: Slot, base: Float32Array): HostArray {
  if (dtype === "i32") return new Int32Array(BLOCK);
  const scale = name === "window" ? 1 : 0.02;
  // Masks and the weights of norms are ones.
  const values = /mask|norm\d?\.weight|qnorm|knorm/.test(name)
    ? new Float32Array(BLOCK).fill(1)
    : base.map((value) => scale * value);
  if (dtype === "f32") return values;
  return new Uint16Array(Float16Array.from(values).buffer);
}

async function fill(buffer: DeviceBuffer, slot: Slot, base: Float32Array): Promise<void> {
  const block = contents(slot, base);
  for (let first = 0; first < slot.length; first += BLOCK) {
    await buffer.write(block.subarray(0, Math.min(BLOCK, slot.length - first)), first);
  }
}

/**
 * Loads and times a program.
 *
 * @param device where
 * @param program as compiled
 * @param rounds how often to stop the clock
 * @param runs in a round: the answer of a GPU is only heard every few milliseconds
 */
export async function measure(
  device: WebGpuDevice,
  program: Program,
  { rounds, runs }: { readonly rounds: number; readonly runs: number },
): Promise<Timing> {
  const { queue } = device.gpu;
  const base = pattern();
  const bindings = new Map<string, DeviceBuffer>();
  try {
    for (const slot of program.slots) {
      if (slot.kind !== "input" && slot.kind !== "output") continue;
      const buffer = device.createBuffer(slot.dtype, slot.length, { label: slot.name });
      bindings.set(slot.name, buffer);
      if (slot.kind === "input") await fill(buffer, slot, base);
    }
    await queue.onSubmittedWorkDone();
    const started = performance.now();
    using executable = await device.load({ prologue: null, main: { program } });
    const loadSeconds = (performance.now() - started) / 1000;
    await executable.run({ buffers: bindings, inputs: {}, read: [] });
    await queue.onSubmittedWorkDone();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      for (let run = 0; run < runs; run++) await executable.run({ buffers: bindings, inputs: {}, read: [] });
      await queue.onSubmittedWorkDone();
      times.push((performance.now() - start) / 1000 / runs);
    }
    times.sort((a, b) => a - b);
    const best = times[0]!;
    const plan = planDispatches(program, device.target);
    return {
      loadSeconds,
      bestSeconds: best,
      medianSeconds: times[times.length >> 1]!,
      teraflops: workOf(program) / best / 1e12,
      dispatches: plan.dispatches,
      submits: plan.submits,
      shaders: plan.shaders,
      bytes: plan.bound + plan.working,
    };
  } finally {
    for (const buffer of bindings.values()) buffer[Symbol.dispose]();
  }
}
