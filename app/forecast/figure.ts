// The figure of a forecast: its fields with the colours that the page gives them, pictures put in as PNG.

import { encode } from "fast-png";
import { extentOf } from "../figure/extent.ts";
import { drawFigure as drawAny, type Figure, type FigureColumn, layoutFigure } from "../figure/figure.ts";
import { ON_ANY, type Theme } from "../figure/figure_text.ts";
import { errorEnd, fieldLimits, usualMap } from "../figure/limits.ts";
import { timeText } from "../figure/numbers.ts";
import { pixelsOf } from "../figure/pixels.ts";
import { difference, type Plane } from "../figure/plane.ts";
import { MagnitudeCounts } from "../figure/quantile.ts";
import type { Scale } from "../figure/scale.ts";
import { drawnPlane, type ForecastView, planeOf } from "./view.ts";

/** What is drawn. */
export interface FigureOptions {
  /** Steps by index, from 0. */
  readonly steps: readonly number[];
  /** Longest side of a panel in pixels. */
  readonly panel: number;
  /** Scales of each channel; those of what the view holds unless given. */
  readonly scales?: readonly FieldScales[];
  /** Heading and the line under it; those of a rollout unless given. */
  readonly title?: readonly [string, string];
  /** Two lines beside each row; step and time unless given. */
  readonly rowNames?: readonly (readonly [string, string])[];
  /** Most pixels from side to side. */
  readonly widest?: number;
  /** Whether a value is one pixel of the stored pictures: smaller, for browsers, which enlarge without blur. */
  readonly compact?: boolean;
  /** Greys and ground; those that are read on any ground unless given. */
  readonly theme?: Theme;
}

/** Scales of a channel and of its errors. */
export interface FieldScales {
  readonly field: Scale;
  readonly error: Scale;
}

const COLUMNS: readonly FigureColumn[] = [
  { head: "truth", scale: 0 },
  { head: "forecast", scale: 0 },
  { head: "error", scale: 1 },
];

/** The numbers of a channel of a frame. */
function channelOf(frame: Float32Array, channel: number, channels: number): Float32Array {
  return Float32Array.from({ length: frame.length / channels }, (_, i) => frame[i * channels + channel]!);
}

/** Scales that fit all frames of a view, of each channel; components of a field share theirs. */
export function fieldScales(
  { channels, fields = channels, truth, forecast, hidden }: ForecastView,
): FieldScales[] {
  const count = channels.length;
  const known = new Map<string, FieldScales>();
  return fields.map((field) => {
    const found = known.get(field);
    if (found) return found;
    const parts = fields.flatMap((other, i) => other === field ? [i] : []);
    const numbers = (frame: Float32Array | null) =>
      frame ? parts.map((part) => channelOf(frame, part, count)) : [];
    const truths = truth.flatMap(numbers);
    const limits = fieldLimits(truths.length > 0 ? truths : forecast.flatMap(numbers), hidden);
    const errors = new MagnitudeCounts();
    truth.forEach((frame, step) => {
      const real = numbers(frame);
      numbers(forecast[step]!).forEach((part, i) => {
        if (real[i]) errors.add(part.map((value, at) => value - real[i]![at]!), hidden);
      });
    });
    const end = errorEnd(null, errors);
    const scales: FieldScales = {
      field: { ...limits, map: usualMap(limits) },
      error: { low: -end, high: end, map: "PuOr" },
    };
    known.set(field, scales);
    return scales;
  });
}

function rowOf(view: ForecastView, channel: number, step: number): readonly (Plane | null)[] {
  const forecast = planeOf(view, view.forecast[step]!, channel);
  const frame = view.truth[step] ?? null;
  const truth = frame && planeOf(view, frame, channel);
  return [truth, forecast, truth && difference(forecast, truth)];
}

/** What the size of a figure depends on. */
type Extent = Pick<ForecastView, "shape" | "plane" | "channels" | "lengths">;

/** Cells and lengths of the drawn plane. */
function shapeOf(view: Pick<ForecastView, "shape" | "plane" | "lengths">): Pick<Figure, "cells" | "extent"> {
  const { right, up } = drawnPlane(view);
  const cells = [view.shape[right]!, view.shape[up]!] as const;
  const lengths = view.lengths ? [view.lengths[right]!, view.lengths[up]!] as const : cells;
  return { cells, extent: extentOf(lengths, cells, view.lengths !== undefined) };
}

/** Pixels of a figure. */
export function figurePixels(view: Extent, options: FigureOptions): number {
  const extent = { ...shapeOf(view), rows: options.steps.length, columns: 3, fields: view.channels.length };
  const { width, height } = layoutFigure(extent, options);
  return width * height;
}

/** What the figure shows, in one line under the title. */
function subtitle(view: ForecastView): string {
  const [X, Y, Z] = view.shape;
  const grid = Z > 1 ? `${X} x ${Y} x ${Z}` : `${X} x ${Y}`;
  const names = ["x", "y", "z"].map((usual, axis) => view.axisNames[axis] ?? usual);
  const { axis, index, right, up } = drawnPlane(view);
  const plane = Z > 1 ? `, plane ${names[axis]} = ${index}` : "";
  return `grid ${grid}${plane}; ${names[right]} to the right, ${names[up]} up; error = forecast - truth`;
}

/**
 * Draws a figure.
 *
 * @param view frames and names
 * @param options which steps, panel size
 * @returns SVG text
 */
export function drawFigure(view: ForecastView, options: FigureOptions): string {
  const { steps, compact = false, theme = ON_ANY, scales = fieldScales(view) } = options;
  const [title, line] = options.title ?? [`${view.dataset}: Walrus forecast`, subtitle(view)];
  const figure: Figure = {
    title,
    line,
    rowNames: steps.map((step, row) =>
      options.rowNames?.[row] ?? [`step ${step + 1}`, `t = ${timeText(view.times[step]!)}`]
    ),
    fields: view.channels.map((name, channel) => ({
      name,
      unit: "no unit given",
      columns: COLUMNS,
      scales: [
        { name, scale: scales[channel]!.field },
        { name: `error of ${name}`, scale: scales[channel]!.error },
      ],
      rows: steps.map((step) => rowOf(view, channel, step)),
    })),
    ...shapeOf(view),
  };
  return drawAny(figure, {
    ...options,
    theme,
    image(cells, scale, { x, y, width, height }, fit) {
      const png = encode({ ...pixelsOf(cells, scale, fit, compact), channels: 4, depth: 8 }).toBase64();
      return `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none" ` +
        `image-rendering="pixelated" href="data:image/png;base64,${png}"/>`;
    },
  });
}
