// A chart of positive numbers over steps as SVG text: logarithmic values, round marks, colours of the page it stands
// in. Needs no document, so that reports and pages draw with the same lines.

/** One line of a chart. */
export interface Curve {
  readonly name: string;
  /** Step and value; values are positive. */
  readonly points: readonly (readonly [number, number])[];
  /** Drawn thin and pale, behind the others. */
  readonly faint?: boolean;
  /** One of {@link COLORS} in turn unless given. */
  readonly color?: string;
}

/** How a chart is drawn. */
export interface ChartOptions {
  readonly title: string;
  /** Pixels at full size. */
  readonly width?: number;
  readonly height?: number;
  /** Steps that the axis spans; those of the points unless given. */
  readonly steps?: readonly [number, number];
}

const [LEFT, RIGHT, TOP, BOTTOM] = [52, 14, 10, 26];

/** Told apart on white and on dark grey, by colour-blind eyes too. */
export const COLORS: readonly string[] = [
  "#2b83ba",
  "#d95f30",
  "#4d9a51",
  "#9467bd",
  "#b8860b",
  "#6b7280",
  "#d14b7d",
  "#1ba39c",
];

/** Text inside of markup. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A number in few characters. */
export function short(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.01 || size >= 1e4)
    ? value.toExponential(1).replace(/\.0(?=e)/, "").replace("e+", "e")
    : String(Number(value.toPrecision(3)));
}

/** Round numbers between two ends, at most about `count` of them, equally far apart. */
export function evenMarks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Round numbers for a logarithmic axis: even ones where it is short, else 1, 2, 5 or powers of ten. */
export function valueMarks(low: number, high: number): number[] {
  if (high / low < 6) return evenMarks(low, high, 6);
  const decades = Math.log10(high / low);
  const factors = decades < 2.7 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / 6));
  const marks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    if (power % every !== 0) continue;
    marks.push(...factors.map((m) => m * 10 ** power).filter((v) => v >= low && v <= high));
  }
  return marks;
}

/**
 * Draws curves.
 *
 * @param curves those with points are drawn
 * @param options title for screen readers, size, steps
 * @returns `<svg>..</svg>`, empty when there is no point
 */
export function chart(curves: readonly Curve[], options: ChartOptions): string {
  const { title, width = 460, height = 220 } = options;
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) return "";
  const values = all.map(([, value]) => value);
  // A little air, so that no curve lies on the frame.
  const [low, high] = [Math.min(...values) / 1.03, Math.max(...values) * 1.03];
  const steps = options.steps ?? [Math.min(...all.map(([s]) => s)), Math.max(...all.map(([s]) => s))];
  const span = Math.max(1, steps[1] - steps[0]);
  const x = (step: number) => (LEFT + (width - LEFT - RIGHT) * (step - steps[0]) / span).toFixed(1);
  const y = (value: number) =>
    (TOP + (height - TOP - BOTTOM) * (1 - Math.log(value / low) / Math.log(high / low))).toFixed(1);
  const grid = valueMarks(low, high).map((v) =>
    `<line x1="${LEFT}" x2="${width - RIGHT}" y1="${y(v)}" y2="${
      y(v)
    }" stroke="currentColor" stroke-opacity=".14"/>` +
    `<text x="${LEFT - 7}" y="${Number(y(v)) + 4}" text-anchor="end">${short(v)}</text>`
  );
  const stepMarks = evenMarks(steps[0], steps[0] + span, Math.max(2, Math.floor(width / 70)))
    .filter(Number.isInteger).map((s) =>
      `<text x="${x(s)}" y="${height - 8}" text-anchor="middle">${s}</text>`
    );
  const colored = curves.map((curve, i) => ({ ...curve, color: curve.color ?? COLORS[i % COLORS.length]! }));
  const lines = [...colored].sort((a, b) => Number(b.faint ?? false) - Number(a.faint ?? false)).map(
    (curve) => {
      const { points, color, faint } = curve;
      const path = points.map(([step, value]) => `${x(step)},${y(value)}`).join(" ");
      const style = faint ? `stroke-opacity=".45" stroke-width="1"` : `stroke-width="2"`;
      const line =
        `<polyline points="${path}" fill="none" stroke="${color}" stroke-linejoin="round" ${style}/>`;
      const few = points.length < 30 && !faint && !options.steps;
      const dots = few
        ? points.map(([s, v]) => `<circle cx="${x(s)}" cy="${y(v)}" r="2.5" fill="${color}"/>`)
        : [];
      return line + dots.join("");
    },
  );
  return `<svg class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${
    escaped(title)
  }">${[...grid, ...stepMarks, ...lines].join("")}</svg>`;
}

/**
 * A noisy curve as two: every point, pale, and the mean of the last `count`.
 *
 * @param curve in rising order of steps
 * @param count points of a mean
 */
export function smoothed({ name, points }: Curve, count: number): Curve[] {
  const means = points.map(([step], i) => {
    const last = points.slice(Math.max(0, i + 1 - count), i + 1);
    return [step, last.reduce((sum, [, value]) => sum + value, 0) / last.length] as const;
  });
  return [{ name, points: means }, { name: `${name}, each`, points, faint: true, color: COLORS[0]! }];
}

/** Names of curves in their colours, with the last value of each. */
export function legend(curves: readonly Curve[]): string {
  const items = curves.map(({ name, points }, i) =>
    `<span><b style="background:${COLORS[i % COLORS.length]}"></b>${escaped(name)} <i>${
      short(points.at(-1)?.[1] ?? NaN)
    }</i></span>`
  );
  return `<p class="legend">${items.join("")}</p>`;
}
