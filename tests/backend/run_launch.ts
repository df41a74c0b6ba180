// Runs single launches on a device: slots with given contents around one launch, and what they hold afterwards.

import type { Device, DeviceBuffer, Loadable } from "../../lib/compile/device.ts";
import type { Launch, Program, Slot } from "../../lib/compile/program.ts";
import { at, type DType, type HostArray } from "../../lib/ir/types.ts";

/** Contents of a slot before the launch. */
export interface Contents {
  readonly dtype: DType;
  readonly data: HostArray;
}

/** A program of the given launches; slots the launches write are outputs, the others inputs. */
export function programOf(
  launches: readonly Launch[],
  contents: readonly { readonly dtype: DType; readonly data: { readonly length: number } }[],
): Program {
  const written = new Set(launches.flatMap((launch) => launch.outputs.map(({ slot }) => slot)));
  const slots = contents.map(({ dtype, data }, i): Slot => ({
    kind: written.has(i) ? "output" : "input",
    dtype,
    length: data.length,
    name: `slot ${i}`,
    data: null,
    offset: 0,
    lifetime: [0, 0],
  }));
  return { slots, launches, arenaBytes: 0, bytes: { input: 0, output: 0, constant: 0 } };
}

/** A program as a device loads it, without a prologue. */
export function alone(program: Program): Loadable {
  return { prologue: null, main: { program } };
}

/**
 * Runs launches on a device.
 *
 * @param device where
 * @param launches in order
 * @param contents of every slot before; outputs keep what the launches do not write
 * @returns contents of every slot afterwards
 */
export async function runLaunches(
  device: Device,
  launches: readonly Launch[],
  contents: readonly Contents[],
): Promise<HostArray[]> {
  const program = programOf(launches, contents);
  const buffers = contents.map(({ dtype, data }, i) =>
    device.createBuffer(dtype, data.length, { label: `slot ${i}` })
  );
  try {
    await Promise.all(buffers.map((buffer, i) => buffer.write(at(contents, i).data)));
    using executable = await device.load(alone(program));
    const bound = new Map(buffers.map((buffer, i): [string, DeviceBuffer] => [`slot ${i}`, buffer]));
    await executable.run({ buffers: bound, inputs: {}, read: [] });
    return await Promise.all(buffers.map((buffer) => buffer.read()));
  } finally {
    for (const buffer of buffers) buffer[Symbol.dispose]();
  }
}

/** Numbers in double precision; f16 from its bits. */
export function decode({ dtype, data }: Contents): Float64Array {
  if (dtype !== "f16") return Float64Array.from(data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float64Array.from(data, (_, i) => view.getFloat16(2 * i, true));
}

/** f16 bits of numbers. */
export function encodeFp16(values: ArrayLike<number>): Uint16Array {
  const bits = new Uint16Array(values.length);
  const view = new DataView(bits.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat16(2 * i, at(values, i), true);
  return bits;
}
