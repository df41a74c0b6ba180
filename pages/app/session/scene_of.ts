// From samples of the library to the scene that is shown: one array of points for each component of each frame.

import type { Sample, SampleInfo } from "walrus";
import { componentNames, frameSize } from "walrus/data";
import {
  type FrameNumbers,
  NO_CHECKS,
  type Quantity,
  type Scene,
  type SceneGrid,
  type Track,
} from "../scene.ts";
import { rangeOf } from "../setup/describe.ts";

/** The smaller end must exceed this share of the larger one for a field to count as of both signs. */
const BOTH = 0.1;

/** Components of the fields that vary. */
export function quantitiesOf(input: Sample): Quantity[] {
  const { info } = input;
  return info.fields.flatMap((field, i) => {
    if (field.constant) return [];
    const [low, high] = rangeOf(input.values[i]!) ?? [0, 0];
    const signed = low < 0 && high > 0 && Math.min(-low, high) > BOTH * Math.max(-low, high);
    return componentNames(info, field).map((key) => ({
      key,
      label: key.replaceAll("_", " "),
      field: field.name,
      unit: null,
      signed,
      positive: low > 0,
    }));
  });
}

/** Axes with their coordinates. */
export function gridOf({ grid, boundaries }: SampleInfo): SceneGrid {
  const scattered = grid.axes.length !== grid.coordinates.length;
  return {
    axes: grid.axes.map((name, i) => ({
      name,
      points: grid.shape[i]!,
      coordinates: scattered
        ? Float64Array.from({ length: grid.shape[i]! }, (_, n) => n)
        : grid.coordinates[i]!,
      unit: null,
      boundary: boundaries[i] ?? ["open", "open"],
    })),
    points: grid.shape.reduce((n, size) => n * size, 1),
    system: grid.system,
  };
}

/**
 * A frame of a sample, component by component.
 *
 * @param sample of one or more frames
 * @param frame which of them
 */
export function frameNumbers({ info, values }: Pick<Sample, "info" | "values">, frame: number): FrameNumbers {
  return info.fields.flatMap((field, i) => {
    if (field.constant) return [];
    const size = frameSize(info, field);
    const numbers = values[i]!.subarray(frame * size, (frame + 1) * size);
    const components = componentNames(info, field).length;
    if (components === 1) return [numbers.slice()];
    return Array.from({ length: components }, (_, c) => {
      const part = new Float32Array(size / components);
      for (let p = 0; p < part.length; p++) part[p] = numbers[p * components + c]!;
      return part;
    });
  });
}

/** A track with a frame more, at its end or in a gap. */
export function withFrame(track: Track, step: number, frame: FrameNumbers | null): Track {
  const frames = [...track.frames];
  while (frames.length <= step - track.first) frames.push(null);
  frames[step - track.first] = frame;
  return { ...track, frames };
}

/** Frames of a sample as a track. */
export function trackOf(id: string, label: string, first: number, sample: Sample): Track {
  const frames = Array.from({ length: sample.times.length }, (_, i) => frameNumbers(sample, i));
  return { id, label, first, frames };
}

/** Times of all steps: the input's, then on at the spacing of its last two. */
export function timesOf(input: Float64Array, planned: number): Float64Array {
  const last = input.at(-1) ?? 0;
  const lead = input.length > 1 ? last - input.at(-2)! : 1;
  return Float64Array.from([...input, ...Array.from({ length: planned }, (_, i) => last + (i + 1) * lead)]);
}

/** A scene without any forecast. */
export function firstScene(
  parts: Pick<Scene, "id" | "name" | "provenance"> & { readonly input: Sample; readonly planned: number },
): Scene {
  const { id, name, provenance, input, planned } = parts;
  const inputs = input.times.length;
  return {
    id,
    name,
    grid: gridOf(input.info),
    quantities: quantitiesOf(input),
    steps: { inputs, planned, truth: 0, times: timesOf(input.times, planned), timeUnit: null },
    hidden: input.hidden,
    truth: trackOf("truth", "Truth", 1 - inputs, input),
    a: { id: "a", label: "Forecast", first: 1, frames: [] },
    b: null,
    members: [],
    mean: null,
    spread: null,
    quantiles: [],
    computed: 0,
    running: false,
    diverged: null,
    scores: [],
    checks: NO_CHECKS,
    provenance,
  };
}
