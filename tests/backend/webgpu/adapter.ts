// Tests that need a GPU adapter; without one they are reported as ignored, with the reason in their name.

import { webgpu, type WebGpuDevice } from "../../../lib/backend/webgpu/device.ts";

async function reason(): Promise<string | null> {
  try {
    (await webgpu())[Symbol.dispose]();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Why there is no adapter, null where there is one. */
export const missing: string | null = await reason();

/** Registers a test on the machine's adapter. */
export function gpuTest(
  name: string,
  run: (device: WebGpuDevice) => Promise<void>,
  make: () => Promise<WebGpuDevice> = webgpu,
): void {
  Deno.test({
    name: missing ? `${name} (no adapter: ${missing})` : name,
    ignore: missing !== null,
    // The platform polls a device in the background and keeps its resources.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      using device = await make();
      await run(device);
    },
  });
}
