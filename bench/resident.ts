// A program on a device with buffers for all it is bound to, ready to be timed.

import type { Buffer, Device, Executable, Program } from "../lib/compile/program.ts";
import { narrowToHalf } from "../lib/io/numbers.ts";

/** See the head of the file. */
export interface Resident extends Disposable {
  readonly executable: Executable;
  readonly bindings: ReadonlyMap<string, Buffer>;
}

/**
 * Numbers in [-0.05, 0.05], of bytes any, of indices 0. All are written: memory that never was is one page of zeros, which
 * processors read faster or slower than others.
 */
function fill(buffer: Buffer): void {
  const numbers = Float32Array.from(
    { length: buffer.length },
    (_, i) => ((i * 7919) % 2048 / 2048 - 0.5) / 10,
  );
  if (buffer.dtype === "f32") buffer.write(numbers);
  else if (buffer.dtype === "f16") buffer.write(narrowToHalf(numbers));
  else if (buffer.dtype === "i8") buffer.write(Int8Array.from(numbers, (x) => x * 2000));
  else buffer.write(new Int32Array(buffer.length));
}

/**
 * Loads a program and binds all its inputs and outputs.
 *
 * @param device where it will run
 * @param program as compiled
 */
export async function makeResident(device: Device, program: Program): Promise<Resident> {
  using made = new DisposableStack();
  const executable = made.use(await device.load(program));
  const bindings = new Map<string, Buffer>();
  for (const slot of program.slots) {
    if (slot.kind !== "input" && slot.kind !== "output") continue;
    const buffer = made.use(device.createBuffer(slot.dtype, slot.length, slot.name, slot.panelColumns));
    if (slot.kind === "input") fill(buffer);
    bindings.set(slot.name, buffer);
  }
  const kept = made.move();
  return { executable, bindings, [Symbol.dispose]: () => kept[Symbol.dispose]() };
}
