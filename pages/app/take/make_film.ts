// A film of the quantity shown: the page cuts the planes of a step, the worker draws and encodes them.

import { type Box, drawFigure, drawnCells } from "../../../app/figure/figure.ts";
import { DARK } from "../../../app/figure/figure_text.ts";
import type { Fit } from "../../../app/figure/fit.ts";
import { drawSvg } from "../charts/export.ts";
import { quantityIndex, type Scene, type View } from "../scene.ts";
import type { Cells } from "../../../app/figure/plane.ts";
import { flashes, SAFE_SPEED } from "../viewer/flash.ts";
import { stepText, timeWords } from "../viewer/texts.ts";
import type { FilmFrame, FilmStart } from "./film.ts";
import { newFilm } from "./film_number.ts";
import { figureScales, filmFigure, planeAt } from "./scene_figure.ts";
import type { Work } from "./work.ts";

/** Pixels of a panel; most steps a second. */
const PANEL = 320, FASTEST = 4;

/**
 * Makes a film.
 *
 * @param kind of file
 * @param tell told which step is encoded
 * @param signal ends it
 */
export async function makeFilm(
  kind: "gif" | "webm",
  scene: Scene,
  view: View,
  work: Work,
  tell: (step: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const quantity = quantityIndex(scene, view);
  const [scales] = await figureScales(scene, view, [quantity]);
  const { figure, rows, geometry } = filmFigure(scene, view, quantity, scales!);
  const boxes: Box[] = [];
  let fit: Fit | null = null;
  // Blocks stand below each other: one fits the width.
  const svg = drawFigure(figure, {
    panel: PANEL,
    widest: 1,
    theme: DARK,
    image(_cells, _scale, box, found) {
      boxes.push(box);
      fit = found;
      return "";
    },
  });
  const background = await createImageBitmap(await drawSvg(svg, 1));
  const { width, height } = background;
  const film = newFilm();
  const maps = [...new Set(rows.flat().map(({ kind }) => scales![kind].map))];
  const start: FilmStart = { kind, width, height, background, text: { x: width - 16, y: 26 }, maps };
  await work.run("filmStart", { film, start }, [background]);
  const pictures = rows.flat();
  let pace = 1000 / Math.min(FASTEST, view.speed);
  let before: readonly (Cells | null)[] = [];
  const frameOf = (step: number): FilmFrame => {
    const cells = pictures.map((panel) => {
      const plane = planeAt(scene, panel, step, quantity, geometry);
      return plane && drawnCells(plane, fit!);
    });
    const flash = cells.some((now, i) =>
      now && before[i] && flashes(before[i], now, scales![pictures[i]!.kind])
    );
    // As in the player: from here on slower.
    if (flash) pace = Math.max(pace, 1000 / SAFE_SPEED);
    before = cells;
    return {
      words: `${stepText(scene, step)}, ${timeWords(scene, step)}`,
      duration: Math.round(step === scene.computed ? 3 * pace : pace),
      panels: cells.map((now, i) => ({
        box: boxes[i]!,
        painting: now && { cells: now, scale: scales![pictures[i]!.kind], zoom: fit!.zoom, unit: 1 },
      })),
    };
  };
  try {
    for (let step = 1; step <= scene.computed; step++) {
      signal.throwIfAborted();
      tell(step);
      await work.run("filmFrame", { film, frame: frameOf(step) });
    }
    const bytes = await work.run("filmEnd", { film, keep: true });
    return new Blob([bytes!], { type: kind === "gif" ? "image/gif" : "video/webm" });
  } catch (error) {
    await work.run("filmEnd", { film, keep: false }).catch(() => {});
    throw error;
  }
}
