// Who puts planes on the panels' canvases: a GPU that draws on one canvas of its own, or the processor. Both give the
// same pixels.

import { paint, paintedSize, type Painting } from "../../../app/figure/paint.ts";
import { webglPainter } from "./webgl_painter.ts";

/** A panel's canvas. */
export type Target = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Puts planes on canvases. */
export interface Painter {
  readonly kind: "webgl" | "2d";
  /** Fills a canvas that is as large as the painting. */
  draw(painting: Painting, target: Target): void;
}

/** A painter that needs no GPU. */
export function planePainter(): Painter {
  return {
    kind: "2d",
    draw(painting, target) {
      const [width, height] = paintedSize(painting);
      const bytes = new Uint8ClampedArray(paint(painting).buffer);
      target.putImageData(new ImageData(bytes, width, height), 0, 0);
    },
  };
}

/**
 * The painter of a page: WebGL2 while there is one.
 *
 * @param onChange told when the GPU has gone and canvases want to be drawn again
 * @param software whether a GPU that is software will do
 */
export function openPainter(onChange: () => void, software = false): Painter {
  const plain = planePainter();
  let current: Painter = plain;
  const gpu = webglPainter((alive) => {
    current = alive && gpu ? gpu : plain;
    onChange();
  }, software);
  if (gpu) current = gpu;
  return {
    get kind() {
      return current.kind;
    },
    draw: (painting, target) => current.draw(painting, target),
  };
}
