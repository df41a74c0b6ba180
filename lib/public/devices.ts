/**
 * Devices: the processor through WASM, the GPU through WebGPU. A device has memory, keeps programs resident and runs
 * them; it knows views, numbers and scalar expressions, never networks.
 *
 * Everything may be called at any time: loads, runs, reads and writes take turns in the order of the calls.
 *
 * @example Memory that stays on the device between runs
 * ```ts
 * import assert from "node:assert/strict";
 * import { wasm } from "walrus/devices";
 * import { compile, tensor, trace } from "walrus/ir";
 *
 * using device = await wasm({ threads: 1 });
 * const graph = trace({ sum: { dtype: "f32", shape: [2] } } as const, ({ sum }) => ({ sum: tensor.add(sum, 1) }));
 * using program = await compile(graph, device);
 * using sum = device.createBuffer("f32", 2, { label: "sum" });
 * await program.run({ sum });
 * await program.run({ sum });
 * assert.deepEqual([...await sum.read()], [2, 2]);
 * ```
 *
 * @module
 */

export { type BackendName, type DeviceOptions, openDevice } from "../backend/auto.ts";
export { backendKernels } from "../backend/kernels.ts";
export { wasm, type WasmDevice, type WasmOptions } from "../backend/wasm/device.ts";
export { NARROW_BYTES, WIDE_BYTES } from "../backend/wasm/module.ts";
export type { WebGpuDevice, WebGpuOptions } from "../backend/webgpu/device.ts";
export { planDispatches, type WebGpuPlan } from "../backend/webgpu/dispatches.ts";
export { webgpu } from "../backend/webgpu/open.ts";
export { LEAST_LIMITS, type Limits, type Target } from "../backend/webgpu/target.ts";
export { measureCeiling } from "../compile/ceiling.ts";
export {
  type BufferOptions,
  type Device,
  type DeviceBuffer,
  DeviceLostError,
  DisposedError,
  type Executable,
  type Inputs,
  type Job,
  type Loadable,
  type RawType,
  type RunReport,
  type Upload,
  type UploadRange,
} from "../compile/device.ts";
export {
  type ContractAxis,
  type Kernel,
  type Launch,
  type LaunchAttributes,
  type LaunchOf,
  printProgram,
  type Program,
  type Slot,
} from "../compile/program.ts";
export type { View } from "../compile/view.ts";
export { launchWork, workOf } from "../compile/work.ts";
