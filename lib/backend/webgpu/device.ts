// The WebGPU device: shaders from the committed kernel texts on an adapter's default queue. Needs no permission; the
// same file runs in Deno and browsers.

import type { Buffer, Device, Executable, Kernel, Program } from "../../compile/program.ts";
import type { DType } from "../../ir/types.ts";
import { WebGpuBuffer } from "./buffer.ts";
import { loadProgram } from "./executable.ts";
import { Gpu } from "./gpu.ts";
import { lower } from "./lower.ts";
import { LIMIT_NAMES, type Limits, lowered } from "./target.ts";

/** How a device is made. */
export interface WebGpuOptions {
  /** A device of the caller's; it is used and never destroyed. */
  readonly device?: GPUDevice;
  /** Limits to go by where the adapter offers more: tests use them to see programs cut. */
  readonly limits?: Partial<Limits>;
  /** Whether kernels may keep tiles in workgroup memory (default: they may); false to compare with those that do not. */
  readonly tiles?: boolean;
}

/** A device that computes on a GPU. */
export interface WebGpuDevice extends Device {
  /** The device of the platform. */
  readonly gpu: GPUDevice;
  /** Whether the adapter computes on the processor: right, and many times slower than the WASM backend. */
  readonly isSoftware: boolean;
  /** Pipelines compiled so far. */
  readonly compiles: number;
  /** Limits programs are cut by. */
  readonly limits: Limits;
}

class Instance implements WebGpuDevice {
  readonly name: string;
  readonly kernels: ReadonlySet<Kernel> = new Set(Object.keys(lower) as Kernel[]);
  readonly #gpu: Gpu;

  constructor(name: string, gpu: Gpu) {
    this.name = name;
    this.#gpu = gpu;
  }

  get gpu(): GPUDevice {
    return this.#gpu.device;
  }

  get isSoftware(): boolean {
    const { isFallbackAdapter, description } = this.#gpu.device.adapterInfo;
    return isFallbackAdapter || /llvmpipe|swiftshader/i.test(description);
  }

  get compiles(): number {
    return this.#gpu.compiles;
  }

  get limits(): Limits {
    return this.#gpu.target.limits;
  }

  createBuffer(dtype: DType, length: number, label = "unnamed"): Buffer {
    this.#gpu.checkAlive();
    return new WebGpuBuffer(this.#gpu, dtype, length, label);
  }

  load(program: Program): Promise<Executable> {
    return loadProgram(this.#gpu, program);
  }

  [Symbol.dispose](): void {
    this.#gpu[Symbol.dispose]();
  }
}

async function requestDevice(): Promise<GPUDevice> {
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) throw new Error("Cannot make a WebGPU device: this runtime has no WebGPU");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new Error(
      "Cannot make a WebGPU device: there is no adapter; on Linux it takes libvulkan1 and the GPU's Vulkan driver " +
        "(CUDA alone gives none)",
    );
  }
  const requiredFeatures: GPUFeatureName[] = adapter.features.has("shader-f16") ? ["shader-f16"] : [];
  // Without asking the defaults of the standard apply, not what the adapter can do.
  const requiredLimits = Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, adapter.limits[name]]),
  );
  return await adapter.requestDevice({ requiredFeatures, requiredLimits });
}

/**
 * Makes a device that computes on the GPU.
 *
 * @param options a device of the caller's, lower limits
 * @returns a device; dispose of it to end it, unless it is the caller's
 * @throws Error when the runtime has no WebGPU or there is no adapter
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const device = await webgpu().catch((error) => (assert.match(error.message, /WebGPU/), null));
 * if (device) {
 *   using buffer = device.createBuffer("f32", 3);
 *   buffer.write(Float32Array.of(1, 2, 3));
 *   assert.deepEqual(await buffer.read(), Float32Array.of(1, 2, 3));
 *   device[Symbol.dispose]();
 * }
 * ```
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  const device = options.device ?? await requestDevice();
  const limits = lowered(device.limits, options.limits ?? {});
  const gpu = new Gpu(device, { limits, tiles: options.tiles ?? true }, !options.device);
  const storage = gpu.halves ? "f16 arrays" : "packed f16";
  return new Instance(`webgpu (${device.adapterInfo?.description || "unnamed adapter"}, ${storage})`, gpu);
}
