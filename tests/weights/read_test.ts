// How weights are kept on a device: fp16 tensors of a checkpoint stay fp16 and compute the same; rounding is asked for.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { openData } from "../../lib/data/open_data.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import type { MemoryEstimate } from "../../lib/forecast/prepare.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { readFp16Weight } from "../../lib/weights/read.ts";
import type { WeightStorage } from "../../lib/weights/storage.ts";
import { fixture, inRepository } from "../shared.ts";

/** All fields of the frame after a window, and what the forecast took. */
async function firstFrame(
  checkpoint: string,
  weights: WeightStorage,
): Promise<[Float32Array, MemoryEstimate]> {
  using device = await wasm({ threads: 2 });
  using model = await loadModel(checkpoint, {
    device,
    weights,
    config: fixture("golden/checkpoints/extended_config.yaml"),
  });
  using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
  const start = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
  let need: MemoryEstimate | null = null;
  const options = { steps: 1, seed: 2, map: { A: 3, B: 4 }, admit: (n: MemoryEstimate) => void (need = n) };
  const { value } = await model.rollout(start, options).next();
  return [Float32Array.from(value!.values.flatMap((field: Float32Array) => [...field])), need!];
}

Deno.test("stored fp16 weights give the same forecast as widened ones, bit for bit, in half the memory", async () => {
  for (const name of ["walrus_f16.pt", "walrus_f16.safetensors"]) {
    const checkpoint = fixture(`golden/checkpoints/${name}`);
    const [stored, small] = await firstFrame(checkpoint, "stored");
    const [widened, large] = await firstFrame(checkpoint, "f32");
    assert.deepEqual(stored, widened);
    assert.ok(small.weights < 0.56 * large.weights, `${small.weights} of ${large.weights} bytes`);
  }
});

Deno.test("weights rounded to fp16 on request change the forecast a little", async () => {
  const checkpoint = fixture("golden/checkpoints/walrus.safetensors");
  const [rounded] = await firstFrame(checkpoint, "f16");
  const [exact] = await firstFrame(checkpoint, "stored");
  const scale = exact.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const worst = exact.reduce((m, v, i) => Math.max(m, Math.abs(v - rounded[i]!)), 0) / scale;
  assert.ok(worst > 1e-7 && worst < 2e-3, `${worst}`);
});

Deno.test("readFp16Weight() refuses what is no finite fp16 number and says where", async () => {
  const file = writeSafetensors([{ name: "w", shape: [2, 2], data: Float32Array.of(1, 2, 70_000, 4) }]);
  using checkpoint = await openCheckpoint(file);
  await assert.rejects(
    () => readFp16Weight(checkpoint, checkpoint.tensors.get("w")!),
    /element 2 of "w" is 70000, wanted a finite number within half precision/,
  );
});
