// The platform's GPU before anything computes on it: small, so that those without one load no shaders.

import { SUBGROUPS } from "./subgroups.ts";
import { LIMIT_NAMES } from "./target.ts";

/** Whether an adapter computes on the processor. */
export function isSoftware({ adapterInfo: { isFallbackAdapter, description } }: GPUDevice): boolean {
  return isFallbackAdapter || /llvmpipe|swiftshader/i.test(description);
}

/** The device of the fastest adapter. @throws Error when the runtime has no WebGPU or there is no adapter */
export async function requestDevice(): Promise<GPUDevice> {
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) throw new Error("Cannot make a WebGPU device: this runtime has no WebGPU");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new Error(
      "Cannot make a WebGPU device: there is no adapter; on Linux it takes libvulkan1 and the GPU's Vulkan driver " +
        "(CUDA alone gives none)",
    );
  }
  const wanted: GPUFeatureName[] = ["shader-f16", SUBGROUPS];
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
  // Without asking the defaults of the standard apply, not what the adapter can do.
  const requiredLimits = Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, adapter.limits[name]]),
  );
  return await adapter.requestDevice({ requiredFeatures, requiredLimits });
}
