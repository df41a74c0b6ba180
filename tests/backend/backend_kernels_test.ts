// What plans are made with before a device is open is what devices have.

import assert from "node:assert/strict";
import { backendKernels } from "../../lib/backend/kernels.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { deviceTest, WEBGPU } from "../devices.ts";

Deno.test("backendKernels() are those of a device on the processor", async () => {
  using device = await wasm({ threads: 1 });
  assert.deepEqual(backendKernels("wasm"), device.kernels);
});

deviceTest(WEBGPU, "backendKernels() are those of a device", (device) => {
  assert.deepEqual(backendKernels("webgpu"), device.kernels);
  return Promise.resolve();
});
