// What physics asks of the forecasts of a data set: how many break what their truth keeps, and the totals themselves.

import { escaped } from "../../train/chart.ts";
import type { DatasetEvaluation, PhysicsScores } from "../evaluation.ts";
import { type Block, html, list, tableBlock, text } from "./blocks.ts";
import type { Looks } from "./lines.ts";
import { INK, key, plot } from "./plot.ts";
import { columnOf, trajectoryNames } from "./words.ts";

/** Breaks that are told in full; the others are counted. */
const TOLD = 6;

/** Rollouts that break a check. */
function brokenBy({ breaks }: PhysicsScores, check: string): ReadonlySet<string> {
  return new Set(
    breaks.filter((one) => one.check === check).map(({ trajectory, seed }) => `${trajectory}/${seed}`),
  );
}

/** Series of the checks of one trajectory: truth and networks. */
function charts(data: DatasetEvaluation, looks: Looks): Block[][] {
  const networks = Object.entries(data.forecasters).filter(([, { kind, physics }]) =>
    kind === "checkpoint" && physics
  );
  const first = networks[0]?.[1].physics?.series[0];
  if (!first) return [];
  const { trajectory } = data.pictures.find(({ rank }) => rank === "median") ?? first;
  const of = (physics: PhysicsScores, check: string) =>
    physics.series.find((one) => one.check === check && one.trajectory === trajectory);
  const checks = [
    ...new Set(networks.flatMap(([, { physics }]) => physics!.series.map(({ check }) => check))),
  ];
  return checks.map((check) => {
    const own = networks.flatMap(([name, { physics }]) => {
      const series = of(physics!, check);
      return series ? [[name, series] as const] : [];
    });
    if (own.length === 0) return [];
    const points = (values: readonly (number | null)[]) => values.map((value, i) => [i + 1, value] as const);
    const lines = [
      { name: "truth", color: INK, points: points(own[0]![1].truth) },
      ...own.map(([name, series]) => ({ ...looks[name]!, points: points(series.forecast) })),
    ];
    const drawn = plot(lines, {
      label: `${check} by step on ${data.name}, ${trajectoryNames(data)[trajectory]}, truth and forecasts`,
      across: "step",
      scale: { y: "linear" },
      height: 210,
    });
    return drawn === "" ? [] : html(`<p class="caption">${escaped(check)}</p>${key(lines)}${drawn}`);
  });
}

/** Physics of a data set; nothing where nothing was checked. */
export function physicsBlocks(data: DatasetEvaluation, looks: Looks): Block[] {
  const found = Object.entries(data.forecasters).flatMap(([name, { physics }]) =>
    physics && physics.rollouts > 0 ? [[name, physics] as const] : []
  );
  if (found.length === 0) return [];
  const checks = [
    ...new Set(found.flatMap(([, { series, breaks }]) => [...series, ...breaks].map((one) => one.check))),
  ];
  const breaks = found.flatMap(([name, physics]) => physics.breaks.map((one) => ({ name, ...one })));
  const broken = checks.filter((check) => breaks.some((one) => one.check === check));
  const kept = checks.filter((check) => !broken.includes(check));
  const names = trajectoryNames(data);
  const drawn = charts(data, looks);
  return [
    text(
      `A forecast breaks a check where it loses what its own truth keeps. ${
        found.map(([name, { broken, rollouts }]) =>
          `${name}: ${broken} of ${rollouts} rollouts break something`
        )
          .join("; ")
      }.`,
    ),
    ...tableBlock({
      caption: "Rollouts that break a check, of those that were checked",
      head: ["check", ...found.map(([name]) => name)],
      rows: broken.map((check) => ({
        name: check,
        cells: found.map(([, physics]) => ({
          text: `${brokenBy(physics, check).size} of ${physics.rollouts}`,
        })),
      })),
    }),
    ...kept.length > 0 ? [text(`Broken by none: ${kept.join(", ")}.`)] : [],
    ...list([
      ...breaks.slice(0, TOLD).map(({ name, trajectory, seed, step, message }) =>
        `${name}, ${names[trajectory] ?? trajectory}, seed ${seed}, ${
          message.startsWith("step ") ? message : `step ${step}: ${message}`
        }`
      ),
      ...breaks.length > TOLD ? [`and ${breaks.length - TOLD} more`] : [],
    ]),
    ...drawn.length > 0
      ? [{
        kind: "group" as const,
        blocks: drawn,
        folded: "What was checked, by step, of the median trajectory",
        column: columnOf(drawn.length),
      }]
      : [],
  ];
}
