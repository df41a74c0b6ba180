// What callers hand to buffers and programs, checked before it waits for its turn. The same words for both backends.

import type { DeviceBuffer, Inputs, Job, Loadable } from "../compile/device.ts";
import type { Program, Slot } from "../compile/program.ts";
import type { HostArray } from "../ir/types.ts";

/** Host memory of each number type. */
export const ARRAYS = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, i8: Int8Array } as const;

/** @throws TypeError or RangeError for numbers that do not go into a buffer from an element on */
export function checkWrite(buffer: DeviceBuffer, data: HostArray, from: number): void {
  const wanted = ARRAYS[buffer.dtype];
  const cannot = `Cannot write buffer "${buffer.label}"`;
  if (!(data instanceof wanted)) {
    throw new TypeError(
      `${cannot}: got ${(data as HostArray | undefined)?.constructor.name}, wanted ${wanted.name}`,
    );
  }
  if (!Number.isInteger(from) || from < 0 || from + data.length > buffer.length) {
    throw new RangeError(`${cannot}: ${data.length} elements at ${from} exceed its ${buffer.length}`);
  }
}

/** @throws RangeError for elements that a buffer does not have */
export function checkRead(buffer: DeviceBuffer, from: number, to: number): void {
  const isRange = Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to;
  if (isRange && to <= buffer.length) return;
  throw new RangeError(
    `Cannot read buffer "${buffer.label}": ${from} to ${to} is no range of its ${buffer.length}`,
  );
}

function checkInput(slot: Slot, data: HostArray): void {
  const wanted = ARRAYS[slot.dtype];
  if (!(data instanceof wanted)) {
    throw new TypeError(
      `Cannot run: input "${slot.name}" got ${(data as HostArray).constructor.name}, wanted ${wanted.name}`,
    );
  }
  if (data.length !== slot.length) {
    throw new RangeError(
      `Cannot run: input "${slot.name}" got ${data.length} numbers, wanted ${slot.length}`,
    );
  }
}

/** What a job may bind: inputs and outputs of a program by the names of their slots. */
export interface Ports {
  readonly open: ReadonlyMap<string, { readonly index: number; readonly slot: Slot }>;
  /** Names of the inputs that were bound when the program was loaded. */
  readonly fixed: ReadonlySet<string>;
}

/** The inputs and outputs of a program, some of which stay bound. */
export function portsOf({ slots }: Program, fixed: ReadonlySet<string>): Ports {
  const isOpen = ({ kind, name }: Slot) => kind === "output" || (kind === "input" && !fixed.has(name));
  const open = slots.flatMap((slot, index) => isOpen(slot) ? [[slot.name, { index, slot }] as const] : []);
  return { open: new Map(open), fixed };
}

/** Whether a buffer is one of the device's. */
type IsOwn<B extends DeviceBuffer> = (buffer: DeviceBuffer) => buffer is B;

/** @throws TypeError for a buffer that does not fit a slot */
function checkBuffer<B extends DeviceBuffer>(
  action: "run" | "load",
  { kind, name, dtype, length }: Slot,
  buffer: DeviceBuffer,
  isOwn: IsOwn<B>,
): B {
  const fail = (found: string, wanted: string) =>
    new TypeError(`Cannot ${action}: ${kind} "${name}" is ${found}, wanted ${wanted}`);
  if (!isOwn(buffer)) throw fail("a buffer of another device", "one of this device");
  if (buffer.dtype !== dtype || buffer.length !== length) {
    throw fail(`${buffer.length} ${buffer.dtype}`, `${length} ${dtype}`);
  }
  return buffer;
}

/**
 * The buffers that stay bound to inputs of a plan.
 *
 * @param plan with prologue and main
 * @param stationary as the caller gave them
 * @param isOwn whether a buffer is one of the device's
 * @returns by name
 * @throws TypeError for a buffer that does not fit, or an input of the prologue that has none
 */
export function stationaryBuffers<B extends DeviceBuffer>(
  { prologue, main }: Loadable,
  stationary: ReadonlyMap<string, DeviceBuffer>,
  isOwn: IsOwn<B>,
): Map<string, B> {
  const bound = new Map<string, B>();
  const bind = (program: Program, isComplete: boolean) => {
    for (const slot of program.slots) {
      if (slot.kind !== "input") continue;
      const buffer = stationary.get(slot.name);
      if (buffer) bound.set(slot.name, checkBuffer("load", slot, buffer, isOwn));
      else if (isComplete) {
        throw new TypeError(
          `Cannot load: stationary input "${slot.name}" is not bound, wanted a buffer of ${slot.length} ${slot.dtype}`,
        );
      }
    }
  };
  if (prologue) bind(prologue.program, true);
  bind(main.program, false);
  return bound;
}

/**
 * The buffer of every slot that a job binds.
 *
 * @param ports of the program
 * @param job as the caller gave it
 * @param isOwn whether a buffer is one of the device's
 * @returns by the index of the slot; inputs and outputs that are missing are the executable's affair
 * @throws TypeError for a buffer that does not fit its slot, RangeError for names the program does not have
 */
export function boundBuffers<B extends DeviceBuffer>(
  { open, fixed }: Ports,
  { buffers, inputs, read }: Job,
  isOwn: IsOwn<B>,
): Map<number, B> {
  const again = [...buffers.keys(), ...Object.keys(inputs)].find((name) => fixed.has(name));
  if (again !== undefined) {
    throw new TypeError(
      `Cannot run: input "${again}" is stationary, it was bound when the program was loaded`,
    );
  }
  const bound = new Map<number, B>();
  for (const { slot, index } of open.values()) {
    const buffer = buffers.get(slot.name);
    const numbers = slot.kind === "input" ? inputs[slot.name] : undefined;
    if (numbers) checkInput(slot, numbers);
    if (!buffer) continue;
    if (numbers) {
      throw new TypeError(`Cannot run: input "${slot.name}" is a buffer and numbers, wanted one of them`);
    }
    bound.set(index, checkBuffer("run", slot, buffer, isOwn));
  }
  const unknown = Object.keys(inputs).find((name) => open.get(name)?.slot.kind !== "input");
  if (unknown !== undefined) throw new RangeError(`Cannot run: there is no input "${unknown}"`);
  const unread = read.find((name) => !open.has(name));
  if (unread !== undefined) throw new RangeError(`Cannot run: there is no output "${unread}" to read`);
  return bound;
}

/** The error of an input that has neither memory nor numbers. */
export function missingInput({ name, dtype, length }: Slot): TypeError {
  return new TypeError(
    `Cannot run: input "${name}" is not bound, wanted a buffer or numbers: ${length} ${dtype}`,
  );
}

/** The numbers of a job, safe from what the caller does with its arrays later. */
export function copied(inputs: Inputs): Inputs {
  return Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, data.slice()]));
}
