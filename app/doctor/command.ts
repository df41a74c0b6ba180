// Explains this machine: runtime, WebAssembly features, memory, threads, GPU adapter, and of each device the speed of
// one product and the accuracy of every kernel.

import process from "node:process";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { webgpu } from "../../lib/backend/webgpu/device.ts";
import { compile } from "../../lib/compile/compile.ts";
import type { Device } from "../../lib/compile/device.ts";
import * as t from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import { command, EXIT } from "../cli.ts";
import { CHECKS, numbers, selfCheck } from "./checks.ts";

/** Takes a row of the report. */
type Row = (name: string, value: string) => void;

/** Speed of a product in GFLOP/s, best of a few; the answer of the device is waited for. */
async function productSpeed(device: Device, m: number, n: number, k: number): Promise<number> {
  const types = { x: { dtype: "f32", shape: [m, k] }, w: { dtype: "f32", shape: [n, k] } } as const;
  const graph = trace(types, ({ x, w }) => ({ y: t.contract("mk,nk->mn", x, w) }));
  using compiled = await compile(graph, device);
  await compiled.run({ x: numbers([m, k], 1), w: numbers([n, k], 2) });
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await compiled.run({});
    best = Math.min(best, performance.now() - start);
  }
  return 2 * m * n * k / best / 1e6;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

const yes = (value: boolean) => value ? "yes" : "no";

function hasMemory64(): boolean {
  try {
    new WebAssembly.Memory(
      { initial: 1n, maximum: 1n, address: "i64" } as unknown as WebAssembly.MemoryDescriptor,
    );
    return true;
  } catch {
    return false;
  }
}

/** Checks every kernel; returns how many are wrong. */
async function checkKernels(device: Device, row: Row): Promise<number> {
  let wrong = 0;
  let worst = { share: 0, kernel: "" };
  for (const check of CHECKS) {
    const error = await selfCheck(device, check);
    const share = check.tolerance === 0 ? (error === 0 ? 0 : Infinity) : error / check.tolerance;
    if (share > worst.share) worst = { share, kernel: check.kernel };
    if (share <= 1) continue;
    if (wrong++ === 0) {
      row(
        "  first wrong kernel",
        `${check.kernel}, error ${error.toExponential(1)} of at most ${check.tolerance}`,
      );
    }
  }
  row(
    "  kernels",
    wrong > 0
      ? `${wrong} of ${CHECKS.length} are WRONG`
      : `all ${CHECKS.length} are right; ${worst.kernel} is nearest to its limit, at ${
        (100 * worst.share).toFixed(0)
      } %`,
  );
  return wrong;
}

async function describeCpu(row: Row): Promise<number> {
  using one = await wasm({ threads: 1 });
  using all = await wasm();
  row("CPU", all.name);
  const speeds = [await productSpeed(one, 256, 1408, 1408), await productSpeed(all, 256, 1408, 1408)];
  row(
    "  256x1408x1408 product",
    `${speeds[0]!.toFixed(1)} GFLOP/s on one thread, ${speeds[1]!.toFixed(1)} on ${all.threads}`,
  );
  return await checkKernels(all, row);
}

async function describeGpu(row: Row): Promise<number> {
  let device;
  try {
    device = await webgpu();
  } catch (error) {
    row("GPU", `none: ${(error as Error).message}`);
    return 0;
  }
  using gpu = device;
  const { features, limits, adapterInfo } = gpu.gpu;
  row("GPU", gpu.name);
  row(
    "  vendor, architecture",
    [adapterInfo.vendor, adapterInfo.architecture].filter(Boolean).join(", ") || "unknown",
  );
  row("  f16 arrays", yes(features.has("shader-f16")));
  row("  subgroups", yes(gpu.target.subgroups));
  row(
    "  binding, buffer",
    `${gibibytes(limits.maxStorageBufferBindingSize)}, ${gibibytes(limits.maxBufferSize)}`,
  );
  row("  storage buffers a stage", String(limits.maxStorageBuffersPerShaderStage));
  row(
    "  workgroup",
    `${limits.maxComputeInvocationsPerWorkgroup} invocations, ${limits.maxComputeWorkgroupStorageSize} bytes`,
  );
  row(
    "  256x352x352 product",
    `${(await productSpeed(gpu, 256, 352, 352)).toFixed(1)} GFLOP/s, read-back included`,
  );
  return await checkKernels(gpu, row);
}

/** The doctor command. */
export const doctor = command({
  name: "doctor",
  description:
    "Explains this machine: runtime, WebAssembly, memory, GPU, and whether every kernel computes right.",
  declare: () => {},
  async run(_, { print }) {
    const row: Row = (name, value) => print(`${name.padEnd(26)} ${value}`);
    const { deno, v8 } = process.versions;
    const { total, available } = Deno.systemMemoryInfo();
    row("runtime", `Deno ${deno}, V8 ${v8}, ${Deno.build.os} ${Deno.build.arch}`);
    row("memory", `${gibibytes(available)} free of ${gibibytes(total)}`);
    row("logical processors", String(navigator.hardwareConcurrency));
    row("shared memory", `${yes(typeof SharedArrayBuffer === "function")} (threads need it)`);
    row("64-bit memory", yes(hasMemory64()));
    const wrong = await describeCpu(row) + await describeGpu(row);
    return wrong > 0 ? EXIT.failed : EXIT.done;
  },
});
