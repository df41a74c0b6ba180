// The log of a run as one page: curves of loss, learning rate and validation, drawn as SVG.

/** One line of the log. */
type Line = Readonly<Record<string, number>>;

interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [620, 240, 64, 28, 10];
const COLORS = ["#1f6f8b", "#c8553d", "#588157", "#8e5ea2", "#b8860b", "#4a4e69", "#d1495b", "#2a9d8f"];

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

function short(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.01 || size >= 1e4)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}

/** A chart with a logarithmic value axis; every curve has points with positive values. */
function chart(title: string, curves: readonly Curve[]): string {
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) return "";
  const steps = all.map(([step]) => step);
  const values = all.map(([, value]) => Math.log(value));
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (step: number) =>
    LEFT + (WIDTH - LEFT - 10) * (last > first ? (step - first) / (last - first) : 0.5);
  const y = (value: number) =>
    TOP + (HEIGHT - TOP - BOTTOM) * (high > low ? 1 - (Math.log(value) - low) / (high - low) : 0.5);
  const ticks = [0, 1 / 3, 2 / 3, 1].map((share) => Math.exp(low + share * (high - low)));
  const grid = ticks.map((value) =>
    `<line x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(value).toFixed(1)}" y2="${
      y(value).toFixed(1)
    }" stroke="#ddd"/>` +
    `<text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${short(value)}</text>`
  );
  const ends = [first, last].map((step) =>
    `<text x="${x(step).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle">${step}</text>`
  );
  const lines = curves.map(({ points }, i) => {
    const path = points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const color = COLORS[i % COLORS.length]!;
    const dots = points.length < 40
      ? points.map(([step, value]) =>
        `<circle cx="${x(step).toFixed(1)}" cy="${y(value).toFixed(1)}" r="2" fill="${color}"/>`
      ).join("")
      : "";
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>${dots}`;
  });
  const legend = curves.length < 2
    ? ""
    : `<p>${
      curves.map(({ name, points }, i) =>
        `<span style="color:${COLORS[i % COLORS.length]}">&#9632;</span> ${escaped(name)} ${
          short(points.at(-1)![1])
        }`
      ).join(" &nbsp; ")
    }</p>`;
  return `<h2>${
    escaped(title)
  }</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="${escaped(title)}">${
    [...grid, ...ends, ...lines].join("")
  }</svg>${legend}`;
}

/** Points of a key of the log; only positive numbers can be drawn. */
function curve(lines: readonly Line[], key: string, name: string): Curve {
  const points = lines.flatMap((line) => {
    const value = line[key];
    return value !== undefined && value > 0 ? [[line.step!, value] as const] : [];
  });
  return { name, points };
}

/**
 * The page of a run.
 *
 * @param log text of `log.jsonl`
 * @param config text of `config.yaml`
 */
export function report(log: string, config: string): string {
  const lines = log.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Line);
  const keys = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  const validated = (kind: string) =>
    keys.filter((key) => key.startsWith("valid/") && key.endsWith(`/${kind}`)).map((key) =>
      curve(lines, key, key.split("/")[1]!)
    ).filter(({ points }) => points.length > 0);
  const charts = [
    chart("Training loss", [curve(lines, "train/loss", "loss")]),
    chart("One-step VRMSE, held-out data", validated("one_step")),
    chart("Rollout VRMSE, mean of steps", validated("rollout")),
    chart("Learning rate", [curve(lines, "train/learning_rate", "rate")]),
    chart("Gradient norm before clipping", [curve(lines, "train/norm", "norm")]),
    chart("Samples per second", [curve(lines, "speed/samples_per_second", "samples")]),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Training run</title><style>
body{font:14px system-ui,sans-serif;max-width:680px;margin:24px auto;color:#222}svg text{font-size:11px;fill:#555}
h2{font-size:16px;margin:24px 0 4px}pre{background:#f5f5f5;padding:12px;overflow:auto}</style></head><body>
<h1>Training run</h1>${charts.join("\n")}<h2>Configuration</h2><pre>${escaped(config)}</pre></body></html>
`;
}
