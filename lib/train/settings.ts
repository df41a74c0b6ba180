// What does not change while a network is trained.

import type { LoraSettings } from "../weights/lora.ts";
import type { ComputeWeights } from "../weights/fp16.ts";
import { type AdamWSettings, RELEASED_ADAMW } from "./adamw.ts";

/** What does not change while training. */
export interface TrainingSettings {
  /** Settings of the loss, as the model's recipe names them. */
  readonly loss: Readonly<Record<string, unknown>>;
  /** Optimiser. */
  readonly adamw: AdamWSettings;
  /** Largest total norm of the gradients; Infinity never clips. */
  readonly clip: number;
  /** Micro-batches of this process whose gradients are summed. */
  readonly accumulate: number;
  /** Of the model's regions the first and every n-th after it is computed again in the backward pass; 0: none. */
  readonly rematEvery: number;
  /**
   * Most bytes of a step, all included: weights, moments, sums and what it computes. So little is computed again in the
   * backward pass as fits, whatever `rematEvery` says; null or left out: that decides.
   */
  readonly memory?: number | null;
  /** Low-rank adapters; null: none. */
  readonly lora: LoraSettings | null;
  /** How the network's matrices are held for computing; what the optimiser reads and writes is f32. */
  readonly weights: ComputeWeights;
}

/** AdamW, one micro-batch a step, gradients clipped at 10, nothing recomputed. */
export const DEFAULT_TRAINING: TrainingSettings = {
  loss: {},
  adamw: RELEASED_ADAMW,
  clip: 10,
  accumulate: 1,
  rematEvery: 0,
  memory: null,
  lora: null,
  weights: "f32",
};

/** Which tensors of the network are trained. */
export type Trainable = (name: string) => boolean;
