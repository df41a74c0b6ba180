// Tensors of a checkpoint into buffers: every stored type into every kept one, against numbers converted one by one;
// ranges, errors in the middle, and what is left behind.

import assert from "node:assert/strict";
import { wasm, type WasmDevice } from "../../lib/backend/wasm/device.ts";
import type { Device, RawType } from "../../lib/compile/device.ts";
import { narrowToBfloat, narrowToHalf, numberToHalf, STORED_BYTES, toFloat32 } from "../../lib/io/numbers.ts";
import { type Checkpoint, checkpointOf, type StoredTensor } from "../../lib/io/stored_tensor.ts";
import { Loader } from "../../lib/weights/loader.ts";
import { breakable } from "../forecast/breakable.ts";
import { Draw } from "../backend/random_launches.ts";

/** Bytes of a range: small, so that tensors of several are. */
const RANGE_BYTES = 2 ** 14;

/** Numbers as a file has them. */
function stored(numbers: Float32Array, dtype: RawType): Uint8Array {
  const array = dtype === "f64"
    ? Float64Array.from(numbers, (x) => x * (1 + 2 ** -26))
    : dtype === "f32"
    ? numbers
    : dtype === "f16"
    ? narrowToHalf(numbers)
    : narrowToBfloat(numbers);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A tensor in memory. */
function tensorOf(bytes: Uint8Array, dtype: RawType, shape: readonly number[], inOrder = true): StoredTensor {
  const width = STORED_BYTES[dtype];
  const read = (from = 0, to = bytes.length / width) =>
    Promise.resolve(toFloat32(bytes.slice(from * width, to * width), dtype));
  const readInto = async (into: Uint8Array, from: number) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    into.set(bytes.subarray(from * width, from * width + into.length));
  };
  return { name: "w", dtype, shape, contiguous: inOrder, read, ...(inOrder ? { readInto } : {}) };
}

const CHECKPOINT: Checkpoint = checkpointOf({ name: "test", format: "torch", tensors: new Map() }, () => {});

/** What a tensor is as a buffer keeps it, by the definitions. */
function wanted(values: Float32Array, dtype: "f32" | "f16" | "i8", columns: number) {
  if (dtype === "f32") return { numbers: values, scales: null };
  if (dtype === "f16") return { numbers: Uint16Array.from(values, numberToHalf), scales: null };
  const numbers = new Int8Array(values.length);
  const scales = new Float32Array(values.length / columns);
  for (let row = 0; row < scales.length; row++) {
    const line = values.subarray(row * columns, (row + 1) * columns);
    const largest = line.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    scales[row] = largest / 127;
    line.forEach((x, i) => numbers[row * columns + i] = largest > 0 ? Math.round(x * (127 / largest)) : 0);
  }
  return { numbers, scales };
}

/** Loads a tensor into buffers of its own and compares them with what is wanted. */
async function check(device: Device, tensor: StoredTensor, dtype: "f32" | "f16" | "i8", packed: boolean) {
  const [rows = 1, ...rest] = tensor.shape;
  const columns = rest.reduce((n, size) => n * size, 1);
  const options = { label: "w", ...(packed ? { rows } : {}) };
  using buffer = device.createBuffer(dtype, rows * columns, options);
  using scales = dtype === "i8" ? device.createBuffer("f32", rows, { label: "scale" }) : null;
  await new Loader(device, RANGE_BYTES).load({ checkpoint: CHECKPOINT, tensor, buffer, scales });
  const want = wanted(await tensor.read(), dtype, columns);
  const title = `${tensor.dtype} [${tensor.shape}] as ${dtype}, ${
    packed ? "packed" : "in rows"
  }, ${device.name}`;
  // Bit by bit: zeros have signs.
  const bits = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const same = (got: ArrayBufferView, want: ArrayBufferView) => {
    const [a, b] = [bits(got), bits(want)];
    assert.ok(a.length === b.length && a.every((byte, i) => byte === b[i]), title);
  };
  same(await buffer.read(), want.numbers);
  if (scales) same(await scales.read(), want.scales!);
}

const KINDS = ["f32", "f16", "i8"] as const;
const RAW = ["f64", "f32", "f16", "bf16"] as const;

