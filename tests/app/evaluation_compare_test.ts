// Two evaluations compared: a planted difference is found, none where there is none, few trajectories are refused.

import assert from "node:assert/strict";
import { compareEvaluations } from "../../app/evaluate/report/compare.ts";
import { comparisonLines, comparisonReport, verdict } from "../../app/evaluate/report/compare_report.ts";
import { evaluate } from "../../app/evaluate/command.ts";
import { madeUpEvaluation } from "./evaluation_fixture.ts";
import { inFolder, runCommand } from "./run_command.ts";

const base = madeUpEvaluation();

Deno.test("compareEvaluations() finds an error that is a tenth lower, with an interval of the pairs", () => {
  const { differences } = compareEvaluations(base, madeUpEvaluation({ factor: 0.9 }));
  assert.ok(differences.length > 0);
  for (const one of differences) {
    // All trajectories change alike: paired, nothing else is left, however far apart they are.
    assert.ok(Math.abs(one.change! + 0.1) < 1e-6, JSON.stringify(one));
    assert.ok(Math.abs(one.interval![0] + 0.1) < 1e-6 && Math.abs(one.interval![1] + 0.1) < 1e-6);
    assert.equal(verdict(one), "lower");
  }
  assert.deepEqual(new Set(differences.map(({ data }) => data)), new Set(["shear_flow_mini", "mine", null]));
  assert.deepEqual(
    new Set(differences.map(({ window }) => window)),
    new Set(["one-step", "T[1:20]", "T[21:60]", "all"]),
  );
  const same = compareEvaluations(base, base).differences;
  assert.ok(same.every((one) => one.change === 0 && verdict(one) === "not told apart"));
});

Deno.test("compareEvaluations() gives what reports give, and the same intervals for a seed", () => {
  const other = madeUpEvaluation({ factor: 1.2 });
  const [once, again] = [compareEvaluations(base, other), compareEvaluations(base, other)];
  assert.deepEqual(once, again);
  const long = once.differences.find(({ data, window }) => data === "mine" && window === "all")!;
  const medians = base.datasets[1]!.forecasters.walrus_small!.curves.full!.median as number[];
  const mean = medians.reduce((sum, value) => sum + value, 0) / medians.length;
  assert.ok(Math.abs(long.values![0]! - mean) < 1e-9);
});

Deno.test("compareEvaluations() tells noise from a difference", () => {
  // One trajectory of seven is ten times better: its weight depends on the draw.
  const noisy = structuredClone(base) as typeof base;
  for (const { forecasters } of noisy.datasets) {
    for (const { trajectory, steps } of forecasters.walrus_small!.rollouts) {
      const own = steps.VRMSE!.full as number[];
      own.forEach((value, i) => own[i] = value * (trajectory % 2 ? 1.3 : 0.75));
    }
  }
  const { differences } = compareEvaluations(base, noisy);
  const own = differences.filter(({ window, data }) => window === "all" && data !== null);
  assert.deepEqual(own.map(verdict), ["not told apart", "not told apart"]);
  assert.ok(own.every(({ interval }) => interval![0] < 0 && interval![1] > 0));
});

Deno.test("compareEvaluations() refuses fewer than six trajectories", () => {
  const few = (factor: number) => madeUpEvaluation({ trajectories: 5, factor });
  const { differences } = compareEvaluations(few(1), few(0.9));
  assert.ok(
    differences.filter(({ data }) => data !== null).every(({ refused, interval }) => refused && !interval),
  );
  assert.equal(verdict(differences[0]!), "refused: 5 trajectories, wanted 6 or more");
  // Of two data sets together there are ten.
  assert.ok(differences.filter(({ data }) => data === null).every((one) => verdict(one) === "lower"));
  const one = madeUpEvaluation({ trajectories: 5, datasets: [["a", null]] });
  assert.throws(() => compareEvaluations(one, one), {
    name: "RangeError",
    message: "Cannot compare: the evaluations share 5 trajectories, wanted 6 or more",
  });
});

