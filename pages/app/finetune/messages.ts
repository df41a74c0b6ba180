// What the page and its worker say to each other. Plain data: files and Blobs are handed over, never copied.

import type { Boundaries } from "../setup/boundaries.ts";

/** Where the network comes from: both parts beside each other, or a name on a Hub. */
export interface ModelFiles {
  /** Checkpoint, or `hf:org/name`. */
  readonly checkpoint: Blob | string;
  /** Its configuration file; null: its family needs none. */
  readonly config: Blob | string | null;
}

/** How a Hub is reached. */
export interface HubAccess {
  /** The one of the library unless given. */
  readonly endpoint?: string;
  readonly token?: string;
}

/** Where a page computes. */
export type BackendChoice = "auto" | "wasm" | "webgpu";

/** Asks the worker to finetune; once in its life. */
export interface StartRequest {
  readonly kind: "start";
  /** Files of one data set, or its name on a Hub. */
  readonly data: readonly File[] | string;
  /** Kinds of boundary that are not known, and what they are taken for. */
  readonly boundaries: Boundaries;
  readonly hub: HubAccess;
  readonly model: ModelFiles;
  /** Optimiser steps. */
  readonly steps: number;
  readonly learningRate: number;
  readonly backend: BackendChoice;
}

/** What the worker is told; a stop ends after the step in progress, an answer goes to what it asked. */
export type Request = StartRequest | { readonly kind: "stop" } | { readonly kind: "fetch" };

/** Median one-step VRMSE over windows that are not trained on; null where there are none, or no score is finite. */
export type Score = number | null;

/** What the worker tells, in this order; an error ends it at any time. */
export type Answer =
  /** What it is busy with before the first step. */
  | { readonly kind: "phase"; readonly text: string }
  /** Much has to be fetched: it waits for `fetch`. */
  | { readonly kind: "ask"; readonly text: string }
  | {
    readonly kind: "ready";
    /** What computes. */
    readonly device: string;
    /** Data set and grid. */
    readonly data: string;
    /** Network and numbers that are trained. */
    readonly model: string;
    /** What is scored, in words; null where nothing can be kept apart. */
    readonly scored: string | null;
    readonly before: Score;
  }
  | {
    readonly kind: "step";
    /** Optimiser steps done. */
    readonly step: number;
    readonly loss: number;
  }
  | {
    readonly kind: "done";
    readonly steps: number;
    readonly after: Score;
    /** The network: its weights, then its configuration files. */
    readonly files: readonly { readonly name: string; readonly content: Blob }[];
  }
  | { readonly kind: "error"; readonly message: string };