/** Numbers of many magnitudes that are finite in every type, zeros and ties of 8 bits among them. */
function numbers(length: number, seed: number): Float32Array {
  const draw = new Draw(seed);
  return Float32Array.from({ length }, (_, i) => {
    if (i % 7 === 0) return (i % 255 - 127) / 254;
    return i % 31 === 0 ? -0 : draw.normal() * 2 ** -(i % 29);
  });
}

async function withDevices(test: (device: Device) => Promise<void>) {
  for (const threads of [1, 2, 5]) {
    using device = await wasm({ threads });
    const before = device.usedBytes;
    await test(device);
    assert.equal(device.usedBytes, before);
  }
  using inner = await wasm({ threads: 1 });
  // A device that can only be written to.
  await test(breakable(inner).device);
}

Deno.test("load() gives every stored type as every kept one, bit for bit", async () => {
  const shapes = [[8, 4], [16, 140], [9, 5], [3, 700], [1, 9001], [24, 4, 3], [17], [8, 260]];
  await withDevices(async (device) => {
    for (const raw of RAW) {
      for (const [i, shape] of shapes.entries()) {
        const length = shape.reduce((n, size) => n * size, 1);
        const tensor = tensorOf(stored(numbers(length, i), raw), raw, shape);
        for (const dtype of KINDS) {
          for (const packed of shape.length > 1 ? [false, true] : [false]) {
            await check(device, tensor, dtype, packed);
          }
        }
      }
    }
  });
});

Deno.test("load() cuts tensors into ranges, within rows where they are long", async () => {
  const most = RANGE_BYTES / 4;
  // Whole panels and a rest; panels longer than a range; rows longer than one.
  const shapes = [[3 * Math.floor(most / 100) + 5, 100], [120, 100], [8, most / 4 + 4], [16, most + 12], [
    most * 2 + 3,
  ]];
  using device = await wasm({ threads: 2 });
  for (const shape of shapes) {
    const length = shape.reduce((n, size) => n * size, 1);
    const values = numbers(length, 3);
    for (const raw of ["f32", "f16"] as const) {
      const tensor = tensorOf(stored(values, raw), raw, shape);
      for (const dtype of shape.length > 1 ? KINDS : ["f32", "f16"] as const) {
        await check(device, tensor, dtype, shape.length > 1);
      }
    }
  }
});

Deno.test("load() takes tensors that do not lie in order, and those without elements", async () => {
  await withDevices(async (device) => {
    for (const raw of RAW) {
      for (const dtype of KINDS) {
        await check(device, tensorOf(stored(numbers(16 * 12, 5), raw), raw, [16, 12], false), dtype, true);
      }
    }
    await check(device, tensorOf(new Uint8Array(0), "f32", [0, 3]), "f32", false);
  });
});

Deno.test("load() names the first number that is not finite, and loads the other tensors", async () => {
  const columns = 100;
  const rows = 3 * Math.floor(RANGE_BYTES / 4 / columns);
  await withDevices(async (device) => {
    const loader = new Loader(device, RANGE_BYTES);
    using good = device.createBuffer("f32", 3, { label: "good" });
    const fine = tensorOf(stored(Float32Array.of(1, 2, 3), "f32"), "f32", [3]);
    for (
      const [value, dtype, message] of [
        [NaN, "f32", /element \d+ of "w" is NaN, wanted a finite number$/],
        [-Infinity, "i8", /element \d+ of "w" is -Infinity, wanted a finite number$/],
        [65_520, "f16", /element \d+ of "w" is 65520, wanted a finite number within half precision$/],
      ] as const
    ) {
      const values = new Float32Array(rows * columns).fill(0.5);
      const place = 2 * values.length / 3 + 1234;
      values[place] = value;
      // Later ones do not matter, in the same range and behind it.
      for (const later of [1, 5000]) values[place + later] = NaN;
      const tensor = tensorOf(stored(values, "f32"), "f32", [rows, columns]);
      using buffer = device.createBuffer(dtype, values.length, { label: "w", rows });
      using scales = dtype === "i8" ? device.createBuffer("f32", rows) : null;
      const bad = loader.load({ checkpoint: CHECKPOINT, tensor, buffer, scales });
      const next = loader.load({ checkpoint: CHECKPOINT, tensor: fine, buffer: good, scales: null });
      await assert.rejects(bad, (error: Error) => {
        assert.match(error.message, message);
        assert.match(error.message, new RegExp(`element ${place} of`));
        return error instanceof RangeError;
      });
      await next;
      assert.deepEqual(await good.read(), Float32Array.of(1, 2, 3));
    }
  });
});

