// Made-up scenes: waves that move, and forecasts of them that go wrong little by little.

import {
  type FrameNumbers,
  NO_CHECKS,
  type Quantity,
  type Scene,
  type SceneAxis,
  type Scores,
  type Track,
} from "../../pages/app/scene.ts";

/** What a made-up scene is like. */
export interface SceneOptions {
  readonly shape?: readonly number[];
  /** Length of each axis; that of its points unless given. */
  readonly lengths?: readonly number[];
  readonly computed?: number;
  readonly planned?: number;
  readonly truth?: number;
  readonly members?: number;
  readonly compare?: boolean;
  /** Whether part of the grid is hidden. */
  readonly hidden?: boolean;
  /** Step from which some numbers are not finite. */
  readonly diverged?: number | null;
  readonly running?: boolean;
  readonly fields?: number;
  readonly periodic?: boolean;
}

/** Scenes that the pages of tests show, by name. */
export const TEST_SCENES = {
  plane: {},
  loading: { computed: 0, running: true },
  running: { computed: 9, running: true },
  solid: { shape: [48, 48, 32], planned: 6, computed: 6, truth: 6 },
  strip: { shape: [256, 32], hidden: true, periodic: false },
  broken: { diverged: 14 },
  ensemble: { members: 5 },
  compare: { compare: true },
  large: { shape: [520, 360], planned: 2, computed: 2, truth: 2, fields: 7 },
  untrue: { truth: 10 },
  line: { shape: [128], planned: 10, computed: 10, truth: 10 },
} as const satisfies Record<string, SceneOptions>;

const INPUTS = 6;

function axesOf(shape: readonly number[], lengths: readonly number[], periodic: boolean): SceneAxis[] {
  const side = periodic ? "periodic" : "open";
  return shape.map((points, axis) => ({
    name: "xyz"[axis]!,
    points,
    coordinates: Float64Array.from({ length: points }, (_, i) => (i / points) * lengths[axis]!),
    unit: null,
    boundary: [side, side],
  }));
}

/** A value of a field at a point and a time, off by some amount. */
function wave(part: number, place: readonly number[], time: number, off: number): number {
  const [x = 0, y = 0, z = 0] = place;
  const blob = Math.exp(-18 * ((x - 0.3 - 0.02 * time) ** 2 + (y - 0.55) ** 2 + (z - 0.5) ** 2));
  const ripple = Math.sin(9 * x + 4 * y + 6 * z + 0.25 * time + off) * Math.cos(7 * y - 2 * x - 0.1 * time);
  return part === 0 ? 0.45 + 0.4 * blob + 0.12 * ripple + 0.15 * off : ripple + 0.4 * blob - 0.2 + 0.3 * off;
}

