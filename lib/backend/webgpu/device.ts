// The WebGPU device: shaders from the committed kernel texts on an adapter's default queue. Needs no permission; the
// same file runs in Deno and browsers.

import type { BufferOptions, Device, DeviceBuffer, Executable, Loadable } from "../../compile/device.ts";
import type { Kernel } from "../../compile/program.ts";
import type { DType } from "../../ir/types.ts";
import { isSoftware, requestDevice } from "./adapter.ts";
import { TYPES, WebGpuBuffer } from "./buffer.ts";
import { Gpu } from "./gpu.ts";
import { loadPlan } from "./load.ts";
import { lower } from "./lower.ts";
import { hasSubgroups } from "./subgroups.ts";
import { type Limits, lowered, type Target } from "./target.ts";

/** How a device is made. */
export interface WebGpuOptions {
  /** A device of the caller's; it is used and never destroyed. */
  readonly device?: GPUDevice;
  /** Limits to go by where the adapter offers more: tests use them to see programs cut. */
  readonly limits?: Partial<Limits>;
  /**
   * Whether kernels may keep tiles in workgroup memory (default: they may); false to compare with those that do not.
   */
  readonly tiles?: boolean;
  /** Whether lanes may exchange numbers within subgroups, where the device has them (default: they may). */
  readonly subgroups?: boolean;
  /** Rows of attention that an invocation has (default: what the adapter is fast with). */
  readonly attentionRows?: 1 | 4;
}

/** A device that computes on a GPU. */
export interface WebGpuDevice extends Device {
  /** The device of the platform. */
  readonly gpu: GPUDevice;
  /** Whether the adapter computes on the processor: right, and many times slower than the WASM backend. */
  readonly isSoftware: boolean;
  /** Pipelines compiled so far. */
  readonly compiles: number;
  /** Limits and features that programs are lowered for. */
  readonly target: Target;
}

class Instance implements WebGpuDevice {
  readonly kernels: ReadonlySet<Kernel> = new Set(Object.keys(lower) as Kernel[]);
  readonly types: ReadonlySet<DType> = new Set(TYPES);
  readonly #gpu: Gpu;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  get name(): string {
    return this.#gpu.name;
  }

  get gpu(): GPUDevice {
    return this.#gpu.device;
  }

  get isSoftware(): boolean {
    return isSoftware(this.#gpu.device);
  }

  get compiles(): number {
    return this.#gpu.compiles;
  }

  get target(): Target {
    return this.#gpu.target;
  }

  createBuffer(dtype: DType, length: number, { label = "unnamed" }: BufferOptions = {}): DeviceBuffer {
    this.#gpu.life.check(`make buffer "${label}"`);
    this.#gpu.checkAlive();
    return new WebGpuBuffer(this.#gpu, dtype, length, label);
  }

  load(plan: Loadable, stationary: ReadonlyMap<string, DeviceBuffer> = new Map()): Promise<Executable> {
    return loadPlan(this.#gpu, plan, stationary);
  }

  [Symbol.dispose](): void {
    this.#gpu[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#gpu.queue.idle();
  }
}

/**
 * A device on one of the platform's.
 *
 * @param owned whether it is destroyed with it
 */
export async function deviceOn(
  device: GPUDevice,
  options: WebGpuOptions,
  owned: boolean,
): Promise<WebGpuDevice> {
  const limits = lowered(device.limits, options.limits ?? {});
  const subgroups = (options.subgroups ?? true) && await hasSubgroups(device);
  const tiles = options.tiles ?? true;
  const attentionRows = options.attentionRows ?? (isSoftware(device) ? 4 : 1);
  return new Instance(new Gpu(device, { limits, tiles, subgroups, attentionRows }, owned));
}

/** See `webgpu` in open.ts. */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  return await deviceOn(options.device ?? await requestDevice(), options, !options.device);
}
