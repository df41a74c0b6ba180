// A network so small that what surrounds it is what takes time, as files that are dropped.

import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../lib/models/walrus/config.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import type { PageFile } from "./app.ts";

/** Its configuration. */
export const TINY: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 32,
  intermediateDim: 4,
  blocks: 2,
  heads: 2,
  mlpDim: 64,
  contextFrames: 3,
  includeD: [2],
  jitter: false,
  inputFieldDrop: 0,
};

/** Its files: untrained. */
export async function tinyModel(): Promise<PageFile[]> {
  const model = walrusModel(TINY);
  const weights = startWeights(model, 1);
  const tensors = [...model.parameters].map(([name, { shape }]) => ({
    name,
    shape,
    data: weights.get(name)!,
  }));
  const texts = Object.entries(await model.files())
    .map(([name, text]) => ({ name, bytes: new TextEncoder().encode(text) }));
  return [{ name: "tiny.safetensors", bytes: writeSafetensors(tensors) }, ...texts];
}
