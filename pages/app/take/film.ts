// Films of what the panels show: one picture a step, none between. The page draws the figure around the panels once, the
// worker puts cells and step into it and encodes.

import type { Box } from "../../../app/figure/figure.ts";
import { DARK } from "../../../app/figure/figure_text.ts";
import { paint, paintedSize, type Painting } from "../../../app/figure/paint.ts";
import type { ColorMapName } from "../../../app/figure/colors.ts";

/** A film before its pictures come. */
export interface FilmStart {
  /** A picture is a film of one, without step and time. */
  readonly kind: "gif" | "webm" | "png";
  readonly width: number;
  readonly height: number;
  /** The figure without what changes. */
  readonly background: ImageBitmap;
  /** Where step and time end. */
  readonly text: { readonly x: number; readonly y: number };
  /** Maps that its colours come from. */
  readonly maps: readonly ColorMapName[];
}

/** A picture of it. */
export interface FilmFrame {
  /** Step and time. */
  readonly words: string;
  /** Milliseconds it is shown. */
  readonly duration: number;
  /** Null: nothing of this step is there. */
  readonly panels: readonly { readonly box: Box; readonly painting: Painting | null }[];
}

/** Takes pictures one after the other. */
export interface FilmEncoder {
  add(canvas: OffscreenCanvas, duration: number): Promise<void>;
  finish(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A film in the making. */
export interface Film {
  add(frame: FilmFrame): Promise<void>;
  finish(): Promise<Uint8Array<ArrayBuffer>>;
}

function drawFrame(target: OffscreenCanvasRenderingContext2D, start: FilmStart, frame: FilmFrame): void {
  target.drawImage(start.background, 0, 0);
  target.fillStyle = DARK.faint;
  target.font = "13px system-ui, sans-serif";
  target.textAlign = "center";
  for (const { box, painting } of frame.panels) {
    if (!painting) {
      target.fillText("no truth", box.x + box.width / 2, box.y + box.height / 2);
      continue;
    }
    const [width, height] = paintedSize(painting);
    const pixels = new Uint8ClampedArray(paint(painting).buffer);
    target.putImageData(new ImageData(pixels, width, height), box.x, box.y);
  }
  target.font = "600 14px system-ui, sans-serif";
  if (frame.words === "") return;
  target.textAlign = "right";
  target.fillStyle = DARK.ink;
  target.fillText(frame.words, start.text.x, start.text.y);
}

async function encoderOf(start: FilmStart, canvas: OffscreenCanvas): Promise<FilmEncoder> {
  switch (start.kind) {
    case "gif":
      return (await import("./gif.ts")).gifEncoder(start);
    case "webm":
      return await (await import("./webm.ts")).webmEncoder(canvas);
    default:
      return {
        add: () => Promise.resolve(),
        finish: async () =>
          new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer()),
      };
  }
}

/** Begins a film; its encoder is loaded. */
export async function startFilm(start: FilmStart): Promise<Film> {
  const { width, height } = start;
  const canvas = new OffscreenCanvas(width, height);
  const target = canvas.getContext("2d", {
    willReadFrequently: start.kind === "gif",
    alpha: start.kind === "png",
  })!;
  const encoder = await encoderOf(start, canvas);
  return {
    async add(frame) {
      drawFrame(target, start, frame);
      await encoder.add(canvas, frame.duration);
    },
    finish: () => encoder.finish(),
  };
}
