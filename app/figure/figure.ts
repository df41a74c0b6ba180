// The figure of a forecast as SVG: a block a field, in it a row a step (truth, forecast, error) and the legends once.
// Without a ground, in greys that are read on white and on dark pages; or on a ground of its own, for films.

import { type Fit, fitPlane } from "./fit.ts";
import { legendSvg } from "./figure_legend.ts";
import { escaped, text, type Theme } from "./figure_text.ts";
import { HIDDEN, NOT_FINITE, type Plane } from "./plane.ts";
import { averaged, type Cells, cellsOf } from "./plane.ts";
import type { Scale } from "./scale.ts";

/** What is in a column of a block. */
export interface FigureColumn {
  readonly head: string;
  /** Which of the block's scales it has. */
  readonly scale: number;
}

/** A field. */
export interface FigureField {
  /** Name and unit. */
  readonly name: string;
  readonly unit: string;
  readonly columns: readonly FigureColumn[];
  /** Scales with what they are of; each has a legend under its columns. */
  readonly scales: readonly { readonly name: string; readonly scale: Scale }[];
  /** A plane for each column, or null; a row a step. */
  readonly rows: readonly (readonly (Plane | null)[])[];
}

/** A figure. */
export interface Figure {
  readonly title: string;
  readonly line: string;
  /** Two lines beside each row. */
  readonly rowNames: readonly (readonly [string, string])[];
  readonly fields: readonly FigureField[];
  /** Cells of a plane and lengths of its axes, to the right and up. */
  readonly cells: readonly [number, number];
  readonly extent: readonly [number, number];
}

/** How it is drawn. */
export interface FigureOptions {
  /** Longest side of a panel in pixels; cells are whole pixels, so that panels may be a little smaller. */
  readonly panel: number;
  /** Most pixels from side to side; blocks go below each other. */
  readonly widest?: number;
  readonly theme: Theme;
  /** Puts cells into a box: an `<image>`, or nothing where the caller paints them. */
  image(cells: Cells, scale: Scale, box: Box, fit: Fit): string;
}

/** Where a picture lies. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const GAP = 12, LEFT = 92, BARE = 16, TOP = 60, HEAD = 44, LEGEND = 56, BLOCK_GAP = 28, WIDEST = 1840;

/** Sizes that all parts of a figure share. */
export interface FigureLayout {
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
  readonly blockWidth: number;
  readonly bandHeight: number;
  readonly perBand: number;
  /** Where blocks begin. */
  readonly left: number;
}

/** What the size of a figure depends on. */
export type Extent = Pick<Figure, "cells" | "extent"> & {
  /** Whether nothing stands beside the rows. */
  readonly bare?: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly fields: number;
};

/** The sizes of a figure. */
export function layoutFigure(
  { cells, extent, rows, columns, fields, bare = false }: Extent,
  { panel, widest = WIDEST }: Pick<FigureOptions, "panel" | "widest">,
): FigureLayout {
  const fit = fitPlane({ cells, extent, room: [panel, panel] });
  const left = bare ? BARE : LEFT;
  const [panelWidth, panelHeight] = fit.size;
  // Legends want some room, however thin the panels.
  const blockWidth = Math.max(columns * (panelWidth + GAP) - GAP, 264);
  const most = Math.max(1, Math.floor((widest - left + BLOCK_GAP) / (blockWidth + BLOCK_GAP)));
  const bands = Math.ceil(fields / most);
  const perBand = Math.ceil(fields / bands);
  const bandHeight = HEAD + rows * (panelHeight + GAP) + LEGEND;
  // Films have pictures of even size.
  const even = (size: number) => 2 * Math.ceil(size / 2);
  return {
    width: even(left + perBand * (blockWidth + BLOCK_GAP)),
    height: even(TOP + bands * bandHeight + 16),
    fit,
    blockWidth,
    bandHeight,
    perBand,
    left,
  };
}

/** Cells of a plane at the size at which it is drawn. */
export function drawnCells(plane: Plane, { block }: Fit): Cells {
  return averaged(cellsOf(plane), block[0], block[1]);
}

