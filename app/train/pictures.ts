// Forecasts of one held-out window of each system as a run learns: the middle plane of a frame, kept for a few
// validations in one file a system, whole or absent, and drawn beside the truth.

import type { FieldMap, Sample } from "walrus";
import { openCheckpoint, streamSafetensors, writeFileAtomic } from "walrus/io";
import { findNotFinite } from "walrus/data";
import { scoredNames } from "walrus/metrics";
import { type ForecastHost, rollout } from "walrus/models";
import type { ValidationSystem } from "walrus/train";
import { drawFigure } from "../forecast/figure.ts";
import { channelsOf, type ForecastView, gridShape } from "../forecast/view.ts";

/** Validations of which pictures are kept: the first, the last, and some between. */
const MOST_KEPT = 4;

/** How forecasts are made. */
export interface PictureOptions {
  /** Steps ahead; fewer where a trajectory ends. */
  readonly steps: number;
  /** Whether forecasts use random draws. */
  readonly draws: boolean;
  readonly fieldMap: FieldMap;
}

/** What does not change from one validation to the next. */
interface Subject {
  readonly dataset: string;
  readonly channels: readonly string[];
  readonly axisNames: readonly string[];
  /** Points along the two drawn axes, and along the third. */
  readonly shape: readonly [number, number, number];
  readonly ahead: number;
  readonly time: number;
}

/** Frames of one system: `truth`, and by training step what was forecast, each `[X, Y, C]`. */
interface Kept {
  readonly subject: Subject;
  readonly truth: Float32Array;
  readonly forecasts: ReadonlyMap<number, Float32Array>;
}

/** The middle plane of a frame; cells that are hidden are no numbers. */
function planeOf(frame: Sample): Float32Array {
  const [X, Y, Z] = gridShape(frame.info);
  const real = channelsOf(frame);
  const channels = real.length / (X * Y * Z);
  const plane = new Float32Array(X * Y * channels);
  for (let point = 0; point < X * Y; point++) {
    const from = point * Z + Math.floor(Z / 2);
    const values = real.subarray(from * channels, (from + 1) * channels);
    if (frame.hidden?.[from]) plane.fill(NaN, point * channels, (point + 1) * channels);
    else plane.set(values, point * channels);
  }
  return plane;
}

/**
 * Which steps stay when only some may: the first and the last, and of those between the ones that leave the smallest
 * gaps go first.
 *
 * @param steps in rising order
 * @param most at least two
 */
export function thinned(steps: readonly number[], most: number): number[] {
  const kept = [...steps];
  while (kept.length > most) {
    const gaps = kept.slice(2).map((step, i) => step - kept[i]!);
    kept.splice(gaps.indexOf(Math.min(...gaps)) + 1, 1);
  }
  return kept;
}

/** Pictures of a run. */
export class Pictures {
  readonly #folder: string;

  /** @param folder of the run */
  constructor(folder: string) {
    this.#folder = `${folder}/pictures`;
  }

