// A unit of a rollout: every step scored, the whole of it too, spectra at some steps, planes to be drawn.

import type { Forecaster, Sample, Trajectory } from "walrus";
import { findNotFinite } from "walrus/data";
import { frameAfter } from "walrus/models";
import {
  breaks,
  histogramW1,
  physics,
  type PhysicsMap,
  type PhysicsMeasure,
  powerSpectrum,
  type ScoredTrajectory,
  timeWarping,
} from "walrus/metrics";
import { type Component, componentsOf, embedded, periodicAxes, planesOf } from "./frames.ts";
import { keepPlanes } from "./planes.ts";
import { scoreFrame, scoreOf } from "./score_frame.ts";
import type { FrameScores, PhysicsPart, RolloutPart, View } from "./units.ts";

/** Numbers of a rollout beyond which its whole is not compared: it would take 16 bytes each. */
export const MOST_WHOLE = 2 ** 27;

/** How a rollout is scored. */
export interface RolloutUnit {
  /** First predicted frame. */
  readonly start: number;
  readonly steps: number;
  /** Steps at which spectra are taken. */
  readonly spectra: readonly number[];
  /** Whether planes are kept. */
  readonly planes: boolean;
  /** Names of fields in the network's table, where they differ; null: physics is not looked at. */
  readonly physics: PhysicsMap | null;
  /** Told every predicted frame: the fields that vary, and the time. */
  readonly onFrame?: (values: readonly Float32Array[], time: number) => void;
}

/** Components of all frames side by side: `[T, points, C]`. */
class Whole {
  readonly #frames: Float32Array[] = [];
  readonly #channels: number;

  constructor(channels: number) {
    this.#channels = channels;
  }

  add(planes: readonly Float32Array[]): void {
    const frame = new Float32Array(planes[0]!.length * this.#channels);
    for (const [c, plane] of planes.entries()) {
      for (let i = 0; i < plane.length; i++) frame[i * this.#channels + c] = plane[i]!;
    }
    this.#frames.push(frame);
  }

  joined(): ScoredTrajectory {
    const size = this.#frames[0]!.length;
    const values = new Float32Array(size * this.#frames.length);
    for (const [t, frame] of this.#frames.entries()) values.set(frame, t * size);
    return { values, steps: this.#frames.length, channels: this.#channels };
  }
}

function scoreWhole(predicted: Whole, truth: Whole): FrameScores {
  const [x, y] = [predicted.joined(), truth.joined()];
  const { distance, distortion } = timeWarping(x, y);
  return {
    HistogramW1: histogramW1(x, y).map(scoreOf),
    TimeWarpingDistance: distance.map(scoreOf),
    TimeWarpingDistortion: distortion.map(scoreOf),
  };
}

function spectraOf(planes: readonly Float32Array[], { info, hidden }: Sample) {
  const options = { periodic: periodicAxes(info), hidden };
  return planes.map((plane) => powerSpectrum(plane, info.grid.shape, options).power.map(scoreOf));
}

/** What physics measures, frame by frame: of the truth one more, the last that the forecast starts from. */
interface Measured {
  readonly truth: PhysicsMeasure[][];
  readonly forecast: PhysicsMeasure[][];
}

function physicsPart({ truth, forecast }: Measured): PhysicsPart {
  const values = (frames: readonly PhysicsMeasure[][], i: number) =>
    frames.map((measures) => scoreOf(measures[i]!.value));
  return {
    series: (truth[0] ?? []).map(({ kind, name }, i) => ({
      check: `${kind} ${name}`,
      forecast: values(forecast, i),
      truth: values(truth.slice(1), i),
    })),
    breaks: breaks(truth, forecast).map(({ kind, name, step, text }) => ({
      check: `${kind} ${name}`,
      step,
      message: text,
    })),
  };
}

/**
 * Scores a rollout.
 *
 * @param forecast what is scored
 * @param trajectory that it continues
 * @param view how the network sees the data
 * @param unit from where, how far, what is kept
 * @param signal ends it
 */
export async function scoreRolloutOf(
  forecast: Forecaster,
  trajectory: Trajectory,
  { context, transforms }: View,
  { start: first, steps: most, spectra: spectraSteps, planes: keep, physics: map, onFrame }: RolloutUnit,
  signal: AbortSignal,
): Promise<Omit<RolloutPart, "cost"> & { readonly stepSeconds: readonly number[] }> {
  const { name } = trajectory;
  const inputs = Array.from({ length: context }, (_, i) => first - context + i);
  const start = await trajectory.sample(inputs);
  const fault = findNotFinite(start, inputs);
  const spectra: { steps: number[]; truth: (number | null)[][][]; forecast: (number | null)[][][] } = {
    steps: [],
    truth: [],
    forecast: [],
  };
  if (fault) {
    const leftOut = { name, why: fault };
    return { steps: [], whole: {}, spectra, planes: null, physics: null, leftOut, stepSeconds: [] };
  }
  const components: Component[] = componentsOf(start, transforms);
  const numbers = most * components.length * start.info.grid.shape.reduce((n, size) => n * size, 1);
  const [own, real] = [new Whole(components.length), new Whole(components.length)];
  const planes = keep
    ? keepPlanes(start.info, components.map((component) => component.name), start.hidden, most)
    : null;
  const measured: Measured | null = map ? { truth: [physics(start, { map })], forecast: [] } : null;
  const steps: FrameScores[] = [];
  const stepSeconds: number[] = [];
  let leftOut: RolloutPart["leftOut"] = null;
  let began = performance.now();
  for await (const values of forecast(start, most)) {
    stepSeconds.push((performance.now() - began) / 1000);
    signal.throwIfAborted();
    const step = steps.length + 1;
    const frame = first + step - 1;
    const truth = await trajectory.sample([frame]);
    const why = findNotFinite(truth, [frame]);
    if (why) {
      leftOut = { name, why };
      break;
    }
    onFrame?.(values, truth.times[0]!);
    const predicted = planesOf(values, components, truth.hidden);
    const wanted = planesOf(truth.values, components, truth.hidden);
    steps.push(scoreFrame(predicted, wanted, embedded(truth.info)));
    if (numbers <= MOST_WHOLE) {
      own.add(predicted);
      real.add(wanted);
    }
    if (spectraSteps.includes(step)) {
      spectra.steps.push(step);
      spectra.truth.push(spectraOf(wanted, truth));
      spectra.forecast.push(spectraOf(predicted, truth));
    }
    planes?.add(step, wanted, predicted);
    if (map) {
      measured!.truth.push(physics(truth, { map }));
      measured!.forecast.push(physics(frameAfter(start, values, step, truth.times[0]!), { map }));
    }
    began = performance.now();
  }
  const whole = steps.length > 0 && numbers <= MOST_WHOLE ? scoreWhole(own, real) : {};
  return {
    steps,
    whole,
    spectra,
    planes: planes?.finish() ?? null,
    physics: measured && steps.length > 0 ? physicsPart(measured) : null,
    leftOut,
    stepSeconds,
  };
}
