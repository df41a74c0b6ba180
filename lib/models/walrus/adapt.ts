// What a checkpoint's tensors say about the configuration that the file beside it does not.

import type { Shape } from "../../ir/types.ts";
import type { RotaryKind, WalrusConfig } from "./config.ts";

/**
 * The configuration with what finetuned checkpoints carry in their tensors: rotary frequencies of each axis and a
 * position table (model.md section 2).
 *
 * @param config from the configuration file
 * @param shapes of the checkpoint's tensors
 */
export function adaptToShapes(config: WalrusConfig, shapes: ReadonlyMap<string, Shape>): WalrusConfig {
  const frequencies = "blocks.0.space_mixing.rotary_emb.freqs";
  const perAxis = shapes.has(`${frequencies}.0`);
  const rotary: RotaryKind = perAxis ? "per_axis" : config.rotary === "per_axis" ? "shared" : config.rotary;
  const ape = shapes.get("ape");
  const apeShape = ape?.length === 6 ? [ape[3]!, ape[4]!, ape[5]!] as const : null;
  return { ...config, rotary, apeShape };
}