/** A tensor of several ranges whose reads call back with their number. */
function watched(ranges: number, onRead: (range: number) => void | Promise<void>): StoredTensor {
  const length = ranges * RANGE_BYTES / 4;
  let range = 0;
  return {
    ...tensorOf(new Uint8Array(0), "f32", [length]),
    async readInto(into) {
      await onRead(range++);
      into.fill(0);
    },
  };
}

async function failsInTheMiddle(device: WasmDevice, tensor: StoredTensor, message: RegExp) {
  using buffer = device.createBuffer("f16", tensor.shape[0]!, { label: "w" });
  await assert.rejects(
    new Loader(device, RANGE_BYTES).load({ checkpoint: CHECKPOINT, tensor, buffer, scales: null }),
    message,
  );
}

Deno.test("a read that fails in the middle leaves no memory behind", async () => {
  for (const threads of [1, 2]) {
    using device = await wasm({ threads });
    const before = device.usedBytes;
    const cut = watched(7, (range) => {
      if (range === 4) throw new RangeError("the cable is cut");
    });
    await failsInTheMiddle(device, cut, /the cable is cut/);
    // Ranges that were being read are waited for.
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(device.usedBytes, before);
  }
});

Deno.test("disposing of the buffer or the device in the middle ends a load and frees everything", async () => {
  for (const threads of [1, 2]) {
    for (const what of ["buffer", "device"]) {
      const device = await wasm({ threads });
      const before = device.usedBytes;
      const buffer = device.createBuffer("f16", 7 * RANGE_BYTES / 4, { label: "w" });
      const tensor = watched(7, (range) => {
        if (range === 3) (what === "buffer" ? buffer : device)[Symbol.dispose]();
      });
      const load = new Loader(device, RANGE_BYTES).load({
        checkpoint: CHECKPOINT,
        tensor,
        buffer,
        scales: null,
      });
      await assert.rejects(load, { name: "DisposedError" });
      buffer[Symbol.dispose]();
      await device[Symbol.asyncDispose]();
      await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal(device.usedBytes, before, `${what}, ${threads} threads`);
    }
  }
});

Deno.test("the next range is read while one is converted", async () => {
  using device = await wasm({ threads: 2 });
  const events: string[] = [];
  const watchedDevice: Device = {
    ...breakable(device).device,
    upload(places) {
      const inner = device.upload!(places);
      return {
        memory: (place, bytes) => inner.memory(place, bytes),
        async write(place, range) {
          events.push(`write ${range.from / (RANGE_BYTES / 4)}`);
          return await inner.write(place, range);
        },
        [Symbol.dispose]: () => inner[Symbol.dispose](),
      };
    },
  };
  const tensor = watched(5, (range) => void events.push(`read ${range}`));
  using buffer = device.createBuffer("f32", tensor.shape[0]!);
  await new Loader(watchedDevice, RANGE_BYTES).load({ checkpoint: CHECKPOINT, tensor, buffer, scales: null });
  for (let range = 0; range < 4; range++) {
    assert.ok(events.indexOf(`read ${range + 1}`) < events.indexOf(`write ${range}`), events.join(", "));
  }
});

Deno.test("upload refuses buffers of others and ranges that are no rows", async () => {
  using device = await wasm({ threads: 1 });
  using other = await wasm({ threads: 1 });
  using upload = device.upload!(1);
  upload.memory(0, 64);
  using own = device.createBuffer("i8", 12, { label: "w" });
  using scales = device.createBuffer("f32", 3);
  using theirs = other.createBuffer("f32", 12, { label: "w" });
  const range = { dtype: "f32", buffer: own, scales, from: 0, count: 4 } as const;
  await assert.rejects(
    () => upload.write(0, { ...range, buffer: theirs, scales: null }),
    /it is of another device/,
  );
  await assert.rejects(() => upload.write(0, { ...range, scales: null }), /it is i8 with no scales/);
  await assert.rejects(() => upload.write(0, { ...range, count: 5 }), /5 elements at 0 are no rows/);
  await assert.rejects(() => upload.write(0, { ...range, from: 12 }), /4 elements at 12 are no rows/);
});
