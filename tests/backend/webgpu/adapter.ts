// Tests that need a GPU adapter; without one they are reported as ignored, with the reason in their name.

import { webgpu, type WebGpuDevice } from "../../../lib/backend/webgpu/device.ts";

/** The machine's adapter. */
export interface Adapter {
  /** Why there is none, null where there is one. */
  readonly missing: string | null;
  /** Whether lanes can exchange numbers within subgroups. */
  readonly subgroups: boolean;
}

async function probe(): Promise<Adapter> {
  try {
    using device = await webgpu();
    return { missing: null, subgroups: device.target.subgroups };
  } catch (error) {
    return { missing: (error as Error).message, subgroups: false };
  }
}

/** What there is. */
export const adapter: Adapter = await probe();
/** Why there is no adapter, null where there is one. */
export const { missing } = adapter;

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
