// How the registry finds Walrus checkpoints; the network's code is loaded when one is found.

import type { ModelEntry } from "../model.ts";

/** The registry's entry. */
export const entry: ModelEntry = {
  family: "walrus",
  configFiles: ["extended_config.yaml"],
  claims: (names) => names.has("encoder_dummy") || names.has("blocks.0.space_mixing.fused_ff_qkv.weight"),
  load: async () => (await import("./family.ts")).walrusFamily,
};
