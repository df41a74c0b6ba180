// The WASM device: kernels from the committed build, one memory, threads where the runtime has them. Needs no
// permission and no network; the same file runs in Deno, browsers and edge runtimes.

import type {
  BufferOptions,
  Device,
  DeviceBuffer,
  Executable,
  Loadable,
  Upload,
} from "../../compile/device.ts";
import type { Kernel } from "../../compile/program.ts";
import type { DType } from "../../ir/types.ts";
import { Pace } from "../pace.ts";
import { Life, Queue } from "../queue.ts";
import { WasmBuffer } from "./buffer.ts";
import { CONTROL, CONTROL_BYTES, MAX_THREADS } from "./control.ts";
import type { Host, LaunchNeeds } from "./executable.ts";
import { loadPlan } from "./load.ts";
import { lower } from "./lower.ts";
import { Allocator } from "./memory.ts";
import {
  createMemory,
  hasRelaxedSimd,
  hasThreads,
  hasWideMemory,
  isThreaded,
  kernelModule,
  NARROW_BYTES,
  PAGE,
  WIDE_BYTES,
} from "./module.ts";
import { notify } from "./notice.ts";
import { processors } from "./start_worker.ts";
import { mayWait, Pool } from "./threads.ts";
import { WasmUpload } from "./upload.ts";
import { Workspace } from "./workspace.ts";

const STACK_BYTES = 65_536;
/** More threads than this gain little and cost memory. */
const USUAL_MOST_THREADS = 16;

/**
 * Threads of a device that is told nothing of them.
 *
 * @param spared processors that are left to others
 */
export function usualThreads(spared = 0): number {
  return Math.max(1, Math.min(processors() - spared, USUAL_MOST_THREADS));
}

/** How a device is made. */
export interface WasmOptions {
  /** Threads, the calling one included; by default the processors of the machine, 16 at most. */
  readonly threads?: number;
  /** Kernels compiled beforehand, where bytes may not be compiled at run time; built for the width of addresses. */
  readonly module?: WebAssembly.Module;
  /** `forecast`: without those of backward passes, of which the formulas then run; a third less to load. All by default. */
  readonly kernels?: "all" | "forecast";
  /** Fused multiply-add: faster; results differ in the last bits between processors. By default where it exists. */
  readonly relaxed?: boolean;
  /** Most memory the device may take, by default 4 GiB. More, up to 16 GiB, takes 64-bit addresses. */
  readonly maximumBytes?: number;
}

/** A device that computes on the processor. */
export interface WasmDevice extends Device {
  /** Threads that take part in a run. */
  readonly threads: number;
  /** Bytes of all buffers and loaded programs now. */
  readonly usedBytes: number;
  /** Bytes the device may use at most. */
  readonly capacityBytes: number;
}

/** Exports of the kernel module. */
interface KernelExports {
  readonly run: (control: number | bigint) => void;
  readonly scratch_bytes: (launch: number | bigint, threads: number) => number | bigint;
  readonly shared_bytes: (launch: number | bigint, threads: number) => number | bigint;
  /** There in builds that have the kernels of backward passes. */
  readonly trains?: () => void;
  readonly __heap_base: { readonly value: number | bigint };
}

function checked(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`Cannot make a WASM device: ${name} is ${value}, wanted ${least} to ${most}`);
}

/** Kernels of a build. */
function kernelsOf({ trains }: KernelExports): ReadonlySet<Kernel> {
  return new Set((Object.keys(lower) as Kernel[]).filter((kernel) => trains || !kernel.endsWith("Gradient")));
}

class Instance implements WasmDevice, Host {
  readonly name: string;
  readonly kernels: ReadonlySet<Kernel>;
  readonly types: ReadonlySet<DType> = new Set(["f32", "f16", "i32", "i8"]);
  readonly threads: number;
  readonly allocator: Allocator;
  readonly workspace: Workspace;
  readonly pool: Pool | null;
  readonly control: number;
  readonly run: () => void;
  readonly queue = new Queue();
  readonly pace = new Pace();
  readonly life: Life;
  readonly needsOf: (launch: number) => LaunchNeeds;

  constructor(
    name: string,
    kernels: ReadonlySet<Kernel>,
    run: () => void,
    needsOf: (launch: number) => LaunchNeeds,
    allocator: Allocator,
    control: number,
    pool: Pool | null,
    threads: number,
  ) {
    this.name = name;
    this.kernels = kernels;
    this.run = run;
    this.needsOf = needsOf;
    this.allocator = allocator;
    this.workspace = new Workspace(allocator);
    this.control = control;
    this.pool = pool;
    this.threads = threads;
    this.life = new Life(`the device "${name}"`);
  }

