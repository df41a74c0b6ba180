// The figure of a forecast as PNG and as animated GIF.

import { initWasm, Resvg } from "@resvg/resvg-wasm";
import gifenc from "gifenc";
import { drawFigure } from "./figure.ts";
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
  const drawn = new Resvg(svg, {
    font: { fontBuffers: [await font()], defaultFontFamily: "Inter", loadSystemFonts: false },
  }).render();
  const { width, height, pixels } = drawn;
  return { width, height, pixels, png: encoded ? drawn.asPng() : new Uint8Array(0) };
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

/**
 * The figure as PNG: one row for each of a few steps.
 *
 * @param view frames and names
 * @param steps which steps, from 0
 */
export async function renderPicture(
  view: ForecastView,
  steps: readonly number[] = chooseSteps(view.forecast.length),
): Promise<Uint8Array> {
  return (await rasterize(drawFigure(view, { steps, panel: 136 }), true)).png;
}

const COLORS = 256;

/**
 * The figure as animated GIF: one picture a step, scales and palette common to all.
 *
 * @param view frames and names
 * @param delay milliseconds a step is shown
 */
export async function renderAnimation(view: ForecastView, delay = 350): Promise<Uint8Array> {
  const all = view.forecast.map((_, step) => step);
  const frames: Raster[] = [];
  for (const step of all) {
    frames.push(await rasterize(drawFigure(view, { steps: [step], panel: 120, scaleSteps: all }), false));
  }
  // One palette from some frames: colours do not flicker from step to step.
  const samples = chooseSteps(frames.length, 5).map((i) => frames[i]!.pixels);
  const joined = new Uint8Array(samples.reduce((n, s) => n + s.length, 0));
  samples.reduce((at, s) => {
    joined.set(s, at);
    return at + s.length;
  }, 0);
  const palette = quantize(joined, COLORS);
  const gif = GIFEncoder();
  frames.forEach(({ width, height, pixels }, i) => {
    const options = { delay: i === frames.length - 1 ? 3 * delay : delay, ...(i === 0 ? { palette } : {}) };
    gif.writeFrame(applyPalette(pixels, palette), width, height, options);
  });
  gif.finish();
  return gif.bytes();
}
