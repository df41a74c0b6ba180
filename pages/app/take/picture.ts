// The picture of a forecast as PNG: the commands' figure. The browser draws its frame, the worker puts the cells in.

import { type Box, drawFigure } from "../../../app/figure/figure.ts";
import { ON_ANY } from "../../../app/figure/figure_text.ts";
import type { Painting } from "../../../app/figure/paint.ts";
import { drawSvg } from "../charts/export.ts";
import type { Scene, View } from "../scene.ts";
import { newFilm } from "./film_number.ts";
import { sceneFigure } from "./scene_figure.ts";
import type { Work } from "./work.ts";

/** Pixels of a unit, and a panel's units. */
const DENSITY = 2, PANEL = 136;

/** The picture of a scene. */
export async function picturePng(scene: Scene, view: View, work: Work): Promise<Blob> {
  const figure = await sceneFigure(scene, view);
  const panels: { box: Box; painting: Painting }[] = [];
  const svg = drawFigure(figure, {
    panel: PANEL,
    theme: ON_ANY,
    image(cells, scale, { x, y, width, height }, fit) {
      const zoom = [fit.zoom[0] * DENSITY, fit.zoom[1] * DENSITY] as const;
      const box = { x: x * DENSITY, y: y * DENSITY, width: width * DENSITY, height: height * DENSITY };
      panels.push({ box, painting: { cells, scale, zoom, unit: DENSITY } });
      return "";
    },
  });
  const background = await createImageBitmap(await drawSvg(svg, DENSITY));
  const { width, height } = background;
  const film = newFilm();
  const start = { kind: "png", width, height, background, text: { x: 0, y: 0 }, maps: [] } as const;
  await work.run("filmStart", { film, start }, [background]);
  await work.run("filmFrame", { film, frame: { words: "", duration: 0, panels } });
  const bytes = await work.run("filmEnd", { film, keep: true });
  return new Blob([bytes!], { type: "image/png" });
}
