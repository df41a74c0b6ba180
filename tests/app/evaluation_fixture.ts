// Evaluations that no network was needed for: made-up scores and moving waves, as the engine writes them.

import {
  type Curve,
  type DatasetEvaluation,
  ENSEMBLE_SERIES,
  type EnsembleSeries,
  type Evaluation,
  type ForecasterScores,
  type Score,
  type Statistic,
  type StepWindow,
  type TrajectoryPictures,
} from "../../app/evaluate/evaluation.ts";

/** What is made up. */
export interface FixtureOptions {
  /** Names of networks, the best first. */
  readonly checkpoints?: readonly string[];
  /** Data sets with their scenarios. */
  readonly datasets?: readonly (readonly [string, string | null])[];
  readonly trajectories?: number;
  readonly steps?: number;
  /** Errors are multiplied by it. */
  readonly factor?: number;
  readonly fields?: readonly string[];
  /** Points of the pictures. */
  readonly points?: number;
}

/** A number from 0 to 1 that depends on some others. */
function noise(...parts: readonly number[]): number {
  const x = Math.sin(parts.reduce((sum, part, i) => sum + part * (12.9898 + 31.7 * i), 1)) * 43758.5453;
  return x - Math.floor(x);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

function statistic(values: readonly number[]): Statistic {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    median: medianOf(values),
    lowerMedian: sorted[Math.floor((sorted.length - 1) / 2)]!,
    mean,
    std: values.length > 1 ? 0.1 * mean : null,
    count: values.length,
    interval: values.length > 1 ? [sorted[0]!, sorted.at(-1)!] : null,
    seeds: [medianOf(values)],
    spread: null,
  };
}

const WINDOWS: readonly StepWindow[] = [
  { name: "T[1:20]", from: 1, to: 20 },
  { name: "T[21:60]", from: 21, to: 60 },
];

/** Planes of waves as the engine packs them. */
function packed(steps: number, points: number, phase: number, shift: number): string {
  const view = new DataView(new ArrayBuffer(2 * steps * points * points));
  for (let i = 0; i < steps * points * points; i++) {
    const [t, x, y] = [Math.floor(i / points ** 2), Math.floor(i / points) % points, i % points];
    const value = Math.sin(0.5 * t + phase + 12 * x / points) * Math.cos(9 * y / points + shift * t);
    view.setUint16(2 * i, Math.round(65534 * (value + 1) / 2), true);
  }
  return new Uint8Array(view.buffer).toBase64();
}

