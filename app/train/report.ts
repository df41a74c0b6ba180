// The log of a run as one page that needs nothing else: scores, curves, forecasts beside the truth.

import { chart, type Curve, escaped, legend, short, smoothed } from "./chart.ts";

/** One line of the log. */
type Line = Readonly<Record<string, number>>;

/** A noisy curve's means are over this part of it. */
const SMOOTHED = 12;

/** Points of a key of the log; only positive numbers can be drawn. */
function curve(lines: readonly Line[], key: string, name: string): Curve {
  const points = lines.flatMap((line) => {
    const value = line[key];
    return value !== undefined && value > 0 ? [[line.step!, value] as const] : [];
  });
  return { name, points };
}

/** Curves with their names. */
function card(title: string, curves: readonly Curve[]): string {
  const drawn = curves.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return "";
  return `<section><h2>${escaped(title)}</h2>${chart(drawn, { title })}${legend(drawn)}</section>`;
}

/** One quantity, whose name is the title; where it jumps from line to line, with its running mean. */
function single(title: string, curve: Curve, jumps = true): string {
  const { length } = curve.points;
  if (length === 0) return "";
  const curves = jumps ? smoothed(curve, Math.max(1, Math.round(length / SMOOTHED))) : [curve];
  return `<section><h2>${escaped(title)}</h2>${chart(curves, { title })}</section>`;
}

/** Scores of every system at the first, the best and the last validation. */
function scoreTable(curves: readonly Curve[], title: string): string {
  const rows = curves.map(({ name, points }) => {
    const best = points.reduce((a, b) => b[1] < a[1] ? b : a);
    const cells = [points[0]![1], best[1], points.at(-1)![1]].map((value) => `<td>${short(value)}</td>`);
    return `<tr><th>${escaped(name)}</th>${cells.join("")}<td>${best[0]}</td></tr>`;
  });
  return rows.length === 0
    ? ""
    : `<section><h2>${
      escaped(title)
    }</h2><table><tr><th>system</th><th>first</th><th>best</th><th>last</th><th>best at</th></tr>${
      rows.join("")
    }</table></section>`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e8eaed);--faint:light-dark(#5c6670,#9aa3ad);
--ground:light-dark(#f6f7f9,#16181c);--card:light-dark(#fff,#1f2227);--line:light-dark(#d8dde3,#363b43)}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
main{max-width:1120px;margin:0 auto;padding:24px 16px 48px}h1{font-size:26px;margin:0}h2{font-size:16px;margin:0 0 8px}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px;margin:16px 0}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px;min-width:0}
.chart{display:block;width:100%;height:auto}.chart text{font-size:12px;fill:var(--faint)}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:8px 0 0;font-size:13px}
.legend b{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
.legend i{color:var(--faint);font-style:normal}p{margin:4px 0 0;color:var(--faint)}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
section{overflow-x:auto}th{font-weight:500;text-align:left}td,tr:first-child th:not(:first-child){text-align:right}
td,th{padding:3px 6px;border-bottom:1px solid var(--line)}
.picture{margin:0 0 16px;padding:8px;background:#fff}.picture>svg{display:block;margin:0 auto}
pre{margin:0;font-size:13px;overflow-x:auto}`;

/**
 * The page of a run.
 *
 * @param log text of `log.jsonl`
 * @param config text of `config.yaml`
 * @param pictures SVG texts
 */
export function report(log: string, config: string, pictures: readonly string[] = []): string {
  const lines = log.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Line);
  const keys = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  const validated = (kind: string) =>
    keys.filter((key) => key.startsWith("valid/") && key.endsWith(`/${kind}`)).map((key) =>
      curve(lines, key, key.split("/")[1]!)
    ).filter(({ points }) => points.length > 0);
  const [oneStep, rollouts] = [validated("one_step"), validated("rollout")];
  const cards = [
    single("Training loss", curve(lines, "train/loss", "loss")),
    single("Learning rate", curve(lines, "train/learning_rate", "rate"), false),
    card("One-step VRMSE, held-out data", oneStep),
    scoreTable(oneStep, "One-step VRMSE"),
    card("Rollout VRMSE, mean of its steps", rollouts),
    scoreTable(rollouts, "Rollout VRMSE"),
    single("Gradient norm before clipping", curve(lines, "train/norm", "norm")),
    single("Samples per second", curve(lines, "speed/samples_per_second", "samples")),
    single("Share of the device's measured peak", curve(lines, "speed/share_of_peak", "share")),
  ];
  const steps = lines.at(-1)?.step ?? 0;
  const drawn = pictures.map((svg) => `<section class="picture">${svg}</section>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Training run</title><style>${STYLE}</style>
</head><body><main><h1>Training run</h1><p>${steps} optimiser steps</p>
<div class="grid">${cards.join("\n")}</div>
${drawn.join("\n")}
<section><h2>Configuration</h2><pre>${escaped(config)}</pre></section></main></body></html>
`;
}