/** A scene. */
export function makeScene(options: SceneOptions = {}): Scene {
  const { shape = [64, 64], planned = 20, computed = 20, truth = 20, members = 0, diverged = null } = options;
  const lengths = options.lengths ?? shape.map((points) => points / shape[0]!);
  const axes = axesOf(shape, lengths, options.periodic ?? true);
  const points = shape.reduce((n, size) => n * size, 1);
  const fields = options.fields ?? 2;
  const twoFields = (time: number, off: number, broken: boolean): FrameNumbers =>
    Array.from({ length: Math.min(2, fields) }, (_, part) => {
      const numbers = new Float32Array(points);
      for (let i = 0; i < points; i++) {
        let rest = i;
        const place = shape.map(() => 0);
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          place[axis] = (rest % shape[axis]!) / shape[axis]!;
          rest = Math.floor(rest / shape[axis]!);
        }
        numbers[i] = wave(part % 2, place, time, off * (0.4 + (place[0] ?? 0)));
        if (broken && place[0]! > 0.7 && (place[1] ?? 0) > 0.6) numbers[i] = part % 2 ? Infinity : NaN;
      }
      return numbers;
    });
  // Further fields hold the same numbers.
  const frame = (time: number, off: number, broken = false): FrameNumbers => {
    const two = twoFields(time, off, broken);
    return Array.from({ length: fields }, (_, part) => two[part % 2]!);
  };
  const track = (id: string, label: string, slope: number): Track => ({
    id,
    label,
    first: 1,
    frames: Array.from(
      { length: computed },
      (_, i) => frame(i + 1, slope * (i + 1), diverged !== null && i + 1 >= diverged),
    ),
  });
  const a = track("a", options.compare ? "small" : "forecast", 0.02);
  const ensemble = Array.from(
    { length: members },
    (_, i) => i === 0 ? { ...a, label: "seed 0" } : track(`member ${i}`, `seed ${i}`, 0.02 + 0.008 * (i - 1)),
  );
  const [mean, spread] = members > 1 ? summary(ensemble) : [null, null];
  const hidden = options.hidden
    ? Uint8Array.from({ length: points }, (_, i) => {
      const [x, y] = [Math.floor(i / (shape[1] ?? 1)) / shape[0]!, (i % (shape[1] ?? 1)) / (shape[1] ?? 1)];
      return (x - 0.5) ** 2 * (lengths[0]! / (lengths[1] ?? 1)) ** 2 + (y - 0.45) ** 2 < 0.06 ? 1 : 0;
    })
    : null;
  const quantities = Array.from({ length: fields }, (_, i): Quantity => ({
    key: i < 2 ? "AB"[i]! : `F${i}`,
    label: i < 2 ? ["A", "velocity x"][i]! : `tracer ${i}`,
    field: i < 2 ? "AB"[i]! : `F${i}`,
    unit: i === 1 ? "m/s" : null,
    signed: i % 2 === 1,
    positive: i % 2 === 0,
  }));
  const curve = (rate: number) =>
    quantities.map((_, q) =>
      Array.from({ length: computed }, (_, i) => i < truth ? rate * (i + 1) ** (0.9 + 0.1 * q) : NaN)
    );
  const b = options.compare ? track("b", "finetuned", 0.008) : null;
  const scores: Scores[] = truth === 0 ? [] : [
    { id: "a", label: a.label, vrmse: curve(0.012) },
    ...(b ? [{ id: "b", label: b.label, vrmse: curve(0.0113) }] : []),
    ...ensemble.slice(1).map(({ id, label }, i) => ({ id, label, vrmse: curve(0.011 + 0.002 * i) })),
    ...(mean ? [{ id: "mean", label: "mean", vrmse: curve(0.0095) }] : []),
    { id: "persistence", label: "persistence", vrmse: curve(0.025) },
  ];
  return {
    id: 1,
    name: "waves",
    grid: { axes, points, system: "cartesian" },
    quantities,
    steps: {
      inputs: INPUTS,
      planned,
      truth,
      times: Float64Array.from({ length: INPUTS + planned }, (_, i) => 0.05 * i),
      timeUnit: null,
    },
    hidden,
    truth: {
      id: "truth",
      label: "truth",
      first: 1 - INPUTS,
      frames: Array.from({ length: INPUTS + truth }, (_, i) => frame(i + 1 - INPUTS, 0)),
    },
    a,
    b,
    members: ensemble,
    mean,
    spread,
    quantiles: [],
    checks: NO_CHECKS,
    computed,
    running: options.running ?? false,
    diverged,
    scores,
    provenance: {
      data: "waves.hdf5",
      trajectory: 0,
      split: "all",
      start: 0,
      stride: 1,
      seed: 0,
      draws: true,
      models: { a: "Walrus small", ...(b ? { b: "Walrus small, finetuned" } : {}) },
      device: "WASM, 1 thread",
      weights: "f32",
      grid: shape.join(" x "),
      map: {},
      boundaries: {},
      version: "0.1.0",
    },
  };
}

/** Mean and standard deviation of some tracks. */
function summary(tracks: readonly Track[]): [Track, Track] {
  const of = (id: string, combine: (values: number[]) => number): Track => ({
    id,
    label: id,
    first: 1,
    frames: tracks[0]!.frames.map((frame, step) =>
      frame!.map((numbers, q) =>
        numbers!.map((_, i) => combine(tracks.map(({ frames }) => frames[step]![q]![i]!)))
      )
    ),
  });
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [
    of("mean", mean),
    of("spread", (values) => {
      const middle = mean(values);
      return Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
    }),
  ];
}
