// The comparison of two evaluations as lines, Markdown and a page.

import { escaped } from "../../train/chart.ts";
import type { Evaluation } from "../evaluation.ts";
import { type Block, type Cell, html, list, notes, tableBlock, text } from "./blocks.ts";
import { type Comparison, type Difference, LEAST_TRAJECTORIES } from "./compare.ts";
import { reportHtml, reportMarkdown } from "./page.ts";
import type { WrittenReport } from "./report.ts";
import { counted, percentText, scoreText, windowWords } from "./words.ts";

/** What the trajectories at hand can tell. */
export function verdict({ interval, refused }: Difference): string {
  if (refused) return `refused: ${refused}`;
  if (!interval) return "not finite";
  return interval[1] < 0 ? "lower" : interval[0] > 0 ? "higher" : "not told apart";
}

function changeText(share: number): string {
  return `${share > 0 ? "+" : ""}${percentText(share)}`;
}

function nameOf({ data }: Difference): string {
  return data ?? "all together";
}

function intervalWords({ interval }: Difference): string {
  return interval ? interval.map(changeText).join(" to ") : "";
}

const WIDTH = 440, LEFT = 150, ROW = 24;

/** Changes as points with their intervals, a line a data set. */
function forest(differences: readonly Difference[], window: string): string {
  const shown = differences.filter(({ change, interval }) => change !== null && interval);
  if (shown.length === 0) return "";
  const ends = shown.flatMap(({ interval }) => interval!);
  const reach = Math.max(0.02, ...ends.map((end) => Math.min(3, Math.abs(end)))) * 1.08;
  const at = (share: number) =>
    LEFT + (WIDTH - 12 - LEFT) * (Math.min(reach, Math.max(-reach, share)) + reach) / (2 * reach);
  const height = shown.length * ROW + 34;
  const rows = shown.map((one, i) => {
    const y = 12 + i * ROW;
    const [from, to] = one.interval!;
    const name = nameOf(one).length > 20 ? `${nameOf(one).slice(0, 19)}…` : nameOf(one);
    return `<text x="0" y="${y + 4}">${escaped(name)}</text><path d="M${at(from).toFixed(1)} ${y}H${
      at(to).toFixed(1)
    }" class="span"/><circle cx="${at(one.change!).toFixed(1)}" cy="${y}" r="4.5" class="dot"/>`;
  });
  const bottom = shown.length * ROW + 4;
  const marks = [-reach, 0, reach].map((share, i) =>
    `<text x="${at(share).toFixed(1)}" y="${bottom + 20}" text-anchor="${["start", "middle", "end"][i]}">${
      share === 0 ? "no change" : changeText(share)
    }</text>`
  );
  return `<svg class="plot" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${
    escaped(`Change of the error, ${windowWords(window)}, with intervals`)
  }"><path d="M${at(0)} 0V${bottom}" class="mark"/>${rows.join("")}${marks.join("")}</svg>`;
}

function windowBlocks(
  differences: readonly Difference[],
  window: string,
  names: readonly [string, string],
): Block[] {
  const own = differences.filter((one) => one.window === window);
  const drawn = forest(own, window);
  const caption = `Median VRMSE, ${windowWords(window)}${
    names[0] === names[1] ? "" : `: from ${names[0]} to ${names[1]}`
  }`;
  const table = tableBlock({
    caption,
    head: ["data set", "second is", "change", "first", "second"],
    rows: own.map((one) => ({
      name: nameOf(one),
      cells: [
        verdictCell(one),
        { text: one.change === null ? "-" : changeText(one.change), note: intervalWords(one) },
        { text: scoreText(one.values?.[0]) },
        { text: scoreText(one.values?.[1]) },
      ],
    })),
  });
  const picture = drawn === ""
    ? []
    : html(`<p class="caption">${escaped(windowWords(window))}: change of the error</p>${drawn}`);
  return [{ kind: "group", blocks: [table, picture], column: 440 }];
}

/** A verdict, and of how many trajectories. */
function verdictCell(one: Difference): Cell {
  const words = one.refused ? "refused" : verdict(one);
  return {
    text: words,
    note: counted(one.trajectories, "trajectory", "trajectories"),
    ...(words === "lower" || words === "higher" ? { best: true } : {}),
  };
}

/** A comparison in lines for a terminal. */
export function comparisonLines({ differences }: Comparison): string[] {
  const rows = differences.map((one) => [
    nameOf(one),
    windowWords(one.window),
    one.change === null ? "-" : changeText(one.change),
    intervalWords(one) || "-",
    verdict(one),
  ]);
  const head = ["data set", "window", "change", "interval", "the second is"];
  const widths = head.map((word, i) => Math.max(word.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
}

/**
 * The report of a comparison.
 *
 * @param a the first
 * @param b the second
 * @param comparison of both
 */
export function comparisonReport(a: Evaluation, b: Evaluation, comparison: Comparison): WrittenReport {
  const { pairs, differences, bootstrap } = comparison;
  const windows = [...new Set(differences.map(({ window }) => window))];
  const report = {
    title: pairs.length === 1 && pairs[0]![0] !== pairs[0]![1]
      ? `${pairs[0]![1]} against ${pairs[0]![0]}`
      : `${pairs.map(([name]) => name).join(", ")}: two evaluations compared`,
    introduction: [
      text(
        `Changes are from the first evaluation to the second: -10 % is an error lower by a tenth. Intervals: ` +
          `${
            100 * bootstrap.level
          } % of ${bootstrap.resamples} resamples of the trajectories, both evaluations ` +
          `resampled together (seed ${bootstrap.seed}). Fewer than ${LEAST_TRAJECTORIES} trajectories are refused. ` +
          `An interval that holds 0 says that these trajectories can not tell the two apart, not that they are equal.`,
      ),
      ...notes(comparison.notes),
    ],
    sections: [
      ...pairs.map((pair, i) => ({
        id: `pair-${i + 1}`,
        title: pair[0] === pair[1] ? pair[0] : `${pair[0]}, then ${pair[1]}`,
        blocks: [
          ...windows.flatMap((window) =>
            windowBlocks(differences.filter((one) => one.pair === pair), window, pair)
          ),
          ...differences.some(({ data }) => data === null)
            ? [text(
              `All together: the geometric mean of the ratios of ${
                counted(
                  Math.max(...differences.map(({ trajectories }) => trajectories)),
                  "trajectory",
                  "trajectories",
                )
              }, each counted once whatever its data set.`,
            )]
            : [],
        ],
      })),
      {
        id: "commands",
        title: "The evaluations",
        blocks: list([`first: ${a.command}`, `second: ${b.command}`]),
      },
    ],
  };
  return { markdown: reportMarkdown(report), html: reportHtml(report) };
}
