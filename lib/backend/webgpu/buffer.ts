// Memory of a GPU that outlives a run.

import { MAP_READ, USAGE } from "./flags.ts";
import type { Buffer } from "../../compile/program.ts";
import { BYTES, type DType, type HostArray } from "../../ir/types.ts";
import { ADVICE, megabytes, scoped } from "./errors.ts";
import type { Gpu } from "./gpu.ts";

/** Host memory of the number types that kernels here read. */
export const ARRAYS = { f32: Float32Array, f16: Uint16Array, i32: Int32Array } as const;

/** Those number types. */
export type BufferType = keyof typeof ARRAYS;

/** Buffers are a multiple of this long, so that ranges of packed halves end on a word. */
const GRAIN = 16;

/**
 * A buffer of the GPU.
 *
 * @param gpu where
 * @param bytes wanted
 * @param usage besides storage
 * @param label named in errors
 * @throws RangeError when it exceeds the adapter's limit; memory that is not there shows with the next run
 */
export function allocate(gpu: Gpu, bytes: number, usage: number, label: string): GPUBuffer {
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
  const buffer = device.createBuffer({ size, usage: usage | USAGE.storage, label });
  device.popErrorScope().then((error) => {
    if (error) gpu.failed(scoped(`allocate ${label} of ${megabytes(size)}`, error));
  }, () => {});
  return buffer;
}

/** A buffer with a number type. */
export class WebGpuBuffer implements Buffer {
  readonly dtype: BufferType;
  readonly length: number;
  readonly label: string;
  readonly gpu: Gpu;
  #buffer: GPUBuffer | null;

  constructor(gpu: Gpu, dtype: DType, length: number, label: string) {
    if (dtype === "i8") {
      const types = Object.keys(ARRAYS).join(", ");
      throw new RangeError(`Cannot allocate buffer "${label}": it is ${dtype}, WebGPU has ${types}`);
    }
    this.gpu = gpu;
    this.dtype = dtype;
    this.length = length;
    this.label = label;
    const usage = USAGE.copyTarget | USAGE.copySource;
    this.#buffer = allocate(gpu, length * BYTES[dtype], usage, `buffer "${label}"`);
  }

  /** @throws RangeError once disposed of */
  get buffer(): GPUBuffer {
    if (!this.#buffer) throw new RangeError(`Cannot use buffer "${this.label}": it is disposed of`);
    return this.#buffer;
  }

  write(data: HostArray, offset = 0): void {
    if (!(data instanceof ARRAYS[this.dtype])) {
      throw new TypeError(
        `Cannot write buffer "${this.label}": got ${data.constructor.name}, wanted ${
          ARRAYS[this.dtype].name
        }`,
      );
    }
    if (!Number.isInteger(offset) || offset < 0 || offset + data.length > this.length) {
      throw new RangeError(
        `Cannot write buffer "${this.label}": ${data.length} elements at ${offset} exceed its ${this.length}`,
      );
    }
    const start = offset * BYTES[this.dtype];
    if (start % 4 !== 0 || (data.byteLength % 4 !== 0 && offset + data.length !== this.length)) {
      throw new RangeError(
        `Cannot write buffer "${this.label}": ${data.length} halves at ${offset}, wanted pieces of whole words`,
      );
    }
    // Only whole words can be written, and not from shared memory.
    const isWhole = data.byteLength % 4 === 0 && data.buffer instanceof ArrayBuffer;
    const bytes = new Uint8Array(isWhole ? 0 : Math.ceil(data.byteLength / 4) * 4);
    if (!isWhole) bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.gpu.checkAlive();
    this.gpu.device.queue.writeBuffer(
      this.buffer,
      start,
      isWhole ? data as HostArray & ArrayBufferView<ArrayBuffer> : bytes,
    );
  }

  async read(): Promise<HostArray> {
    this.gpu.checkAlive();
    const { device } = this.gpu;
    const source = this.buffer;
    const staging = device.createBuffer({
      size: source.size,
      usage: USAGE.mapRead | USAGE.copyTarget,
      label: `read-back of ${this.label}`,
    });
    try {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(MAP_READ).catch(async (error: unknown) => {
        await this.gpu.settle();
        throw error;
      });
      this.gpu.checkAlive();
      return new ARRAYS[this.dtype](staging.getMappedRange().slice(0, this.length * BYTES[this.dtype]));
    } finally {
      staging.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#buffer?.destroy();
    this.#buffer = null;
  }
}
