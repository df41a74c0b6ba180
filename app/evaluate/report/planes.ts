// Planes of a rollout as an evaluation keeps them, painted into pictures of few colours: small, and sharp at any size.

import { type ColorMapName, colorTable } from "../../figure/colors.ts";
import { errorEnd, fieldLimits, usualMap } from "../../figure/limits.ts";
import { MagnitudeCounts } from "../../figure/quantile.ts";
import type { Scale } from "../../figure/scale.ts";
import type { TrajectoryPictures } from "../evaluation.ts";

/** Planes of a component: of each step `[rows, columns]`, NaN where there is no number. */
export interface PlaneSeries {
  readonly component: string;
  readonly truth: readonly Float32Array[];
  readonly forecast: readonly Float32Array[];
  readonly error: readonly Float32Array[];
  readonly scale: Scale;
  readonly errorScale: Scale;
}

/** Code of cells without a number, and of the upper limit. */
const NONE = 65535, MOST = 65534;

function unpacked(text: string, size: number, [low, high]: readonly [number, number]): Float32Array[] {
  const bytes = Uint8Array.fromBase64(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from(
    { length: bytes.length / 2 / size },
    (_, step) =>
      Float32Array.from({ length: size }, (_, i) => {
        const code = view.getUint16(2 * (step * size + i), true);
        return code === NONE ? NaN : low + (high - low) * code / MOST;
      }),
  );
}

/** The planes of a rollout with their scales: those of the truth, and a symmetric one of errors. */
export function planesOf({ shape, fields }: TrajectoryPictures): PlaneSeries[] {
  return fields.map(({ component, limits, truth: real, forecast: own }) => {
    const [truth, forecast] = [real, own].map((text) => unpacked(text, shape[0] * shape[1], limits));
    const error = forecast!.map((plane, step) => plane.map((value, i) => value - truth![step]![i]!));
    const ends = fieldLimits(truth!);
    const counts = new MagnitudeCounts();
    for (const plane of error) counts.add(plane, null);
    const end = errorEnd(null, counts);
    return {
      component,
      truth: truth!,
      forecast: forecast!,
      error,
      scale: { ...ends, map: usualMap(ends) },
      errorScale: { low: -end, high: end, map: "PuOr" },
    };
  });
}

/** Colours of one map in a picture. */
export const LEVELS = 80;

const MAPS: readonly ColorMapName[] = ["viridis", "balance", "PuOr"];

/** Places in the palette of what is no value. */
export const CLEAR = 0, ABSENT = 1, TRACK = 2, DONE = 3;
const FIRST = 4;

/** The palette of all pictures: three maps, and the greys between. */
export const PALETTE: readonly (readonly [number, number, number])[] = [
  [128, 136, 144],
  [128, 136, 144],
  [176, 182, 190],
  [43, 131, 186],
  ...MAPS.flatMap((map) => {
    const table = colorTable(map);
    return Array.from({ length: LEVELS }, (_, level) => {
      const at = 3 * Math.round(255 * level / (LEVELS - 1));
      return [table[at]!, table[at + 1]!, table[at + 2]!] as const;
    });
  }),
];

/** A picture of palette places, rows from the top. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** An empty picture. */
export function canvas(width: number, height: number): Canvas {
  return { width, height, pixels: new Uint8Array(width * height) };
}

/** Paints a plane: axis 0 to the right, axis 1 up, as all figures have it. */
export function paintPlane(
  { width, pixels }: Canvas,
  plane: Float32Array,
  [rows, columns]: readonly [number, number],
  scale: Scale,
  left: number,
  top: number,
): void {
  const base = FIRST + LEVELS * Math.max(0, MAPS.indexOf(scale.map));
  const factor = LEVELS / (scale.high - scale.low);
  for (let x = 0; x < rows; x++) {
    for (let y = 0; y < columns; y++) {
      const value = plane[x * columns + y]!;
      const level = Math.min(LEVELS - 1, Math.max(0, Math.floor((value - scale.low) * factor)));
      const at = (top + columns - 1 - y) * width + left + x;
      pixels[at] = Number.isNaN(value) ? ABSENT : base + level;
    }
  }
}

/** A map as a CSS gradient. */
export function gradientOf(map: ColorMapName): string {
  const table = colorTable(map);
  const stops = Array.from({ length: 9 }, (_, i) => {
    const at = 3 * Math.round(255 * i / 8);
    return `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
  });
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

/** Maps that pictures have. */
export const PICTURE_MAPS = MAPS;
