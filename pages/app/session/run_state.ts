// How far a forecast is, and what is said of it. Pure.

import type { Message } from "../message.ts";
import type { Scene, Scores } from "../scene.ts";
import { count, duration, scoreWords, timeLeft } from "../words.ts";

/** How far a forecast is. */
export type RunState =
  | { readonly kind: "idle" }
  | { readonly kind: "loading"; readonly text: string; readonly share: number | null }
  | {
    readonly kind: "running";
    readonly step: number;
    readonly planned: number;
    /** Seconds; null before a step is done. */
    readonly perStep: number | null;
    /** Said instead of the usual words: the device went away. */
    readonly note: string | null;
  }
  | { readonly kind: "paused"; readonly step: number; readonly planned: number }
  | { readonly kind: "cancelled"; readonly step: number; readonly planned: number }
  | { readonly kind: "finished"; readonly step: number; readonly text: string }
  | { readonly kind: "failed"; readonly step: number; readonly message: Message };

/** Steps that are kept, in words. */
export function keptWords(step: number): string {
  return step === 1 ? "Step 1 is kept." : `Steps 1 to ${step} are kept.`;
}

/** What a state says; a failure says its own. */
export function runWords(run: RunState): string {
  switch (run.kind) {
    case "idle":
      return "";
    case "loading":
      return run.text;
    case "running": {
      if (run.note) return run.note;
      if (run.perStep === null) {
        return run.step === 0 ? "Preparing the first step." : `Step ${run.step} of ${run.planned}.`;
      }
      const left = (run.planned - run.step) * run.perStep;
      return `Step ${run.step} of ${run.planned}, ${duration(run.perStep)} a step, ${timeLeft(left)} left.`;
    }
    case "paused":
      return run.step === 0 ? "Computing paused." : `Computing paused after step ${run.step}.`;
    case "cancelled":
      return run.step === 0 ? "Cancelled." : `Cancelled. ${keptWords(run.step)}`;
    case "finished":
      return run.text;
    case "failed":
      return run.message.text;
  }
}

/** Whether something is under way that a button ends. */
export function isBusy({ kind }: RunState): boolean {
  return kind === "loading" || kind === "running";
}

/** Mean over steps of the mean over quantities; NaN without any. */
export function meanOf({ vrmse }: Scores, last: number): number {
  const steps = Array.from({ length: last }, (_, i) => {
    const known = vrmse.map((curve) => curve[i] ?? NaN);
    return known.reduce((sum, v) => sum + v, 0) / known.length;
  }).filter((v) => !Number.isNaN(v));
  return steps.reduce((sum, v) => sum + v, 0) / steps.length;
}

/** What is said at the end. */
export function finishedWords({ scores, steps: { truth }, computed }: Scene, seconds: number): string {
  const done = `${count(computed, "step")} in ${duration(seconds)}.`;
  const scored = Math.min(truth, computed);
  if (scored === 0) return `${done} No truth after the input; errors can not be shown.`;
  const kept = scores.find(({ id }) => id === "persistence");
  const off = scores.filter(({ id }) => ["a", "b", "mean"].includes(id))
    .map((own) => {
      const name = own.id === "a" ? "Off" : own.id === "b" ? "B off" : "The mean off";
      return `${name} by ${scoreWords(meanOf(own, scored))}`;
    });
  const against = kept ? `; the last input frame, kept, by ${scoreWords(meanOf(kept, scored))}` : "";
  const end = truth < computed ? ` No truth after step ${truth}; errors end there.` : "";
  const [first, ...more] = off;
  return `${done} ${first} (VRMSE, no unit)${
    more.map((text) => `, ${lower(text)}`).join("")
  }${against}.${end}`;
}

function lower(text: string): string {
  return text.startsWith("The") ? `the${text.slice(3)}` : text;
}
