// Lines with bands over steps or wavenumbers, as SVG text in the colours of the page. Logarithmic or linear; what lies
// beyond the axis is cut off at the frame.

import { escaped, evenMarks, short, valueMarks } from "../../train/chart.ts";

/** A line. */
export interface Line {
  readonly name: string;
  /** Places with their values; a gap where there is none. */
  readonly points: readonly (readonly [number, number | null])[];
  /** Ends of a band around it, place by place. */
  readonly band?: readonly (readonly [number | null, number | null])[];
  /** CSS colour. */
  readonly color: string;
  /** Lengths of dashes and gaps. */
  readonly dashes?: string;
}

/** How lines are drawn. */
export interface PlotOptions {
  /** What is drawn, for those who do not see it. */
  readonly label: string;
  readonly across: string;
  /** `log` needs positive values; others are gaps. */
  readonly scale?: { readonly x?: "log" | "linear"; readonly y?: "log" | "linear" };
  /** Values are shown to this one at the most. */
  readonly top?: number;
  /** A value that is marked by a line, with its meaning. */
  readonly mark?: { readonly value: number; readonly name: string };
  readonly height?: number;
}

const WIDTH = 440, LEFT = 54, RIGHT = 12, TOP = 12, BOTTOM = 42;

/** Colours of lines: {@link LINE_COLORS} as CSS; truth has the colour of text. */
export const INK = "currentColor";

/** Whether a value may be drawn. */
function usable(value: number | null, log: boolean): value is number {
  return value !== null && Number.isFinite(value) && (!log || value > 0);
}

/** A scale from numbers to pixels. */
function axis(low: number, high: number, from: number, to: number, log: boolean): (value: number) => number {
  const of = log ? Math.log : (value: number) => value;
  const span = of(high) - of(low) || 1;
  return (value) => from + (to - from) * (of(value) - of(low)) / span;
}

/** Ends of the values with a little air. */
function valueEnds(values: readonly number[], log: boolean, top: number): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(low, Math.min(top, Math.max(...values)));
  if (log) return [low / 1.05, high * 1.05];
  const air = 0.05 * (high - low) || Math.abs(high) * 0.05 || 1;
  return [low - air, high + air];
}

/** Runs of places that follow each other without a gap. */
function runs<T>(items: readonly (T | null)[]): T[][] {
  const found: T[][] = [[]];
  for (const item of items) {
    if (item === null) found.push([]);
    else found.at(-1)!.push(item);
  }
  return found.filter((run) => run.length > 0);
}

/** Marks along an axis that stay apart. */
function marksOf(low: number, high: number, log: boolean, count: number): number[] {
  return log ? valueMarks(low, high) : evenMarks(low, high, count);
}

/**
 * Draws lines.
 *
 * @returns `<svg>..</svg>`; empty where there is no point
 */
