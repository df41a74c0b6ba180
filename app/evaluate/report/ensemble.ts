// What ensembles of a data set say of their own uncertainty: scores beside one member and persistence, spread beside
// error, coverage, ranks.

import { COLORS, escaped } from "../../train/chart.ts";
import type { DatasetEvaluation, EnsembleScores, Score } from "../evaluation.ts";
import { type Block, html, tableBlock, text } from "./blocks.ts";
import { bars, key, plot } from "./plot.ts";
import { counted, percentText, scoreText } from "./words.ts";

/** Rows of the table: key of `means`, words, whether it is a share. */
const MEANS: readonly (readonly [string, string, boolean?])[] = [
  ["crps", "fair CRPS of the ensemble"],
  ["crpsOne", "CRPS of one member (its mean absolute error)"],
  ["crpsPersistence", "CRPS of persistence"],
  ["vrmseMean", "VRMSE of the mean of the members"],
  ["vrmseOne", "VRMSE of one member"],
  ["spread", "spread of the members"],
  ["rmse", "RMSE of their mean"],
  ["spreadSkill", "spread / RMSE (calibrated: 1)"],
  ["coverage50", "truth within the central 50 %", true],
  ["coverage80", "truth within the central 80 %", true],
  ["coverage90", "truth within the central 90 %", true],
];

function seriesOf(values: readonly Score[]): [number, Score][] {
  return values.map((value, i) => [i + 1, value]);
}

function charts(name: string, data: DatasetEvaluation, { steps, ranks, members }: EnsembleScores): Block[][] {
  const lines = [
    { name: "RMSE of the mean", color: COLORS[1]!, points: seriesOf(steps.rmse.full ?? []) },
    { name: "spread", color: COLORS[0]!, dashes: "7 4", points: seriesOf(steps.spread.full ?? []) },
  ];
  const drawn = plot(lines, {
    label: `Spread of the ensemble and error of its mean by step, ${name} on ${data.name}`,
    across: "step",
  });
  const counts = ranks.full ?? Object.values(ranks)[0] ?? [];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const histogram = total === 0 ? "" : bars(counts.map((count) => count / total), {
    label:
      `Share of cells by the truth's rank among ${members} members, ${name} on ${data.name}; flat where calibrated`,
    across: "members below the truth",
    even: 1 / counts.length,
  });
  return [
    drawn === ""
      ? []
      : html(`<p class="caption">Spread and error, ${escaped(name)}</p>${key(lines)}${drawn}`),
    histogram === "" ? [] : html(
      `<p class="caption">Rank of the truth, ${
        escaped(name)
      }: share of cells</p><p class="key">flat (the line) where calibrated</p>${histogram}`,
    ),
  ];
}

/** Ensembles of a data set; nothing where there are none. */
export function ensembleBlocks(data: DatasetEvaluation): Block[] {
  const found = Object.entries(data.forecasters).flatMap(([name, { ensemble }]) =>
    ensemble ? [[name, ensemble] as const] : []
  );
  if (found.length === 0) return [];
  const sizes = found.map(([name, { members, trajectories, cells }]) =>
    `${name}: ${counted(members, "member")}, ${
      counted(trajectories, "trajectory", "trajectories")
    }, ${cells} cells a frame`
  );
  return [
    text(`Means over trajectories and steps. ${sizes.join("; ")}.`),
    ...tableBlock({
      caption: "Ensembles, mean of the components",
      head: ["score", ...found.map(([name]) => name)],
      rows: MEANS.flatMap(([id, words, share]) => {
        const values = found.map(([, { means }]) => means[id]?.full);
        if (values.every((value) => value == null)) return [];
        return [{
          name: words,
          cells: values.map((value) => ({ text: share ? percentText(value) : scoreText(value) })),
        }];
      }),
    }),
    { kind: "group", blocks: found.flatMap(([name, ensemble]) => charts(name, data, ensemble)) },
  ];
}
