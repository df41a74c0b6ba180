// How far a finetuning is, and what is said of it.

import type { Message } from "../message.ts";
import type { Score } from "./messages.ts";

/** What is set. */
export interface FinetuneSettings {
  readonly steps: number;
  readonly rate: number;
}

/** What is known once the first step can begin. */
export interface FinetuneFacts {
  readonly device: string;
  readonly data: string;
  readonly model: string;
  /** What is scored; null: nothing. */
  readonly scored: string | null;
  readonly before: Score;
}

/** A network that was finetuned. */
export interface FinetuneResult {
  readonly id: number;
  readonly steps: number;
  readonly seconds: number;
  readonly after: Score;
  readonly files: readonly { readonly name: string; readonly content: Blob }[];
}

/** All of it. */
export interface FinetuneState {
  readonly settings: FinetuneSettings;
  readonly kind: "idle" | "running" | "stopping" | "done";
  /** What it is busy with. */
  readonly phase: string;
  /** Much has to be fetched: the worker waits. */
  readonly asking: boolean;
  readonly facts: FinetuneFacts | null;
  /** Loss of every step from 1. */
  readonly losses: readonly number[];
  /** Seconds since the first step was begun. */
  readonly seconds: number;
  readonly result: FinetuneResult | null;
  readonly message: Message | null;
}

/** Before anything. */
export const FIRST_FINETUNE: FinetuneState = {
  settings: { steps: 50, rate: 0.0002 },
  kind: "idle",
  phase: "",
  asking: false,
  facts: null,
  losses: [],
  seconds: 0,
  result: null,
  message: null,
};

/** Scores before and after, in a sentence; why there are none. */
export function scoreSentence(facts: FinetuneFacts, after: Score): string {
  const { scored, before } = facts;
  if (scored === null) return "No score: all frames were trained on, there are too few to keep some apart.";
  if (before === null || after === null) {
    return `No score on ${scored}: ${before === null ? "data or" : "the new"} forecasts are not finite.`;
  }
  const change = Math.round(100 * (after / before - 1));
  const sign = change > 0 ? "+" : change < 0 ? "−" : "";
  return `One-step error on ${scored} (VRMSE, no unit): ${before.toPrecision(3)} before, ${
    after.toPrecision(3)
  } now, ${sign}${Math.abs(change)} %.`;
}
