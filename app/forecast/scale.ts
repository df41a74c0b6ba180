// Colour scales: value ranges, colour maps, labels of colour bars.

import { interpolatePuOr, interpolateRdBu, interpolateViridis } from "d3-scale-chromatic";
import type { Plane } from "./view.ts";

/** Values and their colours. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Colour of a position from 0 to 1 as red, green, blue. */
  readonly color: (position: number) => readonly [number, number, number];
}

/** Colour of hidden cells and values that are not finite. */
export const MISSING = [190, 190, 190] as const;

function rgb(css: string): [number, number, number] {
  const numbers = css.startsWith("#")
    ? [1, 3, 5].map((i) => parseInt(css.slice(i, i + 2), 16))
    : (css.match(/\d+/g) ?? []).map(Number);
  return [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];
}

/** A colour map as a table: scales are looked up for every pixel. */
function table(interpolate: (t: number) => string): Scale["color"] {
  const colors = Array.from({ length: 256 }, (_, i) => rgb(interpolate(i / 255)));
  return (position) => colors[Math.max(0, Math.min(255, Math.round(position * 255)))]!;
}

const sequential = table(interpolateViridis);
// Red is high, as in The Well's figures.
const diverging = table((t) => interpolateRdBu(1 - t));
const errors = table((t) => interpolatePuOr(1 - t));

/** All finite values of some planes, sorted. */
function finite(planes: readonly Plane[]): Float32Array {
  const all = new Float32Array(planes.reduce((count, { values }) => count + values.length, 0));
  let count = 0;
  for (const { values } of planes) {
    for (const value of values) if (Number.isFinite(value)) all[count++] = value;
  }
  return all.subarray(0, count).sort();
}

/** The value below which a share of the sorted values lies. */
function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** A range that is never empty. */
function widen(low: number, high: number): [number, number] {
  if (high > low) return [low, high];
  const margin = Math.abs(low) * 1e-3 || 1;
  return [low - margin, high + margin];
}

/**
 * Scale of a field: robust range of the planes, diverging around zero when the field takes both signs.
 *
 * @param planes truth over the shown steps, or the forecast where there is no truth
 */
export function fieldScale(planes: readonly Plane[]): Scale {
  const sorted = finite(planes);
  const [low, high] = [quantile(sorted, 0.002), quantile(sorted, 0.998)];
  const both = low < 0 && high > 0 && Math.min(-low, high) > 0.1 * Math.max(-low, high);
  if (both) {
    const largest = Math.max(-low, high);
    return { low: -largest, high: largest, color: diverging };
  }
  const [from, to] = widen(low, high);
  return { low: from, high: to, color: sequential };
}

/** Scale of differences: symmetric. */
export function errorScale(planes: readonly Plane[]): Scale {
  const sorted = finite(planes.map((p) => ({ ...p, values: p.values.map(Math.abs) })));
  const [, largest] = widen(0, quantile(sorted, 0.995));
  return { low: -largest, high: largest, color: errors };
}

/** A number in few characters: `0.013`, `-1.2`, `3.4e-7`. */
export function shortNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e4) {
    const text = value.toPrecision(2);
    return text.includes("e") ? String(Math.round(value)) : text;
  }
  return value.toExponential(1).replace("e+", "e");
}

/** Pixels of a plane, four bytes each, every value `zoom` pixels wide and high. */
export function colorize(
  plane: Plane,
  scale: Scale,
  zoom: number,
): { width: number; height: number; data: Uint8Array } {
  const [width, height] = [plane.width * zoom, plane.height * zoom];
  const data = new Uint8Array(width * height * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const value = plane.values[Math.floor(y / zoom) * plane.width + Math.floor(x / zoom)]!;
      const color = Number.isFinite(value)
        ? scale.color((value - scale.low) / (scale.high - scale.low))
        : MISSING;
      data.set(color, at);
      data[at + 3] = 255;
    }
  }
  return { width, height, data };
}
