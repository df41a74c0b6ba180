// The figure of a forecast as SVG: per field truth, forecast and error with their scales, one row a step; fields
// side by side, in several bands when there are many.

import { encode } from "fast-png";
import { colorize, errorScale, fieldScale, type Scale, shortNumber } from "./scale.ts";
import { difference, drawnPlane, type ForecastView, type Plane, planeOf } from "./view.ts";

/** What is drawn. */
export interface FigureOptions {
  /** Steps by index, from 0. */
  readonly steps: readonly number[];
  /** Longest side of a panel in pixels. */
  readonly panel: number;
  /** Scales of each field; those of what is drawn unless given. */
  readonly scales?: readonly FieldScales[];
  /** Heading and the line under it; those of a rollout unless given. */
  readonly title?: readonly [string, string];
  /** Two lines beside each row; step and time unless given. */
  readonly rowNames?: readonly (readonly [string, string])[];
  /** Most pixels from side to side. */
  readonly widest?: number;
  /** Whether a value is one pixel of the stored pictures: smaller, for browsers, which enlarge without blur. */
  readonly compact?: boolean;
}

const GAP = 6;
const BAR = 10;
const BAR_TEXT = 52;
const LEFT = 92;
const TOP = 64;
const FIELD_HEAD = 40;
const FIELD_GAP = 22;
const WIDEST = 1840;
const INK = "#1c1c22";
const FAINT = "#6b6b75";

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function text(x: number, y: number, content: string, size = 13, more = ""): string {
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${INK}" ${more}>${escape(content)}</text>`;
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(binary);
}

/** Where a picture lies. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function image(plane: Plane, scale: Scale, { x, y, width, height }: Box, compact: boolean): string {
  const zoom = compact ? 1 : Math.max(1, Math.ceil(width / plane.width));
  const png = base64(encode({ ...colorize(plane, scale, zoom), channels: 4, depth: 8 }));
  return `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none" image-rendering="${
    compact ? "pixelated" : "auto"
  }" href="data:image/png;base64,${png}"/>` +
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#55555e" stroke-width="0.6"/>`;
}

/** A vertical bar of the scale's colours with its ends and middle labelled. */
function colorBar(scale: Scale, x: number, y: number, height: number): string {
  const steps = Math.min(64, Math.round(height));
  const plane = { width: 1, height: steps, values: new Float32Array(steps) };
  for (let i = 0; i < steps; i++) {
    plane.values[i] = scale.high - ((i + 0.5) / steps) * (scale.high - scale.low);
  }
  const middle = (scale.low + scale.high) / 2;
  const label = (value: number, at: number) => text(x + BAR + 4, at, shortNumber(value), 11);
  return image(plane, scale, { x, y, width: BAR, height }, false) + label(scale.high, y + 9) +
    (height >= 60 ? label(Math.abs(middle) < 1e-9 * scale.high ? 0 : middle, y + height / 2 + 4) : "") +
    label(scale.low, y + height);
}

/** Scales of a field and of its errors. */
export interface FieldScales {
  readonly field: Scale;
  readonly error: Scale;
}

/** A field at one step. */
interface Row {
  readonly truth: Plane | null;
  readonly forecast: Plane;
  readonly error: Plane | null;
}

/** All planes of a field at the drawn steps. */
interface FieldPlanes {
  readonly name: string;
  readonly rows: readonly Row[];
}

function rowOf(view: ForecastView, channel: number, step: number): Row {
  const forecast = planeOf(view, view.forecast[step]!, channel);
  const frame = view.truth[step] ?? null;
  const truth = frame && planeOf(view, frame, channel);
  return { truth, forecast, error: truth && difference(forecast, truth) };
}

function scalesOf(rows: readonly Row[]): FieldScales {
  const truths = rows.flatMap(({ truth }) => truth ?? []);
  return {
    field: fieldScale(truths.length > 0 ? truths : rows.map(({ forecast }) => forecast)),
    error: errorScale(rows.flatMap(({ error }) => error ?? [])),
  };
}

/** Scales that fit all steps of a view, of each field. */
export function fieldScales(view: ForecastView): FieldScales[] {
  return view.channels.map((_, channel) =>
    scalesOf(view.forecast.map((_, step) => rowOf(view, channel, step)))
  );
}

/** Sizes that all parts of the figure share. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly fieldWidth: number;
  readonly bandHeight: number;
  readonly fieldsPerBand: number;
  readonly bands: number;
  readonly panelWidth: number;
  readonly panelHeight: number;
}

/** What the size of a figure depends on. */
type Extent = Pick<ForecastView, "shape" | "plane" | "channels">;

function layoutOf(view: Extent, { steps, panel, widest = WIDEST }: FigureOptions): Layout {
  const { right, up } = drawnPlane(view);
  const [X, Y] = [view.shape[right]!, view.shape[up]!];
  const unit = panel / Math.max(X, Y);
  // Long thin grids stay visible.
  const panelWidth = Math.max(24, Math.round(X * unit));
  const panelHeight = Math.max(24, Math.round(Y * unit));
  const fieldWidth = 3 * panelWidth + 2 * (BAR + BAR_TEXT) + 3 * GAP;
  const count = view.channels.length;
  const most = Math.max(1, Math.floor((widest - LEFT + FIELD_GAP) / (fieldWidth + FIELD_GAP)));
  const bands = Math.ceil(count / most);
  const fieldsPerBand = Math.ceil(count / bands);
  const bandHeight = FIELD_HEAD + steps.length * (panelHeight + GAP) + 18;
  return {
    width: LEFT + fieldsPerBand * (fieldWidth + FIELD_GAP),
    height: TOP + bands * bandHeight + 26,
    fieldWidth,
    bandHeight,
    fieldsPerBand,
    bands,
    panelWidth,
    panelHeight,
  };
}

