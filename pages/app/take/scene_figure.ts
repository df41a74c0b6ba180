// Figures of a scene: what the panels show, as the commands draw it.

import type { Figure, FigureField } from "../../../app/figure/figure.ts";
import { timeText } from "../../../app/figure/numbers.ts";
import type { Plane } from "../../../app/figure/plane.ts";
import { type Scene, timeOf, type View } from "../scene.ts";
import { type PlaneGeometry, planeGeometry, planeOf } from "../viewer/geometry.ts";
import { numbersOf, type Panel, panelPlane, panelRows } from "../viewer/panels.ts";
import { ScaleBook, type Scales } from "../viewer/scales.ts";
import { coordinateText, unitText } from "../viewer/texts.ts";

/** Scales of each quantity; own limits hold for the one that is shown. */
export async function figureScales(
  scene: Scene,
  view: View,
  quantities: readonly number[],
): Promise<Scales[]> {
  let ready = () => {};
  const book = new ScaleBook(() => ready());
  const all: Scales[] = [];
  for (const quantity of quantities) {
    const { key } = scene.quantities[quantity]!;
    const shown = key === (view.quantity ?? scene.quantities[0]!.key);
    const own = shown ? {} : { low: null, high: null, map: "auto" as const, log: false };
    for (;;) {
      const found = book.scales(scene, { ...view, quantity: key, ...own });
      if (found) {
        all.push(found);
        break;
      }
      await new Promise<void>((resolve) => ready = resolve);
    }
  }
  return all;
}

/** Steps of a picture: the first, the last and two between. */
export function pictureSteps(computed: number): number[] {
  const count = Math.min(4, computed);
  return [
    ...new Set(
      Array.from(
        { length: count },
        (_, i) => count === 1 ? 1 : 1 + Math.round((i * (computed - 1)) / (count - 1)),
      ),
    ),
  ];
}

/** A panel's plane at a step. */
export function planeAt(
  { grid, hidden }: Scene,
  panel: Panel,
  step: number,
  quantity: number,
  geometry: PlaneGeometry,
): Plane | null {
  const numbers = numbersOf(panel, step, quantity);
  return numbers && panelPlane(numbers, (all) => planeOf(grid, geometry, all, hidden));
}

/** Scales of some panels, each once, and which of them a panel has. */
function scalesOf(panels: readonly Panel[], scales: Scales, name: string) {
  const kinds = [...new Set(panels.map(({ kind }) => kind))];
  return {
    scales: kinds.map((kind) => ({
      name: kind === "field" ? name : `${kind} of ${name}`,
      scale: scales[kind],
    })),
    columns: panels.map(({ title, kind }) => ({ head: title, scale: kinds.indexOf(kind) })),
  };
}

/** The plane that is drawn, in words. */
function placeText({ grid }: Scene, { across, right, up }: PlaneGeometry): string {
  const names = grid.axes.map(({ name, points }) => `${name} ${points}`).join(", ");
  const plane = across ? `; plane ${coordinateText(grid.axes[across.axis]!, across.index)}` : "";
  const axes = up === null ? "" : `; ${grid.axes[right]!.name} to the right, ${grid.axes[up]!.name} up`;
  return `points ${names}${plane}${axes}`;
}

/** The picture of a forecast: every quantity, a row for each of some steps. */
export async function sceneFigure(scene: Scene, view: View): Promise<Figure> {
  const { quantities, steps, provenance } = scene;
  const all = await figureScales(scene, view, quantities.map((_, i) => i));
  const geometry = planeGeometry(scene.grid, view);
  const panels = panelRows(scene, view).flat();
  const rows = pictureSteps(scene.computed);
  const unit = steps.timeUnit ? ` ${steps.timeUnit}` : "";
  return {
    title: `${scene.name}: ${Object.values(provenance.models).join(", ")}`,
    line: `${placeText(scene, geometry)}; error = forecast - truth`,
    rowNames: rows.map((step) => [`step ${step}`, `t = ${timeText(timeOf(steps, step))}${unit}`]),
    fields: quantities.map((quantity, i): FigureField => ({
      name: quantity.label,
      unit: unitText(quantity),
      ...scalesOf(panels, all[i]!, quantity.label),
      rows: rows.map((step) => panels.map((panel) => planeAt(scene, panel, step, i, geometry))),
    })),
    cells: geometry.cells,
    extent: geometry.extent,
  };
}

/** What does not change in a film of the quantity shown: a block a row of panels. */
export function filmFigure(
  scene: Scene,
  view: View,
  quantity: number,
  scales: Scales,
): { figure: Figure; rows: readonly (readonly Panel[])[]; geometry: PlaneGeometry } {
  const geometry = planeGeometry(scene.grid, view);
  const rows = panelRows(scene, view);
  const { label } = scene.quantities[quantity]!;
  const [width, height] = geometry.cells;
  const blank: Plane = { width, height, values: new Float32Array(width * height), hidden: null };
  return {
    rows,
    geometry,
    figure: {
      title: scene.name,
      line: placeText(scene, geometry),
      rowNames: [["", ""]],
      fields: rows.map((panels): FigureField => ({
        name: label,
        unit: unitText(scene.quantities[quantity]!),
        ...scalesOf(panels, scales, label),
        rows: [panels.map(() => blank)],
      })),
      cells: geometry.cells,
      extent: geometry.extent,
    },
  };
}
