// What plans are made with before a device is open is what devices have.

import assert from "node:assert/strict";
import { KERNELS } from "../../app/kernels.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { lower } from "../../lib/backend/webgpu/lower.ts";
import { fused } from "../../lib/ir/fused/mod.ts";

Deno.test("the kernels that plans count on are those of the backends", async () => {
  using device = await wasm({ threads: 1 });
  const ofFused = (kernels: Iterable<string>) => [...kernels].filter((name) => name in fused).sort();
  assert.deepEqual([...KERNELS.wasm].sort(), ofFused(device.kernels));
  assert.deepEqual([...KERNELS.webgpu].sort(), ofFused(Object.keys(lower)));
});