  #path(name: string): string {
    return `${this.#folder}/${name}.safetensors`;
  }

  /** Names of the systems that have pictures, in order. */
  async #names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#folder));
      return entries.flatMap(({ name }) => /^(.+)\.safetensors$/.exec(name)?.[1] ?? []).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  async #read(name: string): Promise<Kept | null> {
    try {
      using file = await openCheckpoint(this.#path(name));
      const tensors = new Map<string, Float32Array>();
      for (const [step, tensor] of file.tensors) tensors.set(step, await tensor.read());
      const truth = tensors.get("truth")!;
      tensors.delete("truth");
      const forecasts = [...tensors].map(([step, plane]) => [Number(step), plane] as const)
        .sort(([a], [b]) => a - b);
      return {
        subject: JSON.parse(file.metadata.get("subject")!) as Subject,
        truth,
        forecasts: new Map(forecasts),
      };
    } catch (error) {
      // Missing or damaged: made again, a run does not end for a picture.
      if (error instanceof RangeError || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  async #write(name: string, { subject, truth, forecasts }: Kept): Promise<void> {
    const [X, Y] = subject.shape;
    const shape = [X, Y, subject.channels.length];
    const steps = thinned([...forecasts.keys()], MOST_KEPT);
    const tensors = [
      { name: "truth", shape, read: () => truth },
      ...steps.map((step) => ({ name: String(step), shape, read: () => forecasts.get(step)! })),
    ];
    const metadata = { subject: JSON.stringify(subject) };
    await writeFileAtomic(this.#path(name), streamSafetensors(tensors, "f32", metadata));
  }

  /**
   * Forecasts the first frames of the middle held-out trajectory of a system, and keeps the last frame.
   *
   * @param host the network in training
   * @param system held-out data
   * @param step optimiser steps done
   * @param options how far
   */
  async take(
    host: ForecastHost,
    { split, frames, statistics }: ValidationSystem,
    step: number,
    { steps, draws, fieldMap }: PictureOptions,
  ): Promise<void> {
    const trajectory = split.trajectory(Math.floor(split.trajectories / 2));
    const ahead = Math.min(Math.max(1, steps), trajectory.steps - frames);
    if (ahead < 1) return;
    const start = await trajectory.sample(Array.from({ length: frames }, (_, t) => t));
    // What is left out of the scores has no picture either.
    if (findNotFinite(start)) return;
    const options = { steps: ahead, draws, map: fieldMap, statistics: statistics ?? null };
    const predicted = (await Array.fromAsync(rollout(host, start, options))).at(-1)!;
    const truth = await trajectory.sample([frames - 1 + ahead]);
    const before = await this.#read(split.dataset);
    const subject: Subject = {
      dataset: split.dataset,
      channels: scoredNames(start.info),
      axisNames: start.info.grid.axes,
      shape: gridShape(start.info),
      ahead,
      time: truth.times[0]!,
    };
    // Another horizon has another truth: earlier pictures can not stand beside it.
    const same = JSON.stringify(before?.subject) === JSON.stringify(subject);
    const kept = same ? [...before!.forecasts].filter(([other]) => other < step) : [];
    await this.#write(split.dataset, {
      subject,
      truth: planeOf(truth),
      forecasts: new Map([...kept, [step, planeOf(predicted)]]),
    });
  }

  /** Takes away what lies after a step: a run that is resumed makes it again. */
  async rewind(step: number): Promise<void> {
    for (const name of await this.#names()) {
      const kept = await this.#read(name);
      const left = [...kept?.forecasts ?? []].filter(([other]) => other <= step);
      if (!kept || left.length === 0) await Deno.remove(this.#path(name));
      else if (left.length < kept.forecasts.size) {
        await this.#write(name, { ...kept, forecasts: new Map(left) });
      }
    }
  }

  /** Every system's figure as SVG: a row a validation. */
  async draw(): Promise<string[]> {
    const figures: string[] = [];
    for (const name of await this.#names()) {
      const kept = await this.#read(name);
      if (kept) figures.push(figureOf(kept));
    }
    return figures;
  }
}

function figureOf({ subject, truth, forecasts }: Kept): string {
  const { dataset, channels, axisNames, shape: [X, Y, Z], ahead, time } = subject;
  const rows = [...forecasts.keys()];
  const view: ForecastView = {
    dataset,
    shape: [X, Y, 1],
    channels,
    axisNames,
    times: rows.map(() => time),
    truth: rows.map(() => truth),
    forecast: [...forecasts.values()],
    // The truth has no other numbers that are not finite.
    hidden: Uint8Array.from({ length: X * Y }, (_, i) => Number.isNaN(truth[i * channels.length]!) ? 1 : 0),
  };
  const plane = Z > 1 ? `, middle plane of ${X} x ${Y} x ${Z}` : "";
  return drawFigure(view, {
    steps: rows.map((_, i) => i),
    // A long thin grid gets taller panels, or it would vanish.
    panel: Math.max(96, Math.min(220, Math.round(96 * Math.max(X, Y) / Math.min(X, Y) / 2))),
    title: [
      dataset,
      `${ahead} ${
        ahead === 1 ? "frame" : "frames"
      } ahead of a held-out window${plane}; error = forecast - truth`,
    ],
    rowNames: rows.map((step) => ["after step", String(step)]),
    widest: 1040,
    compact: true,
  });
}