function scoresOf(
  kind: ForecasterScores["kind"],
  size: number,
  number: number,
  options: Required<FixtureOptions>,
): ForecasterScores {
  const { trajectories, steps, fields } = options;
  const components = ["full", ...fields];
  const error = (trajectory: number, component: number, step: number) => {
    const own = 0.7 + 0.6 * noise(trajectory, 3) + 0.1 * noise(trajectory, component, number, step);
    const grown = kind === "linear" ? 1.3 ** step : step ** 0.6;
    return Number((size * own * (1 + 0.3 * component) * grown).toPrecision(8));
  };
  const range = (n: number) => [...Array(n).keys()];
  const series = (trajectory: number, component: number) =>
    range(steps).map((step) => error(trajectory, component, step + 1));
  const curve = (component: number): Curve => {
    const at = range(steps).map((step) => range(trajectories).map((t) => error(t, component, step + 1)));
    const ends = trajectories > 1;
    return {
      median: at.map(medianOf),
      mean: at.map((values) => statistic(values).mean),
      low: at.map((values) => ends ? Math.min(...values) : null),
      high: at.map((values) => ends ? Math.max(...values) : null),
      counts: at.map(() => trajectories),
    };
  };
  const window = (from: number, to: number) => {
    const own = range(trajectories).map((t) => {
      const values = series(t, 0).slice(from - 1, to);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    });
    const value = medianOf(own);
    const { interval } = statistic(own);
    return { value, interval, seeds: [value], spread: null, trajectories: statistic(own) };
  };
  const metric = (factor: number) =>
    Object.fromEntries(components.map((name, c) => {
      const { median, lowerMedian, mean, std } = statistic(
        range(trajectories).map((t) => factor * error(t, c, 1)),
      );
      return [name, {
        median,
        lowerMedian,
        mean,
        std,
        intervals: { "0:1": median, "1:2": 1.2 * median!, "2:2": null },
      }];
    }));
  const metrics = {
    VRMSE: metric(1),
    PearsonR: metric(0.3),
    LInfinity: metric(4),
    spectral_error_nmse_per_bin_0: metric(0.4),
  };
  const network = kind === "checkpoint";
  const wavenumbers = range(31).map((k) => k + 1);
  const byComponent = <T>(make: (c: number) => T) =>
    Object.fromEntries(components.map((name, c) => [name, make(c)]));
  const numbers = (value: number) => byComponent(() => range(steps).map((): Score => value));
  return {
    kind,
    oneStep: {
      vrmse: statistic(range(trajectories).map((t) => error(t, 0, 1))),
      metrics,
      windows: range(trajectories).flatMap((trajectory) =>
        range(4).map((w) => ({
          trajectory,
          seed: 1,
          frame: 6 + w,
          vrmse: error(trajectory, 0, 1) * (1 + 0.01 * w),
        }))
      ),
    },
    rollouts: range(trajectories).map((trajectory) => ({
      trajectory,
      seed: 1,
      steps: {
        VRMSE: byComponent((c) => series(trajectory, c)),
        ...Object.fromEntries([0, 1, 2].map((bin) => [
          `spectral_error_nmse_per_bin_${bin}`,
          byComponent((c) => series(trajectory, c).map((value) => Math.min(1, value ** 2 * (bin + 0.2)))),
        ])),
      },
      whole: { HistogramW1: byComponent(() => 0.1) },
    })),
    windows: {
      ...Object.fromEntries(
        WINDOWS.filter(({ from }) => from <= steps).map(({ name, from, to }) => [
          name,
          window(from, to),
        ]),
      ),
      all: window(1, steps),
    },
    curves: byComponent(curve),
    metrics,
    spectra: network
      ? Object.fromEntries(fields.map((name) => [
        name,
        [1, steps].map((step) => wavenumbers.map((k) => k ** -2.5 * (1 - size * step / steps * k / 40))),
      ]))
      : null,
    ensemble: network && number === 0
      ? {
        members: 4,
        seeds: [1, 2, 3, 4],
        trajectories,
        cells: 4096 * trajectories * steps,
        steps: ensembleSeries((value) => numbers(value), size),
        all: ensembleSeries((value) => byComponent((): Score => value), size),
        expected: { coverage50: 0.3, coverage80: 0.48, coverage90: 0.54 },
        ranks: byComponent(() => [300, 80, 60, 90, 310]),
      }
      : null,
    physics: network
      ? {
        series: range(trajectories).map((trajectory) => ({
          trajectory,
          seed: 1,
          check: "mass",
          forecast: range(steps).map((step) => 1 + 0.001 * size * step),
          truth: range(steps).map(() => 1),
        })),
        breaks: [{
          trajectory: 0,
          seed: 1,
          check: "mass",
          step: 3,
          message: "mass of the forecast moves by 0.4 %, that of the truth by at most 1e-6",
        }],
        rollouts: trajectories,
        broken: 1,
      }
      : null,
    notFinite: [],
  };
}

/** Made-up scores of ensembles. */
function ensembleSeries<T>(make: (value: number) => T, size: number): Record<EnsembleSeries, T> {
  const values = [0.6, 1, 1.5, 0.5, 0.9, 1.4, 0.4, 0.8, 0.45, 0.8, 1, 0.2, 0.4, 0.5];
  return Object.fromEntries(
    ENSEMBLE_SERIES.map((
      name,
      i,
    ) => [name, make(name.startsWith("coverage") ? values[i]! : size * values[i]!)]),
  ) as Record<EnsembleSeries, T>;
}

