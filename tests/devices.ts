// The devices that tests run on: every build of the WASM backend, alone and with threads, and the machine's GPU with
// and without what its kernels may use. A device that is not there is reported as ignored, with the reason.

import { wasm } from "../lib/backend/wasm/device.ts";
import { webgpu, type WebGpuOptions } from "../lib/backend/webgpu/device.ts";
import type { Device } from "../lib/compile/device.ts";
import type { Op } from "../lib/ir/node.ts";
import { adapter } from "./backend/webgpu/adapter.ts";
import { OPS } from "./cases.ts";
import type { ViewingName } from "./op_case.ts";

/** A device under test. */
export interface TestDevice {
  readonly name: string;
  /** Why it is not there, or null. */
  readonly missing: string | null;
  readonly open: () => Promise<Device>;
  /** Another one that must give the same bits. */
  readonly openAlike?: () => Promise<Device>;
  /** Factor on the limits of the op table. */
  readonly looser: number;
  /** Ops that it computes otherwise than the devices before it in the list. */
  readonly ops: readonly Op[];
  /** Views of arguments to try. */
  readonly viewings: readonly ViewingName[];
  /** What it says of a case that it can not run, and how many there may be of the ops alone and of their gradients. */
  readonly refuses?: { readonly words: RegExp; readonly values: number; readonly gradients: number };
  /** Whether every new shape compiles shaders, which a software adapter does on the processor. */
  readonly slow: boolean;
}

const EVERY_VIEW: readonly ViewingName[] = ["plain", "permuted", "sliced", "broadcast"];
const GIBIBYTE = 2 ** 30;

function wasmBuild(relaxed: boolean, bits: 32 | 64): TestDevice {
  const options = { relaxed, maximumBytes: bits === 64 ? 8 * GIBIBYTE : 4 * GIBIBYTE };
  return {
    name: `WASM with ${relaxed ? "relaxed" : "plain"} SIMD and ${bits}-bit addresses`,
    missing: null,
    open: () => wasm({ ...options, threads: 1 }),
    openAlike: () => wasm({ ...options, threads: 3 }),
    looser: 1,
    ops: OPS,
    viewings: EVERY_VIEW,
    slow: false,
  };
}

function gpu(name: string, options: WebGpuOptions, more: Partial<TestDevice> = {}): TestDevice {
  return {
    name: `WebGPU${name}`,
    missing: adapter.missing,
    open: () => webgpu(options),
    // WGSL's exp, log and division may be off by some units where those of the WASM backend are within one, and its
    // sums are in f32 throughout.
    looser: 4,
    ops: OPS,
    viewings: ["plain"],
    slow: true,
    ...more,
  };
}

/** Bindings of one kibibyte: every case but the smallest is cut. */
export const SMALL_BINDINGS: WebGpuOptions = { limits: { maxStorageBufferBindingSize: 1024 } };

/** The build that a runtime takes by itself where it has everything. */
export const WASM: TestDevice = wasmBuild(true, 32);
/** The build for processors that differ in fused multiply-add. */
export const PLAIN_WASM: TestDevice = wasmBuild(false, 32);
/** The machine's GPU. */
export const WEBGPU: TestDevice = gpu("", {}, {
  // Random views of every kernel are tried by kernels_test.ts.
  viewings: ["plain", "permuted"],
});

/** All devices. */
export const DEVICES: readonly TestDevice[] = [
  WASM,
  PLAIN_WASM,
  wasmBuild(true, 64),
  wasmBuild(false, 64),
  WEBGPU,
  gpu(" without tiles", { tiles: false }, { ops: ["contract", "attention", "attentionGradient"] }),
  gpu(" with a row of attention an invocation", { attentionRows: 1 }, {
    ops: ["attention", "attentionGradient"],
  }),
  gpu(" without subgroups", { subgroups: false }, {
    missing: adapter.missing ?? (adapter.subgroups ? null : "the adapter has no subgroups"),
  }),
  gpu(" with bindings so small that programs are cut", SMALL_BINDINGS, {
    // Rows longer than a binding, and windows that share it, are named and refused.
    refuses: { words: /^Cannot cut \w+ .* reaches over \d+ bytes/, values: 39, gradients: 41 },
  }),
];

/**
 * Registers a test on a device.
 *
 * @param device one of the list
 * @param name what the test says of it
 * @param run given the device, and a context for steps
 */
export function deviceTest(
  device: TestDevice,
  name: string,
  run: (opened: Device, context: Deno.TestContext) => Promise<void>,
): void {
  Deno.test({
    name: `${name} on ${device.name}${device.missing === null ? "" : ` (not here: ${device.missing})`}`,
    ignore: device.missing !== null,
    // A GPU's platform polls in the background and keeps its resources.
    ...(device.name.startsWith("WebGPU") ? { sanitizeOps: false, sanitizeResources: false } : {}),
    async fn(context) {
      using opened = await device.open();
      await run(opened, context);
    },
  });
}
