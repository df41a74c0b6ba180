// Stored numbers onto a device that is only written to: converted in JavaScript, number by number. It is also what the
// devices' own ways are compared with.

import type { Upload, UploadRange } from "../compile/device.ts";
import { narrowToHalf, STORED_BYTES, toFloat32, toUint16 } from "../io/numbers.ts";
import { notFiniteFp16 } from "../ir/types.ts";
import { quantizeRows } from "./quantize.ts";

/** Writes numbers as fp16: their own bits where they are fp16, rounded to nearest where not. */
async function writeHalves(bytes: Uint8Array, { dtype, buffer, from }: UploadRange): Promise<boolean> {
  const halves = dtype === "f16" ? toUint16(bytes) : narrowToHalf(toFloat32(bytes, dtype));
  if (notFiniteFp16(halves) >= 0) return false;
  await buffer.write(halves, from);
  return true;
}

async function writeRange(bytes: Uint8Array, range: UploadRange): Promise<boolean> {
  const { dtype, buffer, scales, from } = range;
  if (buffer.dtype === "f16") return await writeHalves(bytes, range);
  const numbers = toFloat32(bytes, dtype);
  if (!numbers.every(Number.isFinite)) return false;
  if (!scales) await buffer.write(numbers, from);
  else {
    const columns = buffer.length / scales.length;
    const rows = quantizeRows(numbers, columns);
    await buffer.write(rows.values, from);
    await scales.write(rows.scales, from / columns);
  }
  return true;
}

/** A way onto any device by way of `DeviceBuffer.write`. */
export function hostUpload(): Upload {
  const memories = new Map<number, Uint8Array>();
  return {
    memory(place, bytes) {
      let memory = memories.get(place);
      if (!memory || memory.length < bytes) memories.set(place, memory = new Uint8Array(bytes));
      return memory.subarray(0, bytes);
    },
    write: (place, range) =>
      writeRange(memories.get(place)!.subarray(0, range.count * STORED_BYTES[range.dtype]), range),
    [Symbol.dispose]: () => memories.clear(),
  };
}