  get usedBytes(): number {
    return this.allocator.used;
  }

  get capacityBytes(): number {
    return this.allocator.capacity;
  }

  createBuffer(
    dtype: DType,
    length: number,
    { label = "unnamed", rows }: BufferOptions = {},
  ): DeviceBuffer {
    this.life.check(`make buffer "${label}"`);
    return new WasmBuffer(this, dtype, length, label, rows);
  }

  upload(places: number): Upload {
    this.life.check("upload");
    return new WasmUpload(this, places);
  }

  load(plan: Loadable, stationary: ReadonlyMap<string, DeviceBuffer> = new Map()): Promise<Executable> {
    return loadPlan(this, plan, stationary);
  }

  [Symbol.dispose](): void {
    if (this.life.end()) this.queue.release(() => this.pool?.[Symbol.dispose]());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.queue.idle();
  }
}

/**
 * Makes a device that computes on the processor.
 *
 * @param options threads, build and memory; all have defaults
 * @returns a device; dispose of it to end its threads at once (they end by themselves when idle for a second)
 * @throws RangeError when an option is out of range, or where the runtime has no 64-bit addresses for the memory
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * using device = await wasm({ threads: 1 });
 * using buffer = device.createBuffer("f32", 3);
 * await buffer.write(Float32Array.of(1, 2, 3));
 * assert.deepEqual(await buffer.read(), Float32Array.of(1, 2, 3));
 * ```
 */
export async function wasm(options: WasmOptions = {}): Promise<WasmDevice> {
  const maximumBytes = checked("maximumBytes", options.maximumBytes ?? NARROW_BYTES, 32 * PAGE, WIDE_BYTES);
  const wide = maximumBytes > NARROW_BYTES;
  if (wide && !hasWideMemory()) {
    throw new RangeError(
      `Cannot make a WASM device: maximumBytes is ${maximumBytes}, this runtime has memories of ${NARROW_BYTES} at most`,
    );
  }
  const pointer = (address: number) => wide ? BigInt(address) : address;
  const wanted = checked("threads", options.threads ?? usualThreads(), 1, MAX_THREADS);
  const canShare = hasThreads();
  const shared = options.module ? isThreaded(options.module) : wanted > 1 && canShare;
  const canFuse = hasRelaxedSimd();
  const relaxed = options.relaxed ?? canFuse;
  const module = options.module ?? await kernelModule(relaxed, shared, wide, options.kernels !== "forecast");

  const memory = createMemory(maximumBytes, shared);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as unknown as KernelExports;
  const allocator = new Allocator(memory, Number(exports.__heap_base.value), maximumBytes);
  const control = allocator.allocate(CONTROL_BYTES, "the control block");
  new Uint8Array(memory.buffer, control, CONTROL_BYTES).fill(0);

  let pool: Pool | null = null;
  let reason: string | null = null;
  if (shared && wanted > 1) {
    new Int32Array(memory.buffer, control)[CONTROL.mainMayWait] = mayWait() ? 1 : 0;
    const stacks = Array.from(
      { length: wanted - 1 },
      (_, i) => allocator.allocate(STACK_BYTES, `the stack of thread ${i + 1}`) + STACK_BYTES,
    );
    pool = await Pool.start({ module, memory, control, stacks, pointer }).catch((error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
      return null;
    });
  }
  const threads = pool ? wanted : 1;
  // A module that was given decides for itself, unless threads are asked of it.
  const requested = options.module ? options.threads ?? 1 : wanted;
  const lacksRelaxedSimd = !canFuse && !options.module;
  notify({ threads: [requested, threads], reason, lacksRelaxedSimd });
  const build = options.module ? "given module" : relaxed ? "relaxed SIMD" : "SIMD";
  const name = `wasm (${build}, ${wide ? "64-bit addresses, " : ""}${threads} threads)`;
  const run = () => exports.run(pointer(control));
  const needsOf = (launch: number): LaunchNeeds => ({
    scratch: Number(exports.scratch_bytes(pointer(launch), threads)),
    shared: Number(exports.shared_bytes(pointer(launch), threads)),
  });
  return new Instance(name, kernelsOf(exports), run, needsOf, allocator, control, pool, threads);
}
