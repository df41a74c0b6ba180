// What is said of what goes wrong in the midst of a forecast, of what does not fit, of what takes long. Pure.

import type { MemoryEstimate } from "walrus";
import { type Message, reasonOf, say } from "../message.ts";
import { bytes, timeLeft } from "../words.ts";
import { keptWords } from "./run_state.ts";

/** What a forecast needs, and what there is. */
export function needWords({ weights, working }: MemoryEstimate, most: number): string {
  const parts = `weights ${bytes(weights)}, work ${bytes(working)}`;
  return `Needs ${bytes(weights + working)} (${parts}); this tab may use ${bytes(most)}.`;
}

/** Bytes from which the time that is left is told, and seconds after which it can be. */
const LONG_LOAD = { bytes: 50e6, seconds: 2 };

/** How long a load takes yet, where it is long. */
export function leftWords(done: number, total: number | null, seconds: number): string {
  if (total === null || total < LONG_LOAD.bytes || seconds < LONG_LOAD.seconds || done === 0) return "";
  return `, ${timeLeft((total - done) * seconds / done)} left`;
}

/** What is said of an error in the midst of a forecast. */
export function failureMessage(error: unknown, step: number): Message {
  const reason = reasonOf(error);
  const kept = step > 0 ? `; ${keptWords(step).replace(/\.$/, "").replace("Step", "step")}` : "";
  if (/memory|allocat/i.test(reason)) return say("bad", `Memory ran out${kept}.`);
  return say("bad", step > 0 ? `${reason} ${keptWords(step)}` : reason);
}

/** What is said while a lost graphics device is replaced. */
export function lostWords(step: number, times: number): string {
  if (times > 1) return "The graphics device went away twice. Continuing on the processor.";
  const safe = step > 1 ? `; steps 1 to ${step} are safe` : step === 1 ? "; step 1 is safe" : "";
  return `The graphics device went away${safe}. Rebuilding.`;
}
