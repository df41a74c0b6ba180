// What ensembles of a data set say of their own uncertainty: scores beside one member and persistence, spread beside
// error, coverage, ranks.

import { COLORS, escaped } from "../../train/chart.ts";
import type { DatasetEvaluation, EnsembleScores, EnsembleSeries, Score } from "../evaluation.ts";
import { type Block, html, tableBlock, text } from "./blocks.ts";
import { bars, key, plot } from "./plot.ts";
import { counted, percentText, scoreText } from "./words.ts";

/** Rows of the table: score, words, whether it is a share. */
const ROWS: readonly (readonly [EnsembleSeries, string, boolean?])[] = [
  ["scaledCrps", "fair CRPS of the ensemble"],
  ["scaledCrpsOne", "CRPS of one member (its mean absolute error)"],
  ["scaledCrpsPersistence", "CRPS of persistence"],
  ["vrmseMean", "VRMSE of the mean of the members"],
  ["vrmseOne", "VRMSE of one member"],
  ["spreadSkill", "spread / error (calibrated: 1)"],
  ["coverage50", "truth within the central 50 %", true],
  ["coverage80", "truth within the central 80 %", true],
  ["coverage90", "truth within the central 90 %", true],
];

function seriesOf(values: readonly Score[]): [number, Score][] {
  return values.map((value, i) => [i + 1, value]);
}

function charts(name: string, data: DatasetEvaluation, { steps, ranks, members }: EnsembleScores): Block[][] {
  // Without a unit, so that components may stand for each other.
  const lines = [
    { name: "one member", color: COLORS[1]!, points: seriesOf(steps.scaledCrpsOne.full ?? []) },
    { name: "ensemble", color: COLORS[0]!, points: seriesOf(steps.scaledCrps.full ?? []) },
    {
      name: "persistence",
      color: "var(--faint)",
      dashes: "7 4",
      points: seriesOf(steps.scaledCrpsPersistence.full ?? []),
    },
  ];
  const drawn = plot(lines, {
    label: `CRPS by step of the ensemble, one member and persistence, ${name} on ${data.name}`,
    across: "step",
  });
  const ratio = plot([{
    name: "spread / error",
    color: COLORS[0]!,
    points: seriesOf(steps.spreadSkill.full ?? []),
  }], {
    label:
      `Spread of the ensemble over the error of its mean by step, ${name} on ${data.name}; 1 where calibrated`,
    across: "step",
    mark: { value: 1, name: "calibrated" },
    scale: { y: "linear" },
    height: 210,
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
      : html(`<p class="caption">CRPS over the truth's deviation, ${escaped(name)}</p>${key(lines)}${drawn}`),
    ratio === "" ? [] : html(`<p class="caption">Spread / error, ${escaped(name)}</p>${ratio}`),
    histogram === "" ? [] : html(
      `<p class="caption">Rank of the truth, ${
        escaped(name)
      }: share of cells</p><p class="key">flat (the line) where calibrated</p>${histogram}`,
    ),
  ];
}

/** What calibrated members of that number cover. */
function expectedOf({ expected }: EnsembleScores, id: EnsembleSeries): number | undefined {
  return id in expected ? expected[id as keyof typeof expected] : undefined;
}

/** Ensembles of a data set; nothing where there are none. */
export function ensembleBlocks(data: DatasetEvaluation): Block[] {
  const found = Object.entries(data.forecasters).flatMap(([name, { ensemble }]) =>
    ensemble ? [[name, ensemble] as const] : []
  );
  if (found.length === 0) return [];
  const sizes = found.map(([name, { members, trajectories, cells }]) =>
    `${name}: ${counted(members, "member")}, ${counted(trajectories, "trajectory", "trajectories")}, ${
      cells.toLocaleString("en")
    } cells in all (cells of one trajectory are not independent)`
  );
  return [
    text(
      `Over all trajectories and steps. ${sizes.join("; ")}. CRPS is over the deviation of the true frame.`,
    ),
    ...tableBlock({
      caption: "Ensembles, mean of the components",
      head: ["score", ...found.map(([name]) => name)],
      rows: ROWS.flatMap(([id, words, share]) => {
        const values = found.map(([, { all }]) => all[id]?.full);
        if (values.every((value) => value == null)) return [];
        return [{
          name: words,
          cells: found.map(([, ensemble], i) => ({
            text: share ? percentText(values[i]) : scoreText(values[i]),
            ...(share ? { note: `calibrated ${percentText(expectedOf(ensemble, id))}` } : {}),
          })),
        }];
      }),
    }),
    { kind: "group", blocks: found.flatMap(([name, ensemble]) => charts(name, data, ensemble)), column: 330 },
  ];
}
