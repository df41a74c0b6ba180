// Films as GIF. All pictures share one palette, made of the colour maps themselves: nothing flickers.

import gifenc from "gifenc";
import { colorTable } from "../../../app/figure/colors.ts";
import { DARK } from "../../../app/figure/figure_text.ts";
import { HATCH_GROUND, HATCH_LINE } from "../../../app/figure/patterns.ts";
import type { FilmEncoder, FilmStart } from "./film.ts";

const { GIFEncoder, applyPalette } = gifenc;

type Color = [number, number, number];

function colorOf(hex: string): Color {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as Color;
}

/** 256 colours: greys of the text and the patterns, then the maps in equal parts. */
export function paletteOf({ maps }: Pick<FilmStart, "maps">): Color[] {
  const [ground, ink, edge] = [DARK.ground!, DARK.ink, DARK.edge].map(colorOf);
  // Edges of letters lie between ink and ground.
  const greys = Array.from(
    { length: 14 },
    (_, i) => ground!.map((from, c) => Math.round(from + (ink![c]! - from) * (i / 13))) as Color,
  );
  const others: Color[] = [
    edge!,
    [0, 0, 0],
    [255, 255, 255],
    [HATCH_GROUND, HATCH_GROUND, HATCH_GROUND],
    [HATCH_LINE, HATCH_LINE, HATCH_LINE],
  ];
  const each = Math.floor((256 - greys.length - others.length) / Math.max(1, maps.length));
  const count = Math.min(256, each);
  const colors = maps.flatMap((map) => {
    const table = colorTable(map);
    return Array.from({ length: count }, (_, i) => {
      const at = 3 * Math.round((255 * i) / (count - 1));
      return [table[at]!, table[at + 1]!, table[at + 2]!] as Color;
    });
  });
  return [...greys, ...others, ...colors];
}

/** Encodes a GIF. */
export function gifEncoder(start: FilmStart): FilmEncoder {
  const { width, height } = start;
  const palette = paletteOf(start);
  const gif = GIFEncoder();
  let first = true;
  return {
    add(canvas, duration) {
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height);
      const indices = applyPalette(data, palette);
      gif.writeFrame(indices, width, height, { delay: duration, ...(first ? { palette } : {}) });
      first = false;
      return Promise.resolve();
    },
    finish() {
      gif.finish();
      return Promise.resolve(gif.bytes() as Uint8Array<ArrayBuffer>);
    },
  };
}
