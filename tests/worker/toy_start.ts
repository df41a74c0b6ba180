// The network of tests/toy at its start, and a frame that it takes.

import type { Sample } from "../../lib/data/dataset.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import { framesOf, GRAY_SCOTT } from "../forecast/shipped.ts";
import { toyModel } from "../toy/network.ts";

/** A checkpoint as bytes, and a window. */
export async function toyStart(): Promise<{ checkpoint: Uint8Array; start: Sample }> {
  const model = toyModel(2, 8);
  const weights = startWeights(model, 1);
  const tensors = [...model.parameters].map(([name, { shape }]) => ({
    name,
    shape,
    data: weights.get(name)!,
  }));
  return { checkpoint: writeSafetensors(tensors), start: await framesOf(GRAY_SCOTT, 0, 1) };
}
