// Planes of a rollout as an evaluation keeps them: thinned out, 16 bits a number, as text. Small enough for JSON, exact
// enough that the error of a good forecast can be drawn.

import type { SampleInfo } from "walrus";
import type { PlanesPart } from "./units.ts";

/** Points of a side, components and steps at the most. */
const POINTS = 64, COMPONENTS = 4, STEPS = 10;

/** Code of cells that are hidden or no number. */
const NONE = 65535;

/**
 * Steps of which planes are kept: evenly spaced, the first and the last among them.
 *
 * @param steps of the rollout
 */
export function drawnSteps(steps: number): number[] {
  const count = Math.min(STEPS, steps);
  if (count <= 1) return count === 1 ? [1] : [];
  const all = Array.from({ length: count }, (_, i) => 1 + Math.round((i * (steps - 1)) / (count - 1)));
  return [...new Set(all)];
}

/** The plane that is kept: all of one or two axes, the middle of a third. */
function planeOf({ grid: { shape, axes } }: SampleInfo) {
  const [rows = 1, columns = 1, depth = 1] = shape;
  const middle = Math.floor(depth / 2);
  return { rows, columns, depth, middle, name: depth > 1 ? `${axes[2] ?? "z"} = ${middle}` : null };
}

/** A plane's means of blocks, NaN where a block has no number. */
function thinned(values: Float32Array, hidden: Uint8Array | null, info: SampleInfo): Float32Array {
  const { rows, columns, depth, middle } = planeOf(info);
  const [down, across] = [Math.ceil(rows / POINTS), Math.ceil(columns / POINTS)];
  const [height, width] = [Math.ceil(rows / down), Math.ceil(columns / across)];
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0];
      for (let i = y * down; i < Math.min(rows, (y + 1) * down); i++) {
        for (let j = x * across; j < Math.min(columns, (x + 1) * across); j++) {
          const at = (i * columns + j) * depth + middle;
          if (hidden?.[at]) continue;
          sum += values[at]!;
          count++;
        }
      }
      out[y * width + x] = count > 0 ? sum / count : NaN;
    }
  }
  return out;
}

/** Planes as they come. */
export interface PlaneKeeper {
  /** Keeps a step's, if it is one that is kept. */
  add(step: number, truth: readonly Float32Array[], forecast: readonly Float32Array[]): void;
  /** What was kept. */
  finish(): PlanesPart;
}

/** Bytes as text, in pieces that a call can take as arguments. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 1 << 15) {
    text += String.fromCharCode(...bytes.subarray(at, at + (1 << 15)));
  }
  return btoa(text);
}

function packed(planes: readonly Float32Array[], low: number, high: number): string {
  const size = planes[0]?.length ?? 0;
  const view = new DataView(new ArrayBuffer(2 * size * planes.length));
  for (const [i, plane] of planes.entries()) {
    for (let j = 0; j < size; j++) {
      const share = high > low ? (plane[j]! - low) / (high - low) : 0;
      const code = Number.isFinite(plane[j]!) ? Math.min(NONE - 1, Math.max(0, share * (NONE - 1))) : NONE;
      view.setUint16(2 * (i * size + j), Math.round(code), true);
    }
  }
  return base64(new Uint8Array(view.buffer));
}

/** Limits of what is drawn: those of the truth, widened by at most its range for what a forecast exceeds. */
function limitsOf(truth: readonly Float32Array[], forecast: readonly Float32Array[]): [number, number] {
  const range = (planes: readonly Float32Array[]) => {
    let [low, high] = [Infinity, -Infinity];
    for (const plane of planes) {
      for (const value of plane) {
        if (!Number.isFinite(value)) continue;
        [low, high] = [Math.min(low, value), Math.max(high, value)];
      }
    }
    return [low, high] as const;
  };
  const [low, high] = range(truth);
  if (!(low <= high)) return [0, 0];
  const [least, most] = range(forecast);
  const span = high - low;
  return [
    Math.max(low - span, Math.min(low, least)),
    Math.min(high + span, Math.max(high, most)),
  ];
}

/**
 * Keeps planes of a rollout.
 *
 * @param info of the data
 * @param names of the components
 * @param hidden 1 for hidden cells
 * @param steps of the rollout
 */
export function keepPlanes(
  info: SampleInfo,
  names: readonly string[],
  hidden: Uint8Array | null,
  steps: number,
): PlaneKeeper {
  const wanted = new Set(drawnSteps(steps));
  const kept: number[] = [];
  const drawn = names.slice(0, COMPONENTS);
  const [truths, forecasts] = [drawn.map(() => [] as Float32Array[]), drawn.map(() => [] as Float32Array[])];
  return {
    add(step, truth, forecast) {
      if (!wanted.has(step)) return;
      kept.push(step);
      for (const c of drawn.keys()) {
        truths[c]!.push(thinned(truth[c]!, hidden, info));
        forecasts[c]!.push(thinned(forecast[c]!, hidden, info));
      }
    },
    finish() {
      const { rows, columns, name } = planeOf(info);
      const side = (points: number) => Math.ceil(points / Math.ceil(points / POINTS));
      return {
        plane: name,
        steps: kept,
        shape: [side(rows), side(columns)],
        fields: drawn.map((component, c) => {
          const limits = limitsOf(truths[c]!, forecasts[c]!);
          return {
            component,
            limits,
            truth: packed(truths[c]!, ...limits),
            forecast: packed(forecasts[c]!, ...limits),
          };
        }),
      };
    },
  };
}
