// The legend of a scale in a figure: its 256 colours, ends and middle.

import { cssColor } from "./colors.ts";
import { text, type Theme } from "./figure_text.ts";
import { endTexts } from "./numbers.ts";
import { type Scale, valueAt } from "./scale.ts";

/** Height of the bar. */
const BAR = 10;

/** A legend of some width, its upper left corner at a place. */
export function legendSvg(scale: Scale, x: number, y: number, width: number, theme: Theme): string {
  // Colours beside each other as a gradient of hard steps: one element, sharp at any size.
  const stops = Array.from(
    { length: 65 },
    (_, i) =>
      `<stop offset="${(i / 64).toFixed(4)}" stop-color="${
        cssColor(scale.map, Math.round((255 * i) / 64))
      }"/>`,
  );
  const id = `${scale.map}-${x}-${y}`;
  const [low, middle, high] = endTexts([scale.low, valueAt(scale, 0.5), scale.high]) as [
    string,
    string,
    string,
  ];
  const label = (at: number, content: string, anchor: "start" | "middle" | "end") =>
    text(at, y + BAR + 16, content, theme.ink, { size: 13, anchor });
  return `<linearGradient id="${id}">${stops.join("")}</linearGradient>` +
    `<rect x="${x}" y="${y}" width="${width}" height="${BAR}" rx="1" fill="url(#${id})" stroke="${theme.edge}" stroke-width="0.75"/>` +
    label(x, low, "start") + (width >= 120 ? label(x + width / 2, middle, "middle") : "") +
    label(x + width, high, "end");
}