/** Pixels of a figure. */
export function figurePixels(view: Extent, options: FigureOptions): number {
  const { width, height } = layoutOf(view, options);
  return width * height;
}

function drawField(
  field: FieldPlanes,
  scales: FieldScales,
  x: number,
  y: number,
  { panelWidth, panelHeight, fieldWidth }: Layout,
  compact: boolean,
): string {
  const second = x + panelWidth + GAP;
  const bar = second + panelWidth + GAP;
  const third = bar + BAR + BAR_TEXT;
  const errorBar = third + panelWidth + GAP;
  const centre = (left: number) => `text-anchor="middle" transform="translate(${left + panelWidth / 2} 0)"`;
  const heads = (["truth", "forecast", "error"] as const).map((head, i) =>
    `<g ${centre([x, second, third][i]!)}>${text(0, y + 34, head, 11, `fill-opacity="0.75"`)}</g>`
  );
  const title = text(x, y + 16, field.name, 14, `font-weight="600"`) +
    `<line x1="${x}" x2="${x + fieldWidth - 14}" y1="${y + 21}" y2="${
      y + 21
    }" stroke="#d0d0d6" stroke-width="1"/>`;
  const rows = field.rows.map(({ truth, forecast, error }, i) => {
    const top = y + FIELD_HEAD + i * (panelHeight + GAP);
    const absent = (left: number) =>
      `<rect x="${left}" y="${top}" width="${panelWidth}" height="${panelHeight}" fill="#f4f4f6" stroke="#d0d0d6"/>` +
      `<g ${centre(left)}>${text(0, top + panelHeight / 2 + 4, "no data", 11)}</g>`;
    const draw = (plane: Plane, scale: Scale, left: number) =>
      image(plane, scale, { x: left, y: top, width: panelWidth, height: panelHeight }, compact);
    return (truth ? draw(truth, scales.field, x) : absent(x)) +
      draw(forecast, scales.field, second) +
      colorBar(scales.field, bar, top, panelHeight) +
      (error ? draw(error, scales.error, third) : absent(third)) +
      (error ? colorBar(scales.error, errorBar, top, panelHeight) : "");
  });
  return title + heads.join("") + rows.join("");
}

/** What the figure shows, in one line under the title. */
function subtitle(view: ForecastView): string {
  const [X, Y, Z] = view.shape;
  const grid = Z > 1 ? `${X} x ${Y} x ${Z}` : `${X} x ${Y}`;
  const names = ["x", "y", "z"].map((usual, axis) => view.axisNames[axis] ?? usual);
  const { axis, index, right, up } = drawnPlane(view);
  const plane = Z > 1 ? `, plane ${names[axis]} = ${index}` : "";
  const hidden = view.hidden?.some((v) => v !== 0) ? ", grey: hidden cells" : "";
  return `grid ${grid}${plane}; ${names[right]} to the right, ${
    names[up]
  } up; error = forecast - truth${hidden}`;
}

/**
 * Draws a figure.
 *
 * @param view frames and names
 * @param options which steps, panel size
 * @returns SVG text
 */
export function drawFigure(view: ForecastView, options: FigureOptions): string {
  const layout = layoutOf(view, options);
  const fields = view.channels.map((name, channel): FieldPlanes => ({
    name,
    rows: options.steps.map((step) => rowOf(view, channel, step)),
  }));
  const [title, line] = options.title ?? [`${view.dataset}: Walrus forecast`, subtitle(view)];
  const parts: string[] = [
    `<rect width="100%" height="100%" fill="white"/>`,
    text(16, 28, title, 18, `font-weight="600"`),
    `<g fill-opacity="0.7">${text(16, 47, line, 12)}</g>`,
  ];
  fields.forEach((field, i) => {
    const band = Math.floor(i / layout.fieldsPerBand);
    const column = i % layout.fieldsPerBand;
    const y = TOP + band * layout.bandHeight;
    parts.push(
      drawField(
        field,
        options.scales?.[i] ?? scalesOf(field.rows),
        LEFT + column * (layout.fieldWidth + FIELD_GAP),
        y,
        layout,
        options.compact ?? false,
      ),
    );
    if (column > 0) return;
    options.steps.forEach((step, row) => {
      const middle = y + FIELD_HEAD + row * (layout.panelHeight + GAP) + layout.panelHeight / 2;
      const [name, more] = options.rowNames?.[row] ??
        [`step ${step + 1}`, `t = ${timeText(view.times[step]!)}`];
      parts.push(text(16, middle, name, 13));
      parts.push(
        `<g fill="${FAINT}" fill-opacity="0.8">${text(16, middle + 16, more, 11)}</g>`,
      );
    });
  });
  const { width, height } = layout;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif">${
    parts.join("")
  }</svg>`;
}

/** A time in up to four digits. */
export function timeText(time: number): string {
  return String(Number(time.toPrecision(4)));
}
