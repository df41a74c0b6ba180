// Which build of the kernels fits this runtime, its memory, and the compiled module.

import { compileBuild } from "./builds.ts";
import { hasWorkers } from "./start_worker.ts";

/** `(func (drop (f32x4.relaxed_madd ..)))`: validates where relaxed SIMD exists. */
// deno-fmt-ignore
const RELAXED_PROBE = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00,
  0x0a, 0x14, 0x01, 0x12, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f,
  0xfd, 0x85, 0x02, 0x1a, 0x0b,
);

/** Whether `f32x4.relaxed_madd` compiles here. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

/** Whether a WebAssembly memory can be shared with workers here; pages need cross-origin isolation for it. */
export function hasThreads(): boolean {
  if (typeof SharedArrayBuffer === "undefined" || !hasWorkers()) return false;
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer instanceof
      SharedArrayBuffer;
  } catch {
    return false;
  }
}

/** Whether memories with 64-bit addresses exist here. */
export function hasWideMemory(): boolean {
  try {
    createMemory(2 ** 33, false);
    return true;
  } catch {
    return false;
  }
}

/** Bytes of a page of WebAssembly memory. */
export const PAGE = 65_536;
/** All of a memory with 32-bit addresses: what a device takes at most unless told otherwise. */
export const NARROW_BYTES: number = 2 ** 32;
/** The most that V8 gives a memory with 64-bit addresses. */
export const WIDE_BYTES: number = 2 ** 34;

/**
 * A memory that may grow.
 *
 * @param maximumBytes more than {@link NARROW_BYTES} makes its addresses 64 bits wide
 * @param shared whether workers can use it as well
 */
export function createMemory(maximumBytes: number, shared: boolean): WebAssembly.Memory {
  const [initial, maximum] = [16, Math.floor(maximumBytes / PAGE)];
  if (maximumBytes <= NARROW_BYTES) return new WebAssembly.Memory({ initial, maximum, shared });
  const wide = { address: "i64", initial: BigInt(initial), maximum: BigInt(maximum), shared };
  // Declared types know 32-bit addresses only.
  return new WebAssembly.Memory(wide as unknown as WebAssembly.MemoryDescriptor);
}

/** Modules compiled so far: devices share them. */
const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * The committed module.
 *
 * @param relaxed fused multiply-add; results then depend on the processor in the last bits
 * @param threads shared memory
 * @param wide 64-bit addresses
 * @param trains whether it has kernels of backward passes
 */
export function kernelModule(
  relaxed: boolean,
  threads: boolean,
  wide = false,
  trains = true,
): Promise<WebAssembly.Module> {
  const key = `${relaxed} ${threads} ${wide} ${trains}`;
  let module = compiled.get(key);
  if (!module) {
    module = compileBuild(relaxed, threads, wide, trains);
    compiled.set(key, module);
  }
  return module;
}

/** Whether a module was built for shared memory. */
export function isThreaded(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.exports(module).some(({ name }) => name === "work");
}
