// All that the app knows, in one record. What is shown of a forecast is in scene.ts.

import type { Sample, Split, Trajectory } from "walrus";
import type { Model } from "walrus/models";
import type { FinetuneState } from "./finetune/finetune_state.ts";
import type { Message } from "./message.ts";
import type { DataChoice, ModelChoice, Settings } from "./setup/choice.ts";
import type { Use } from "./setup/describe.ts";
import type { RunState } from "./session/run_state.ts";
import type { ViewerState } from "./state.ts";
import type { Store } from "./store.ts";

/** Data that are open. */
export interface OpenedData {
  readonly name: string;
  /** Name that the data give themselves. */
  readonly dataset: string;
  readonly split: Split;
  /** Splits there are. */
  readonly splits: readonly string[];
  readonly trajectory: Trajectory;
  readonly times: Float64Array;
  readonly warnings: readonly string[];
}

/** How far data are. */
export type DataState =
  | { readonly kind: "empty" }
  /** Much would be loaded, or another site asked: the user says whether. */
  | { readonly kind: "ask"; readonly message: Message }
  | { readonly kind: "loading"; readonly name: string; readonly done: number; readonly total: number | null }
  | { readonly kind: "ready"; readonly opened: OpenedData }
  | { readonly kind: "failed"; readonly message: Message };

/** How far a network is. Its words are known before its weights are here. */
export interface ModelState {
  /** Null before it is known. */
  readonly model: Model | null;
  readonly name: string;
  /** Bytes that loading takes; null: not known. */
  readonly bytes: number | null;
  /** Whether its weights are here. */
  readonly here: boolean;
  /** What went wrong, or what is asked. */
  readonly message: Message | null;
}

/** A network that can be chosen. */
export interface ListedModel {
  readonly choice: ModelChoice;
  readonly label: string;
}

/** What computes, for the status line. */
export interface Device {
  readonly name: string;
  /** Why it is that; empty where it was asked for. */
  readonly choice: string;
}

/** All of it. */
export interface AppState extends ViewerState {
  readonly mode: "forecast" | "finetune";
  /** What the user chose; `theme` is what that comes to. */
  readonly themeChoice: "system" | "light" | "dark";
  readonly dataChoice: DataChoice | null;
  readonly data: DataState;
  readonly modelChoice: ModelChoice;
  readonly compareChoice: ModelChoice | null;
  readonly models: readonly ListedModel[];
  readonly model: ModelState;
  readonly settings: Settings;
  /** What the network makes of the data; null before both are known. */
  readonly use: Use | null;
  /** Input frames; null before they are read. */
  readonly input: Sample | null;
  readonly run: RunState;
  readonly device: Device | null;
  /** Bytes a forecast takes by its plan; null before it is known. */
  readonly memory: { readonly weights: number; readonly working: number } | null;
  /** Bytes of what is kept for later visits; null: not known. */
  readonly saved: number | null;
  readonly offline: boolean;
  /** Whether a newer version of the app waits. */
  readonly update: boolean;
  readonly finetune: FinetuneState;
  readonly keysOpen: boolean;
  /** Narrow screens: whether the set-up is open. */
  readonly setupOpen: boolean;
  /** Said to screen readers; errors at once. */
  readonly announcement: string;
  readonly alert: string;
}

/** The store of the app. */
export type AppStore = Store<AppState>;
