// Loading a checkpoint: what is refused, and what is said about it.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { fixture } from "../shared.ts";

Deno.test("loadModel() refuses a checkpoint that does not fit its configuration", async () => {
  using device = await wasm({ threads: 1 });
  const load = (name: string) =>
    loadModel(fixture(`golden/checkpoints/${name}`), {
      device,
      config: fixture("golden/checkpoints/extended_config.yaml"),
    });
  await assert.rejects(() => load("wrong_shape.pt"), /attn_out.weight" has shape/);
  await assert.rejects(() => load("integer_weights.pt"), /floating-point/);
  (await load("walrus_bf16.pt"))[Symbol.dispose]();
});
