// Memory of a GPU that outlives a run, and how numbers get there and back.

import { MAP_READ, USAGE } from "./flags.ts";
import type { DeviceBuffer } from "../../compile/device.ts";
import { BYTES, type DType, type HostArray } from "../../ir/types.ts";
import { ARRAYS, checkRead, checkWrite } from "../jobs.ts";
import { attend, Life } from "../queue.ts";
import { ADVICE, megabytes, scoped } from "./errors.ts";
import type { Gpu } from "./gpu.ts";

/** Number types that kernels here read. */
export const TYPES = ["f32", "f16", "i32"] as const satisfies readonly DType[];

/** Buffers are a multiple of this long, so that ranges of packed fp16 numbers end on a word. */
const GRAIN = 16;

/**
 * A buffer of the GPU.
 *
 * @param gpu where
 * @param bytes wanted
 * @param label named in errors
 * @throws RangeError when it exceeds the adapter's limit; memory that is not there shows with the next run
 */
export function allocate(gpu: Gpu, bytes: number, label: string): GPUBuffer {
  const size = Math.max(GRAIN, Math.ceil(bytes / GRAIN) * GRAIN);
  const most = gpu.target.limits.maxBufferSize;
  if (size > most) {
    throw new RangeError(
      `Cannot allocate ${label}: it needs ${megabytes(size)}, maxBufferSize of this adapter is ${
        megabytes(most)
      }; ${ADVICE}`,
    );
  }
  const { device } = gpu;
  device.pushErrorScope("out-of-memory");
  const usage = USAGE.storage | USAGE.copyTarget | USAGE.copySource;
  const buffer = device.createBuffer({ size, usage, label });
  device.popErrorScope().then((error) => {
    if (error) gpu.failed(scoped(`allocate ${label} of ${megabytes(size)}`, error));
  }, () => {});
  return buffer;
}

/** Copies numbers in, from a byte on that is a multiple of 4; now, ahead of what is submitted later. */
export function put(gpu: Gpu, buffer: GPUBuffer, start: number, data: HostArray): void {
  // Only whole words can be written, and not from shared memory.
  const isWhole = data.byteLength % 4 === 0 && data.buffer instanceof ArrayBuffer;
  const bytes = new Uint8Array(isWhole ? 0 : Math.ceil(data.byteLength / 4) * 4);
  if (!isWhole) bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const source = isWhole ? data as HostArray & ArrayBufferView<ArrayBuffer> : bytes;
  gpu.device.queue.writeBuffer(buffer, start, source);
}

/** Elements of a buffer that are to be copied out. */
export interface Copy {
  readonly buffer: GPUBuffer;
  readonly dtype: DType;
  readonly from: number;
  readonly to: number;
}

/** Copies on their way to the host. */
export interface Copies {
  /** The numbers of each, when they are there; rejects when the device is lost, disposed of, or the signal aborts. */
  numbers(signal?: AbortSignal): Promise<HostArray[]>;
}

/**
 * Has ranges of buffers copied to where the host reads them.
 *
 * @param gpu where
 * @param copies ranges; those of fp16 numbers may begin and end within a word
 * @param encoder takes the commands; they see the buffers as they are when it is submitted
 * @param action words for errors
 */
