// The figure of a forecast as PNG and as animated GIF, drawn from a few frames at a time: a long forecast's pictures are
// never held together.

import { initWasm, Resvg } from "@resvg/resvg-wasm";
import gifenc from "gifenc";
import { DARK } from "../figure/figure_text.ts";
import { timeText } from "../figure/numbers.ts";
import { drawFigure, type FieldScales, fieldScales, type FigureOptions } from "./figure.ts";
import type { ForecastView } from "./view.ts";

const { GIFEncoder, quantize, applyPalette } = gifenc;

let renderer: Promise<Uint8Array> | null = null;

/** Starts the rasteriser once and gives the font it draws text with. */
function font(): Promise<Uint8Array> {
  return renderer ??= (async () => {
    await initWasm(await Deno.readFile(new URL(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm"))));
    return await Deno.readFile(new URL("./font/inter.ttf", import.meta.url));
  })();
}

interface Raster {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  readonly png: Uint8Array;
}

async function rasterize(svg: string, encoded: boolean): Promise<Raster> {
  const figure = new Resvg(svg, {
    font: { fontBuffers: [await font()], defaultFontFamily: "Inter", loadSystemFonts: false },
  });
  const drawn = figure.render();
  try {
    const { width, height, pixels } = drawn;
    return { width, height, pixels, png: encoded ? drawn.asPng() : new Uint8Array(0) };
  } finally {
    // The rasteriser's memory is its own: it does not see the runtime's collector.
    drawn.free();
    figure.free();
  }
}

/** Steps to show: the first, the last and those between, at most `count`. */
export function chooseSteps(steps: number, count = 4): number[] {
  const chosen = Math.min(steps, count);
  return Array.from(
    new Set(
      Array.from(
        { length: chosen },
        (_, i) => chosen === 1 ? 0 : Math.round((i * (steps - 1)) / (chosen - 1)),
      ),
    ),
  );
}

/** Frames to draw. */
export interface Drawable {
  /** How many there are. */
  readonly steps: number;
  /** Some of them. */
  view(steps: readonly number[]): Promise<ForecastView>;
}

/** How large a field is drawn in the picture, and about how large in the animation. */
const [PICTURE, ANIMATION] = [136, 120];

/** How the picture is drawn. */
export function pictureOptions(steps: readonly number[]): FigureOptions {
  return { steps, panel: PICTURE };
}

/** How a frame of the animation is drawn: on a ground of its own, since its format knows no half-transparent edges. */
export function animationOptions({ shape }: Pick<ForecastView, "shape">): FigureOptions {
  const points = Math.max(...shape);
  const zoom = Math.round(ANIMATION / points);
  return { steps: [0], panel: zoom > 0 ? zoom * points : ANIMATION, compact: zoom > 0, theme: DARK };
}

/** Steps whose values set the scales of the pictures. */
const SCALED = 48;

/** Scales of all pictures of a forecast. */
export async function pictureScales(frames: Drawable): Promise<FieldScales[]> {
  return fieldScales(await frames.view(chooseSteps(frames.steps, SCALED)));
}

/** What stands beside the rows of a figure. */
function rowNames(steps: readonly number[], { times }: ForecastView): (readonly [string, string])[] {
  return steps.map((step, i) => [`step ${step + 1}`, `t = ${timeText(times[i]!)}`] as const);
}

/**
 * The figure as PNG: one row for each of a few steps.
 *
 * @param frames what is drawn
 * @param scales of each channel
 * @param steps which steps, from 0
 */
export async function renderPicture(
  frames: Drawable,
  scales: readonly FieldScales[],
  steps: readonly number[] = chooseSteps(frames.steps),
): Promise<Uint8Array> {
  const view = await frames.view(steps);
  const rows = steps.map((_, i) => i);
  const svg = drawFigure(view, { ...pictureOptions(rows), scales, rowNames: rowNames(steps, view) });
  return (await rasterize(svg, true)).png;
}

const COLORS = 256;

/** One palette from some frames: colours do not flicker from step to step. */
function paletteOf(rasters: readonly Raster[]): number[][] {
  const joined = new Uint8Array(rasters.reduce((n, { pixels }) => n + pixels.length, 0));
  let at = 0;
  for (const { pixels } of rasters) {
    joined.set(pixels, at);
    at += pixels.length;
  }
  return quantize(joined, COLORS);
}

/**
 * The figure as animated GIF: one picture a step, scales and palette common to all.
 *
 * @param frames what is drawn
 * @param scales of each channel
 * @param delay milliseconds a step is shown
 * @returns the bytes of the file, a frame at a time
 */
export async function* renderAnimation(
  frames: Drawable,
  scales: readonly FieldScales[],
  delay = 350,
): AsyncGenerator<Uint8Array> {
  const draw = async (step: number) => {
    const view = await frames.view([step]);
    const options = { ...animationOptions(view), scales, rowNames: rowNames([step], view) };
    return await rasterize(drawFigure(view, options), false);
  };
  const samples: Raster[] = [];
  for (const step of chooseSteps(frames.steps, 5)) samples.push(await draw(step));
  const palette = paletteOf(samples);
  samples.length = 0;
  const gif = GIFEncoder({ auto: false });
  gif.writeHeader();
  for (let step = 0; step < frames.steps; step++) {
    const { width, height, pixels } = await draw(step);
    const shown = step === frames.steps - 1 ? 3 * delay : delay;
    const first = step === 0 ? { first: true, palette } : {};
    gif.writeFrame(applyPalette(pixels, palette), width, height, { delay: shown, ...first });
    yield gif.bytes();
    gif.reset();
  }
  gif.finish();
  yield gif.bytes();
}
