// A program on a device with buffers for all it is bound to, ready to be timed.

import type { Device, DeviceBuffer, Executable, Job } from "../lib/compile/device.ts";
import type { Program } from "../lib/compile/program.ts";
import { narrowToHalf } from "../lib/io/numbers.ts";

/** See the head of the file. */
export interface Resident extends Disposable {
  readonly executable: Executable;
  /** A run that reads nothing. */
  readonly job: Job;
}

/**
 * Numbers in [-0.05, 0.05], of bytes any, of indices 0. All are written: memory that never was is one page of zeros, which
 * processors read faster or slower than others.
 */
async function fill(buffer: DeviceBuffer): Promise<void> {
  const numbers = Float32Array.from(
    { length: buffer.length },
    (_, i) => ((i * 7919) % 2048 / 2048 - 0.5) / 10,
  );
  if (buffer.dtype === "f32") await buffer.write(numbers);
  else if (buffer.dtype === "f16") await buffer.write(narrowToHalf(numbers));
  else if (buffer.dtype === "i8") await buffer.write(Int8Array.from(numbers, (x) => x * 2000));
  else await buffer.write(new Int32Array(buffer.length));
}

/** What is measured. */
export interface Workload {
  readonly program: Program;
  /** Rows of the inputs that stay bound and may be packed, by name. */
  readonly matrices: ReadonlyMap<string, number>;
}

/**
 * Loads a program and makes memory for all its inputs and outputs.
 *
 * @param device where it will run
 * @param workload as compiled
 */
export async function makeResident(device: Device, { program, matrices }: Workload): Promise<Resident> {
  using made = new DisposableStack();
  const buffers = new Map<string, DeviceBuffer>();
  const stationary = new Map<string, DeviceBuffer>();
  for (const slot of program.slots) {
    if (slot.kind !== "input" && slot.kind !== "output") continue;
    const { dtype, length, name } = slot;
    const buffer = made.use(device.createBuffer(dtype, length, { label: name, rows: matrices.get(name) }));
    if (slot.kind === "input") await fill(buffer);
    (matrices.has(name) ? stationary : buffers).set(name, buffer);
  }
  const executable = made.use(await device.load({ prologue: null, main: { program } }, stationary));
  const kept = made.move();
  return {
    executable,
    job: { buffers, inputs: {}, read: [] },
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}