function datasetOf(
  name: string,
  scenario: string | null,
  index: number,
  options: Required<FixtureOptions>,
): DatasetEvaluation {
  const { checkpoints, trajectories, steps, factor, fields, points } = options;
  const wavenumbers = [...Array(31).keys()].map((k) => k + 1);
  const kept = [1, Math.ceil(steps / 3), Math.ceil(2 * steps / 3), steps];
  const middle = Math.floor((trajectories - 1) / 2);
  const ranks = { best: 0, median: middle, worst: trajectories - 1 };
  const pictures = checkpoints.flatMap((forecaster): TrajectoryPictures[] =>
    (["best", "median", "worst"] as const).map((rank) => ({
      forecaster,
      rank,
      trajectory: ranks[rank],
      seed: 1,
      score: 0.2 + ranks[rank] / 10,
      plane: null,
      steps: kept,
      shape: [points, points],
      fields: fields.map((component, c) => ({
        component,
        limits: [-1, 1],
        truth: packed(kept.length, points, c + index, 0),
        forecast: packed(kept.length, points, c + index, 0.05 * (1 + ranks[rank])),
      })),
    }))
  );
  return {
    name,
    dataset: name,
    scenario,
    split: "test",
    grid: {
      system: "cartesian",
      axes: ["x", "y"],
      shape: [64, 64],
      boundaries: [["periodic", "periodic"], ["wall", "open"]],
    },
    fields,
    context: 6,
    trajectories: [...Array(trajectories).keys()].map((i) => ({
      name: `"${name}_${i}.hdf5", trajectory 0`,
      frames: 16 + steps,
      start: 16,
      steps,
    })),
    windows: WINDOWS.filter(({ from }) => from <= steps).map((window) => ({
      ...window,
      last: Math.min(window.to, steps),
      label: window.to > steps ? `${window.name} (here ${window.from}:${steps})` : window.name,
    })),
    notes: [`windows end at step ${steps}: trajectories have ${16 + steps} frames`],
    leftOut: [],
    forecasters: Object.fromEntries([
      ...checkpoints.map((own, i) =>
        [own, scoresOf("checkpoint", factor * (0.05 + 0.02 * i + 0.01 * index), i, options)] as const
      ),
      ["persistence", scoresOf("persistence", 0.15 + 0.02 * index, 7, options)] as const,
      ["linear", scoresOf("linear", 0.12, 8, options)] as const,
    ]),
    spectra: {
      steps: [1, steps],
      wavenumbers,
      truth: Object.fromEntries(
        fields.map((field) => [field, [1, steps].map(() => wavenumbers.map((k) => k ** -2.5))]),
      ),
    },
    pictures,
  };
}

/** A made-up evaluation. */
export function madeUpEvaluation(options: FixtureOptions = {}): Evaluation {
  const all: Required<FixtureOptions> = {
    checkpoints: ["walrus_small"],
    datasets: [["shear_flow_mini", "shear_flow"], ["mine", null]],
    trajectories: 7,
    steps: 24,
    factor: 1,
    fields: ["tracer", "velocity_x"],
    points: 16,
    ...options,
  };
  const datasets = all.datasets.map(([name, scenario], i) => datasetOf(name, scenario, i, all));
  const mean = (values: readonly Score[]) =>
    values.reduce((sum: number, value) => sum + value!, 0) / values.length;
  const names = [...all.checkpoints, "persistence", "linear"];
  return {
    version: 1,
    command: "deno task evaluate shear_flow_mini mine --protocol paper --out out/evaluation",
    device: "WASM, 2 threads",
    digest: "0".repeat(64),
    protocol: {
      name: "paper",
      description: "one step from every start; rollouts from frame 17",
      from: 17,
      steps: 60,
      every: 1,
      windows: WINDOWS,
      jitter: false,
      kvCache: false,
      ensemble: 4,
      bootstrap: { resamples: 1000, level: 0.95, seed: 0 },
    },
    seeds: [1],
    checkpoints: all.checkpoints.map((name) => ({
      name,
      checkpoint: `${name}.safetensors`,
      family: "walrus",
      description: "6 blocks of width 96",
    })),
    datasets,
    means: names.map((forecaster) => ({
      forecaster,
      oneStep: mean(datasets.map(({ forecasters }) => forecasters[forecaster]!.oneStep!.vrmse.median)),
      windows: Object.fromEntries(
        WINDOWS.filter(({ from }) => from <= all.steps).map(({ name }) => [
          name,
          mean(datasets.map(({ forecasters }) => forecasters[forecaster]!.windows[name]!.value)),
        ]),
      ),
      reduction: { oneStep: null, windows: {} },
      datasets: datasets.length,
    })),
    costs: datasets.map(({ name }) => ({
      dataset: name,
      forecaster: all.checkpoints[0]!,
      steps: 24,
      secondsPerStep: 0.31,
      seconds: 12.5,
      bytes: 2.1e8,
    })),
  };
}