function panelSvg(plane: Plane | null, scale: Scale, box: Box, fit: Fit, options: FigureOptions): string {
  const { x, y, width, height } = box;
  const { theme } = options;
  const frame = `<rect x="${x - 0.5}" y="${y - 0.5}" width="${width + 1}" height="${
    height + 1
  }" fill="none" stroke="${theme.edge}"/>`;
  if (!plane) {
    return frame +
      text(x + width / 2, y + height / 2 + 4, "no truth", theme.faint, { size: 13, anchor: "middle" });
  }
  return options.image(drawnCells(plane, fit), scale, box, fit) + frame;
}

function blockSvg(
  field: FigureField,
  x: number,
  y: number,
  layout: FigureLayout,
  options: FigureOptions,
): string {
  const { fit, blockWidth } = layout;
  const [width, height] = fit.size;
  const { theme } = options;
  const left = (column: number) => x + column * (width + GAP);
  const heads = field.columns.map(({ head }, i) => text(left(i), y + 36, head, theme.faint, { size: 13 }));
  const unit = `<tspan dx="8" font-weight="400" fill="${theme.faint}">${escaped(field.unit)}</tspan>`;
  const name = text(x, y + 16, field.name, theme.ink, { size: 14, weight: 600, more: unit });
  const panels = field.rows.map((row, r) =>
    row.map((plane, i) => {
      const box = { x: left(i), y: y + HEAD + r * (height + GAP), width, height };
      return panelSvg(plane, field.scales[field.columns[i]!.scale]!.scale, box, fit, options);
    }).join("")
  );
  const below = y + HEAD + field.rows.length * (height + GAP) + 4;
  const legends = field.scales.map(({ scale }, s) => {
    const own = field.columns.flatMap((column, i) => column.scale === s ? [i] : []);
    const [first, last] = [own[0] ?? 0, own.at(-1) ?? 0];
    // Thin panels share the block's width evenly.
    const part = Math.floor(blockWidth / field.scales.length) - GAP;
    const wide = width >= 80;
    const from = wide ? left(first) : x + s * (part + GAP);
    const room = wide ? (last - first + 1) * (width + GAP) - GAP : part;
    return legendSvg(scale, from, below, room, theme);
  });
  return name + heads.join("") + panels.join("") + legends.join("");
}

/** What patterns in some planes mean, in words. */
export function patternWords(figure: Pick<Figure, "fields">, fit: Fit): string[] {
  const codes = new Set<number>();
  for (const plane of figure.fields.flatMap(({ rows }) => rows.flat())) {
    if (plane) { for (const code of drawnCells(plane, fit).codes) codes.add(code); }
  }
  return [
    ...codes.has(HIDDEN) ? ["hatched: hidden"] : [],
    ...codes.has(NOT_FINITE) ? ["checks: not finite"] : [],
  ];
}

/**
 * Draws a figure.
 *
 * @param figure what is in it
 * @param options sizes, colours, how pictures are put in
 * @returns SVG text
 */
export function drawFigure(figure: Figure, options: FigureOptions): string {
  const { fields, rowNames, title } = figure;
  const { theme } = options;
  const columns = fields[0]?.columns.length ?? 0;
  const bare = rowNames.every((names) => names.every((name) => name === ""));
  const layout = layoutFigure(
    { ...figure, rows: rowNames.length, columns, fields: fields.length, bare },
    options,
  );
  const { width, height, fit, blockWidth, bandHeight, perBand, left } = layout;
  const line = [
    figure.line,
    fit.stretched ? "not to scale" : "",
    fit.block[0] * fit.block[1] > 1 ? `${fit.block[0]} x ${fit.block[1]} averaged` : "",
    ...patternWords(figure, fit),
  ].filter((part) => part !== "").join("; ");
  const parts = [
    theme.ground ? `<rect width="100%" height="100%" fill="${theme.ground}"/>` : "",
    text(16, 26, title, theme.ink, { size: 18, weight: 600 }),
    text(16, 46, line, theme.faint, { size: 13 }),
  ];
  fields.forEach((field, i) => {
    const column = i % perBand;
    const y = TOP + Math.floor(i / perBand) * bandHeight;
    parts.push(blockSvg(field, left + column * (blockWidth + BLOCK_GAP), y, layout, options));
    if (column > 0) return;
    rowNames.forEach(([name, more], row) => {
      const middle = Math.round(y + HEAD + row * (fit.size[1] + GAP) + fit.size[1] / 2);
      parts.push(text(16, middle - 3, name, theme.ink, { size: 13 }));
      parts.push(text(16, middle + 14, more, theme.faint, { size: 13 }));
    });
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif">${parts.join("")}</svg>`;
}