export function copyOut(
  gpu: Gpu,
  copies: readonly Copy[],
  encoder: GPUCommandEncoder,
  action: string,
): Copies {
  let size = 0;
  const places = copies.map(({ dtype, from, to }) => {
    const start = Math.floor(from * BYTES[dtype] / 4) * 4;
    const bytes = Math.ceil((to * BYTES[dtype] - start) / 4) * 4;
    const place = size;
    size += Math.ceil(bytes / GRAIN) * GRAIN;
    return { start, bytes, place, skip: from * BYTES[dtype] - start };
  });
  const staging = gpu.device.createBuffer({
    size: Math.max(size, GRAIN),
    usage: USAGE.mapRead | USAGE.copyTarget,
    label: action,
  });
  places.forEach(({ start, bytes, place }, i) => {
    if (bytes > 0) encoder.copyBufferToBuffer(copies[i]!.buffer, start, staging, place, bytes);
  });
  const numbers = async (signal?: AbortSignal): Promise<HostArray[]> => {
    try {
      await attend({ action, lives: [gpu.life], signal }, staging.mapAsync(MAP_READ)).catch(
        async (error: unknown) => {
          gpu.life.check(action);
          signal?.throwIfAborted();
          await gpu.settle(error);
          throw error;
        },
      );
      gpu.checkAlive();
      // Browsers give a range of a mapped buffer once.
      const mapped = staging.getMappedRange();
      return places.map(({ place, skip }, i) => {
        const { dtype, from, to } = copies[i]!;
        const first = place + skip;
        return new ARRAYS[dtype](mapped.slice(first, first + (to - from) * BYTES[dtype]));
      });
    } finally {
      staging.destroy();
    }
  };
  return { numbers };
}

/** A buffer with a number type. */
export class WebGpuBuffer implements DeviceBuffer {
  readonly dtype: DType;
  readonly length: number;
  readonly label: string;
  readonly gpu: Gpu;
  readonly life: Life;
  readonly buffer: GPUBuffer;

  constructor(gpu: Gpu, dtype: DType, length: number, label: string) {
    if (!TYPES.some((type) => type === dtype)) {
      throw new RangeError(
        `Cannot allocate buffer "${label}": it is ${dtype}, WebGPU has ${TYPES.join(", ")}`,
      );
    }
    this.gpu = gpu;
    this.dtype = dtype;
    this.length = length;
    this.label = label;
    this.life = new Life(`buffer "${label}"`);
    this.buffer = allocate(gpu, length * BYTES[dtype], `buffer "${label}"`);
  }

  /** Enters a task that uses the buffer. */
  #enter<T>(verb: string, task: (action: string) => T): Promise<T> {
    const action = `${verb} buffer "${this.label}"`;
    return this.gpu.queue.enter({ action, lives: [this.life, this.gpu.life] }, () => {
      this.gpu.checkAlive();
      return task(action);
    });
  }

  // deno-lint-ignore require-await -- mistakes of the caller are rejections too
  async write(data: HostArray, from = 0): Promise<void> {
    checkWrite(this, data, from);
    const start = from * BYTES[this.dtype];
    if (start % 4 !== 0 || (data.byteLength % 4 !== 0 && from + data.length !== this.length)) {
      throw new RangeError(
        `Cannot write buffer "${this.label}": ${data.length} fp16 numbers at ${from}, wanted pieces of whole words`,
      );
    }
    const numbers = this.gpu.queue.isIdle ? data : data.slice();
    return this.#enter("write", () => put(this.gpu, this.buffer, start, numbers));
  }

  async read(from = 0, to = this.length): Promise<HostArray> {
    checkRead(this, from, to);
    // What is copied is decided in this turn; the wait for it is not part of it.
    const copies = await this.#enter("read", (action) => {
      const { device } = this.gpu;
      const encoder = device.createCommandEncoder();
      const { buffer, dtype } = this;
      const copies = copyOut(this.gpu, [{ buffer, dtype, from, to }], encoder, action);
      device.queue.submit([encoder.finish()]);
      return copies;
    });
    return (await copies.numbers())[0]!;
  }

  [Symbol.dispose](): void {
    if (this.life.end()) this.gpu.queue.release(() => this.buffer.destroy());
  }
}

/** Whether a buffer is one of a device's. */
export function isBufferOf(gpu: Gpu): (buffer: DeviceBuffer) => buffer is WebGpuBuffer {
  return (buffer): buffer is WebGpuBuffer => buffer instanceof WebGpuBuffer && buffer.gpu === gpu;
}