export function plot(lines: readonly Line[], options: PlotOptions): string {
  const { label, across, scale = {}, top = Infinity, mark, height = 250 } = options;
  const [logX, logY] = [scale.x === "log", (scale.y ?? "log") === "log"];
  const points = lines.flatMap((line) =>
    line.points.filter(([place, value]) => usable(place, logX) && usable(value, logY))
  ) as (readonly [number, number])[];
  if (points.length === 0) return "";
  const bands = lines.flatMap(({ band = [] }) => band.flat().filter((value) => usable(value, logY)));
  const places = points.map(([place]) => place);
  const [first, last] = [Math.min(...places), Math.max(...places)];
  const [low, high] = valueEnds([...points.map(([, value]) => value), ...bands], logY, top);
  const [right, bottom] = [WIDTH - RIGHT, height - BOTTOM];
  const x = axis(first, last === first ? first + 1 : last, LEFT, right, logX);
  const y = axis(low, high, bottom, TOP, logY);
  // Far beyond the frame is as good as at the end of numbers.
  const at = (place: number, value: number) =>
    `${x(place).toFixed(1)},${Math.min(4 * height, Math.max(-4 * height, y(value))).toFixed(1)}`;
  const grid = marksOf(low, high, logY, 5).map((value) =>
    `<path d="M${LEFT} ${y(value).toFixed(1)}H${right}" class="rule"/><text x="${LEFT - 7}" y="${
      (y(value) + 4).toFixed(1)
    }" text-anchor="end">${short(value)}</text>`
  );
  const below = (last === first ? [first] : marksOf(first, last, logX, 6))
    .filter((place) => logX || Number.isInteger(place)).map((place) =>
      `<text x="${x(place).toFixed(1)}" y="${bottom + 17}" text-anchor="middle">${short(place)}</text>`
    );
  const marked = mark && mark.value > low && mark.value < high
    ? `<path d="M${LEFT} ${y(mark.value).toFixed(1)}H${right}" class="mark"/><text x="${LEFT + 4}" y="${
      (y(mark.value) - 5).toFixed(1)
    }">${escaped(mark.name)}</text>`
    : "";
  const areas = lines.map(({ points, band, color }) => {
    if (!band) return "";
    const ends = points.map(([place], i) => {
      const [from, to] = band[i] ?? [null, null];
      return usable(from, logY) && usable(to, logY) ? [place, from, to] as const : null;
    });
    return runs(ends).filter((run) => run.length > 1).map((run) => {
      const outline = [
        ...run.map(([place, , to]) => at(place, to)),
        ...run.toReversed().map(([place, from]) => at(place, from)),
      ];
      return `<polygon points="${outline.join(" ")}" fill="${color}" fill-opacity=".16"/>`;
    }).join("");
  });
  const strokes = lines.map(({ points, color, dashes }) =>
    runs(
      points.map(([place, value]) =>
        usable(place, logX) && usable(value, logY) ? [place, value] as const : null
      ),
    ).map((run) =>
      run.length === 1
        ? `<circle cx="${x(run[0]![0]).toFixed(1)}" cy="${y(run[0]![1]).toFixed(1)}" r="3" fill="${color}"/>`
        : `<polyline points="${
          run.map(([place, value]) => at(place, value)).join(" ")
        }" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"${
          dashes ? ` stroke-dasharray="${dashes}"` : ""
        }/>`
    ).join("")
  );
  // An inner picture cuts off what lies beyond, and needs no name for it.
  const inner = `<svg x="${LEFT}" y="${TOP - 3}" width="${right - LEFT + 3}" height="${
    bottom - TOP + 6
  }" viewBox="${LEFT} ${TOP - 3} ${right - LEFT + 3} ${bottom - TOP + 6}" overflow="hidden">${
    areas.join("")
  }${strokes.join("")}</svg>`;
  return `<svg class="plot" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}">${
    grid.join("")
  }${below.join("")}<text x="${(LEFT + right) / 2}" y="${height - 6}" text-anchor="middle">${
    escaped(across)
  }</text>${marked}${inner}</svg>`;
}

/** Bars over whole numbers, with a line at a height. */
export function bars(
  values: readonly number[],
  { label, across, even }: { readonly label: string; readonly across: string; readonly even: number },
): string {
  const height = 200, [right, bottom] = [WIDTH - RIGHT, height - BOTTOM];
  const high = Math.max(even, ...values) * 1.08;
  if (!(high > 0)) return "";
  const y = axis(0, high, bottom, TOP, false);
  const width = (right - LEFT) / values.length;
  const drawn = values.map((value, i) =>
    `<rect x="${(LEFT + i * width + 1.5).toFixed(1)}" y="${y(value).toFixed(1)}" width="${
      (width - 3).toFixed(1)
    }" height="${(bottom - y(value)).toFixed(1)}" class="bar"/>`
  );
  const names = values.map((_, i) =>
    `<text x="${(LEFT + (i + 0.5) * width).toFixed(1)}" y="${bottom + 17}" text-anchor="middle">${i}</text>`
  );
  const grid = evenMarks(0, high, 4).map((value) =>
    `<path d="M${LEFT} ${y(value).toFixed(1)}H${right}" class="rule"/><text x="${LEFT - 7}" y="${
      (y(value) + 4).toFixed(1)
    }" text-anchor="end">${short(value)}</text>`
  );
  return `<svg class="plot" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}">${
    grid.join("")
  }${drawn.join("")}${names.join("")}<path d="M${LEFT} ${
    y(even).toFixed(1)
  }H${right}" class="mark"/><text x="${(LEFT + right) / 2}" y="${height - 6}" text-anchor="middle">${
    escaped(across)
  }</text></svg>`;
}

/** Names of lines with a piece of each. */
export function key(lines: readonly Pick<Line, "name" | "color" | "dashes">[]): string {
  const items = lines.map(({ name, color, dashes }) =>
    `<span><svg width="26" height="10" viewBox="0 0 26 10" aria-hidden="true"><path d="M0 5H26" stroke="${color}" ` +
    `stroke-width="3"${dashes ? ` stroke-dasharray="${dashes}"` : ""}/></svg>${escaped(name)}</span>`
  );
  return `<p class="key">${items.join("")}</p>`;
}
