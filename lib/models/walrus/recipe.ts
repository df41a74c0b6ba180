// How the released model was trained (model.md section 11) and how it is finetuned (training.md sections 5 and 8), in
// the words of a run's configuration.

import type { Recipe } from "../model.ts";
import { RELEASED_LOSS } from "./loss.ts";

const LOSS = { multiplier: RELEASED_LOSS.multiplier, minimum_context: RELEASED_LOSS.minimumContext };
const ADAMW = { betas: [0.9, 0.999], eps: 1e-10, weight_decay: 1e-4 } as const;

/** Training from scratch. */
const PRETRAINING: Recipe = {
  optimizer: { name: "adamw", lr: 2e-4, ...ADAMW },
  loss: LOSS,
  data: { strides: [1, 5], rotate: true },
  training: { accumulate: 4, clip: 10, remat: 2 },
  schedule: { kind: "released", first_factor: 0.1 },
};

/** Training on from a checkpoint. */
const FINETUNING: Recipe = {
  optimizer: { name: "adamw", lr: 1e-4, ...ADAMW },
  loss: LOSS,
  data: { strides: [1, 1], rotate: true },
  training: { accumulate: 1, clip: 10, remat: 2 },
  schedule: { kind: "released", first_factor: 0.01 },
  model: { drop_path: 0 },
};

/** The recipe of a kind of training. */
export function recipe(kind: "pretraining" | "finetuning"): Recipe {
  return kind === "pretraining" ? PRETRAINING : FINETUNING;
}
