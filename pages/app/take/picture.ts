// The picture of a forecast as PNG: the commands' figure, its frame drawn by the browser, its cells put in as pixels.

import { type Box, drawFigure } from "../../../app/figure/figure.ts";
import { ON_ANY } from "../../../app/figure/figure_text.ts";
import { pixelsOf } from "../../../app/figure/pixels.ts";
import type { Cells } from "../../../app/figure/plane.ts";
import type { Scale } from "../../../app/figure/scale.ts";
import { drawSvg, pngBlob } from "../charts/export.ts";
import type { Scene, View } from "../scene.ts";
import { sceneFigure } from "./scene_figure.ts";

/** Pixels of a unit, and a panel's units. */
const DENSITY = 2, PANEL = 136;

/** The picture of a scene. */
export async function picturePng(scene: Scene, view: View): Promise<Blob> {
  const figure = await sceneFigure(scene, view);
  const pictures: { cells: Cells; scale: Scale; box: Box; zoom: readonly [number, number] }[] = [];
  const svg = drawFigure(figure, {
    panel: PANEL,
    theme: ON_ANY,
    image(cells, scale, box, { zoom }) {
      pictures.push({ cells, scale, box, zoom: [zoom[0] * DENSITY, zoom[1] * DENSITY] });
      return "";
    },
  });
  const canvas = await drawSvg(svg, DENSITY);
  const target = canvas.getContext("2d")!;
  for (const { cells, scale, box, zoom } of pictures) {
    const { width, height, data } = pixelsOf(cells, scale, { zoom });
    target.putImageData(
      new ImageData(new Uint8ClampedArray(data.buffer), width, height),
      box.x * DENSITY,
      box.y * DENSITY,
    );
  }
  return await pngBlob(canvas);
}
