// What the configuration of a run says, with all defaults filled in: the keys of the YAML file as a type.

import type { Masks } from "../data/masks.ts";
import type { GridTreatment } from "../models/model.ts";

/** The network: what every family has; the rest of the section is the family's own. */
export interface RunModel {
  /** Name of the family; null: that of the first in the registry. */
  readonly family: string | null;
  /** Checkpoint to start from; null: from scratch. */
  readonly from: string | null;
  /** Its configuration file; null: the one beside it. */
  readonly config: string | null;
  /** Settings of the family. */
  readonly [setting: string]: unknown;
}

/** The data sets and how windows are drawn from them. */
export interface RunData {
  /** Folder of data sets. */
  readonly root: string;
  /** Their names; null: all. */
  readonly systems: readonly string[] | null;
  /** Names of systems that are left out. */
  readonly exclude: readonly string[];
  /** Windows of a micro-batch in 2D. */
  readonly samples: number;
  /** Windows of a micro-batch in 3D. */
  readonly samples_3d: number;
  /** Input frames in 3D; null: half of the context. */
  readonly context_3d: number | null;
  /** Smallest and largest stride between frames. */
  readonly strides: readonly [number, number];
  /** Whether data are changed by random symmetries that the model knows. */
  readonly rotate: boolean;
  /** Most windows a system may use, a seeded choice; null: all. */
  readonly limit: number | null;
  /** Names of the data's fields in the model's table, where they differ. */
  readonly field_map: Readonly<Record<string, string | number>>;
  /** Fields that are masks besides those of the usual names. */
  readonly masks?: Masks;
  /** What is done with grids of sizes that the network has not been made for. */
  readonly grid: GridTreatment;
  /** Workers that read and decode files while the device computes, and steps that they are ahead. */
  readonly workers: number;
}

/** Low-rank adapters. */
export interface RunLora {
  /** Columns of the one factor, rows of the other. */
  readonly rank: number;
  /** Their product is scaled by alpha / rank. */
  readonly alpha: number;
  /** Patterns of the linear maps that get adapters; null: all large matrices of the network. */
  readonly adapt: readonly string[] | null;
}

/** Steps of the optimiser. */
export interface RunTraining {
  /** Optimiser steps of the run. */
  readonly steps: number;
  /** Micro-batches of a pseudo-epoch: each draws systems with a generator of its own. */
  readonly epoch: number;
  /** Micro-batches of a step. */
  readonly accumulate: number;
  /** Largest total norm of gradients; null never clips. */
  readonly clip: number | null;
  /** Region 0, n, 2n, .. of the model is computed again in the backward pass; 0: none. */
  readonly remat: number;
  /** Most bytes of a step, all included: so little is recomputed as fits. null: `remat` decides. */
  readonly memory: number | null;
  /** Matrices as the network computes with them; the optimiser's are f32. */
  readonly weights: "f32" | "f16";
  /** Patterns of the tensors that are trained: `*` stands for anything. */
  readonly only: readonly string[];
  /** Those among them that are not. */
  readonly freeze: readonly string[];
  /** Adapters; null: none. */
  readonly lora: RunLora | null;
}

/** The optimiser. */
export interface RunOptimizer {
  /** Which. */
  readonly name: "adamw";
  /** Largest learning rate. */
  readonly lr: number;
  /** Decays of the moments. */
  readonly betas: readonly [number, number];
  /** Added to the root of the second moment. */
  readonly eps: number;
  /** Decay of weights, as a factor of the learning rate. */
  readonly weight_decay: number;
}

/** The learning rate in time. */
export interface RunSchedule {
  /** Its form. */
  readonly kind: "released" | "cosine" | "constant";
  /** Steps of warm-up; null: a twentieth of the run. */
  readonly warmup: number | null;
  /** Steps of cool-down; null: a twentieth of the run, none where the rate is constant. */
  readonly cooldown: number | null;
  /** Factor of the first step. */
  readonly first_factor: number;
  /** Factor of the last step. */
  readonly last_factor: number;
}

/** Scores on held-out data. */
export interface RunValidation {
  /** Steps from one to the next; 0: never. */
  readonly every: number;
  /** Windows of one-step forecasts a system. */
  readonly windows: number;
  /** Steps of rollouts from the first frame; 0: none. */
  readonly rollout: number;
  /** Trajectories of rollouts a system. */
  readonly trajectories: number;
  /** Whether forecasts use random draws. */
  readonly jitter: boolean;
}

/** A checked configuration with all defaults; its keys are those of the YAML file. */
export interface RunConfig {
  /** Folder of the run. */
  readonly folder: string;
  /** Seed of all draws. */
  readonly seed: number;
  /** The network. */
  readonly model: RunModel;
  /** The data. */
  readonly data: RunData;
  /** The steps. */
  readonly training: RunTraining;
  /** Settings of the family's loss. */
  readonly loss: Readonly<Record<string, unknown>>;
  /** The optimiser. */
  readonly optimizer: RunOptimizer;
  /** The learning rate. */
  readonly schedule: RunSchedule;
  /** Validation. */
  readonly validation: RunValidation;
  /** What is saved: every so many steps, how many stay, and the number type of the networks in best/ and last/. */
  readonly checkpoint: {
    readonly every: number;
    readonly keep: number;
    readonly dtype: "f32" | "f16" | "bf16";
  };
  /** Steps from one line of the log to the next. */
  readonly log: { readonly every: number };
  /** Where it runs; auto: WebGPU where there is a GPU. */
  readonly backend: "auto" | "wasm" | "webgpu";
  /** CPU threads; null: all. */
  readonly threads: number | null;
}
