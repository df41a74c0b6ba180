// Quantities and sentences of the app: each number with its unit, the words of each state.

import assert from "node:assert/strict";
import { failureMessage, leftWords, lostWords, needWords } from "../../pages/app/session/failures.ts";
import { meanOf, runWords } from "../../pages/app/session/run_state.ts";
import { bytes, count, duration, number, progress, scoreWords, timeLeft } from "../../pages/app/words.ts";

Deno.test("bytes, durations and scores as people read them", () => {
  assert.deepEqual([12_345, 9_349_682, 94e6, 5.1e9, 1.05e6].map(bytes), [
    "12 KB",
    "9.3 MB",
    "94 MB",
    "5.1 GB",
    "1.1 MB",
  ]);
  assert.deepEqual([
    progress(3.1e6, 9_349_682),
    progress(12e6, 94e6),
    progress(1.2e9, 5.1e9),
    progress(7e6, null),
  ], [
    "3.1 of 9.3 MB",
    "12 of 94 MB",
    "1.2 of 5.1 GB",
    "7.0 MB",
  ]);
  assert.deepEqual([0.004, 0.21, 4.2, 65, 540, 7500].map(duration), [
    "4 ms",
    "0.2 s",
    "4.2 s",
    "65 s",
    "9 min",
    "2 h 5 min",
  ]);
  assert.deepEqual([0.4, 3.2, 61].map(timeLeft), ["under 1 s", "3 s", "61 s"]);
  assert.deepEqual([0, 0.3125, 12345.678, 1.5e-7, 2e6, NaN].map((value) => number(value)), [
    "0",
    "0.3125",
    "12350",
    "1.5e-7",
    "2e6",
    "not finite",
  ]);
  assert.deepEqual([0.1, 0.187, 12.34, Infinity].map(scoreWords), ["0.10", "0.19", "12.3", "not finite"]);
  assert.deepEqual([count(1, "step"), count(2, "trajectory", "trajectories")], ["1 step", "2 trajectories"]);
});

Deno.test("each state of a forecast has its words", () => {
  const running = { kind: "running", step: 7, planned: 20, perStep: 0.2, note: null } as const;
  assert.equal(runWords(running), "Step 7 of 20, 0.2 s a step, 3 s left.");
  assert.equal(runWords({ ...running, note: "Rebuilding." }), "Rebuilding.");
  assert.equal(runWords({ kind: "paused", step: 7, planned: 20 }), "Computing paused after step 7.");
  assert.equal(runWords({ kind: "cancelled", step: 7, planned: 20 }), "Cancelled. Steps 1 to 7 are kept.");
  assert.equal(runWords({ kind: "cancelled", step: 1, planned: 20 }), "Cancelled. Step 1 is kept.");
  assert.equal(runWords({ kind: "cancelled", step: 0, planned: 20 }), "Cancelled.");
});

Deno.test("the score of a forecast is the mean over steps and quantities that have one", () => {
  const scores = { id: "a", label: "", vrmse: [[0.1, 0.3, 9], [0.2, NaN, 9]] };
  assert.ok(Math.abs(meanOf(scores, 1) - 0.15) < 1e-12);
  // A step of which a quantity has no score has none.
  assert.ok(Math.abs(meanOf(scores, 2) - 0.15) < 1e-12);
});

Deno.test("what goes wrong has its words: memory, a lost device, loads that take long", () => {
  assert.equal(
    needWords({ weights: 5.1e9, working: 0.6e9 }, 2 ** 32),
    "Needs 5.7 GB (weights 5.1 GB, work 600 MB); this tab may use 4.3 GB.",
  );
  assert.equal(lostWords(7, 1), "The graphics device went away; steps 1 to 7 are safe. Rebuilding.");
  assert.equal(lostWords(0, 1), "The graphics device went away. Rebuilding.");
  assert.equal(lostWords(7, 2), "The graphics device went away twice. Continuing on the processor.");
  assert.equal(
    failureMessage(new RangeError("out of memory"), 7).text,
    "Memory ran out; steps 1 to 7 are kept.",
  );
  assert.equal(failureMessage(new Error("No."), 1).text, "No. Step 1 is kept.");
  assert.deepEqual([leftWords(1e6, 9e6, 9), leftWords(1e9, 5e9, 1), leftWords(1e9, 5e9, 135)], [
    "",
    "",
    ", 9 min left",
  ]);
});