Deno.test("compareEvaluations() pairs networks by name, and trajectories by name and start", () => {
  const other = madeUpEvaluation({
    checkpoints: ["walrus_new"],
    datasets: [["mine", null]],
    trajectories: 8,
  });
  const { pairs, notes, differences } = compareEvaluations(base, other);
  assert.deepEqual(pairs, [["walrus_small", "walrus_new"]]);
  assert.ok(notes.includes("only in the first: shear_flow_mini"));
  assert.ok(differences.every(({ trajectories, data }) => trajectories === 7 && data === "mine"));
  assert.throws(
    () => compareEvaluations(madeUpEvaluation({ checkpoints: ["a", "b"] }), other),
    /the networks a, b, the second walrus_new; wanted one of the same name, or one each/,
  );
  assert.throws(
    () => compareEvaluations(base, madeUpEvaluation({ datasets: [["elsewhere", null]] })),
    /no data set is in both, but shear_flow_mini, mine and elsewhere/,
  );
  const elsewhere = structuredClone(base) as typeof base;
  for (const data of elsewhere.datasets) {
    for (const one of data.trajectories) {
      (one as { name: string }).name = one.name.replace('"', '"/somewhere/else/');
    }
  }
  assert.deepEqual(
    compareEvaluations(base, elsewhere).differences,
    compareEvaluations(base, base).differences,
  );
  const moved = structuredClone(base) as typeof base;
  for (const data of moved.datasets) {
    for (const one of data.trajectories) (one as { start: number }).start = 6;
  }
  const { differences: left, notes: said } = compareEvaluations(base, moved);
  assert.ok(left.every(({ window }) => window === "one-step"));
  assert.ok(said.some((note) => /7 trajectories are left out of rollouts/.test(note)));
});

Deno.test("comparisonReport() says in both forms what was found and what was refused", () => {
  const [a, b] = [madeUpEvaluation({ trajectories: 5 }), madeUpEvaluation({ trajectories: 5, factor: 0.9 })];
  const comparison = compareEvaluations(a, b);
  const { html, markdown } = comparisonReport(a, b, comparison);
  assert.match(
    markdown,
    /\| all together \| \*\*lower\*\* \(10 trajectories\) \| -10 % \(-10 % to -10 %\) \| - \| - \|/,
  );
  assert.match(markdown, /\| refused \(5 trajectories\) \|/);
  assert.equal(html.match(/<svg class="plot"/g)!.length, 4);
  assert.ok(!/NaN|undefined/.test(html + markdown));
  assert.match(
    comparisonLines(comparison).join("\n"),
    /^all together +one step +-10 % +-10 % to -10 % +lower$/m,
  );
});

Deno.test("evaluate --compare reads two evaluations, tells, and writes a report beside nothing that is there", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a`);
    await Deno.writeTextFile(`${folder}/a/evaluation.json`, JSON.stringify(base));
    await Deno.writeTextFile(`${folder}/b.json`, JSON.stringify(madeUpEvaluation({ factor: 0.9 })));
    const run = (...args: string[]) => runCommand(evaluate, ["--compare", ...args]);
    const out = `${folder}/out`;
    const done = await run(`${folder}/a`, `${folder}/b.json`, "--out", out, "--json");
    assert.equal(done.code, 0, done.err);
    assert.match(done.err, /^mine +one step +-10 % +-10 % to -10 % +lower$/m);
    assert.equal(JSON.parse(done.out).differences.length, 12);
    assert.match(
      await Deno.readTextFile(`${out}/comparison.md`),
      /^# walrus_small: two evaluations compared\n/,
    );
    assert.match(await Deno.readTextFile(`${out}/comparison.html`), /^<!doctype html>/);
    const again = await run(`${folder}/a`, `${folder}/b.json`, "--out", out);
    assert.equal(again.code, 1);
    assert.match(again.err, /comparison\.md.*--force/);
    const alone = await run(`${folder}/a`);
    assert.deepEqual([alone.code, alone.err], [2, "--compare has 1 evaluations, wanted two"]);
    await Deno.writeTextFile(`${folder}/c.json`, "{}");
    const other = await run(`${folder}/a`, `${folder}/c.json`);
    assert.match(other.err, /^error: Cannot read ".*c\.json" as an evaluation: it has no data sets/);
    const nothing = await run(`${folder}/a`, `${folder}/none.json`);
    assert.match(nothing.err, /^error: Cannot open ".*none\.json": there is no such file$/);
  }));
