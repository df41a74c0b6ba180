// A whole evaluation in a few lines: medians of each data set, what was left out, what is not finite, broken laws.

import type { DatasetEvaluation, Evaluation, ForecasterScores, Score } from "./evaluation.ts";

/** Forecasts that are named in a line; the others are counted. */
const NAMED = 5;

function shown(value: Score | undefined): string {
  if (value === null || value === undefined) return "-";
  return value < 1000 ? value.toFixed(value < 10 ? 4 : 1) : value.toExponential(1);
}

function row(name: string, cells: readonly string[], widths: readonly number[]): string {
  return [name.padEnd(widths[0]!), ...cells.map((cell, i) => cell.padStart(widths[i + 1]!))].join("  ")
    .trimEnd();
}

function tableOf({ windows, forecasters }: DatasetEvaluation): string[] {
  const head = ["one step", ...windows.map(({ label }) => label)];
  const rows = Object.entries(forecasters).map(([name, scores]) => [
    name,
    shown(scores.oneStep?.vrmse.median),
    ...windows.map(({ name }) => shown(scores.windows[name]?.value)),
  ]);
  const widths = ["", ...head].map((title, i) =>
    Math.max(title.length, ...rows.map((cells) => cells[i]!.length))
  );
  return [row("", head, widths), ...rows.map(([name, ...cells]) => row(name!, cells, widths))];
}

function ensembleLine(name: string, { ensemble }: ForecasterScores): string[] {
  if (!ensemble) return [];
  const { members, trajectories, all } = ensemble;
  const of = (key: keyof typeof all) => shown(all[key].full);
  return [
    `${name}, ensembles of ${members} (trajectories: ${trajectories}): CRPS ${of("scaledCrps")}, ` +
    `one seed ${of("scaledCrpsOne")}, persistence ${
      of("scaledCrpsPersistence")
    } (in deviations of the truth); ` +
    `spread over error ${of("spreadSkill")}; 90 % intervals hold ${shown(all.coverage90.full)}`,
  ];
}

/**
 * Prints an evaluation.
 *
 * @param evaluation what was found
 * @param print takes lines of results
 * @param warn takes warnings
 */
export function printSummary(
  { protocol, datasets, device }: Evaluation,
  print: (line: string) => void,
  warn: (line: string) => void,
): void {
  print(`VRMSE, medians; protocol ${protocol.name}; ${device}`);
  for (const dataset of datasets) {
    const { name, split, notes, leftOut, forecasters, trajectories } = dataset;
    print(`\n${name}, ${split} split, trajectories: ${trajectories.length}`);
    for (const line of tableOf(dataset)) print(`  ${line}`);
    for (const note of notes) print(`  ${note}`);
    for (const line of leftOut) warn(`warning: ${line}`);
    for (const [forecaster, scores] of Object.entries(forecasters)) {
      for (const line of ensembleLine(forecaster, scores)) print(`  ${line}`);
      const { notFinite, physics } = scores;
      if (physics && physics.broken > 0) {
        print(
          `  ${forecaster}: ${physics.broken} of ${physics.rollouts} rollouts break what their truth keeps, as ` +
            physics.breaks[0]!.message,
        );
      }
      if (notFinite.length === 0) continue;
      const others = notFinite.length > NAMED ? `; and ${notFinite.length - NAMED} more` : "";
      warn(
        `warning: ${name}, ${notFinite.length} of ${forecaster}'s frames or rollouts are not finite: ${
          notFinite.slice(0, NAMED).join("; ")
        }${others}`,
      );
    }
  }
}
