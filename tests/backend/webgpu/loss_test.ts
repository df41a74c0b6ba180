// When a device is known to be lost: its news may come later than what fails by it.

import assert from "node:assert/strict";
import { Gpu } from "../../../lib/backend/webgpu/gpu.ts";
import { LEAST_LIMITS, type Target } from "../../../lib/backend/webgpu/target.ts";
import { DeviceLostError } from "../../../lib/compile/device.ts";

/** A device of which nothing is known but whether it is lost. */
function fake(lost: Promise<unknown>): Gpu {
  const device = { features: new Set(), adapterInfo: { description: "none" }, lost };
  const target = { limits: LEAST_LIMITS, subgroups: false } as unknown as Target;
  return new Gpu(device as unknown as GPUDevice, target, false);
}

Deno.test("a mapping that nobody ended waits for the news that its device is lost", async () => {
  const news = Promise.withResolvers<unknown>();
  const gpu = fake(news.promise);
  const settled = gpu.settle(new DOMException("Buffer was unmapped", "AbortError"));
  setTimeout(() => news.resolve({ reason: "destroyed", message: "" }), 200);
  await assert.rejects(settled, DeviceLostError);
});

Deno.test("what fails otherwise waits for such news a moment only", async () => {
  await fake(new Promise(() => {})).settle(new DOMException("Invalid", "OperationError"));
});
