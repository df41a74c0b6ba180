// What files hold of a scene: every track that is there, step by step, as plain arrays under names that say whose they
// are. The worker is given only this.

import { QUANTILES, type Scene, type SceneAxis, timeOf, type Track } from "../scene.ts";

/** Numbers of a quantity in one track: `[steps, ..points]`, NaN where a frame is not there. */
export interface FileArray {
  /** `truth`, `forecast`, `mean`, `spread`, `quantile_10`, `member_2`. */
  readonly track: string;
  /** Key of the quantity, and the field it is a component of. */
  readonly key: string;
  readonly field: string;
  readonly data: Float32Array<ArrayBuffer>;
}

/** A scene as files hold it. */
export interface FileScene {
  readonly name: string;
  readonly axes: readonly SceneAxis[];
  readonly system: string;
  /** Steps from 1, and their times. */
  readonly steps: number;
  readonly times: Float64Array<ArrayBuffer>;
  readonly hidden: Uint8Array | null;
  readonly arrays: readonly FileArray[];
  /** How the forecast was made: names and numbers. */
  readonly provenance: Readonly<Record<string, string | number>>;
}

/** Tracks of a scene by the names that files give them. */
export function fileTracks(
  { truth, a, b, members, mean, spread, quantiles, steps }: Scene,
): [string, Track][] {
  const tracks: [string, Track][] = [];
  if (steps.truth > 0) tracks.push(["truth", truth]);
  tracks.push(["forecast", a]);
  if (b) tracks.push(["forecast_b", b]);
  if (mean) tracks.push(["mean", mean]);
  if (spread) tracks.push(["spread", spread]);
  quantiles.forEach((track, i) => tracks.push([`quantile_${100 * QUANTILES[i]!}`, track]));
  members.forEach((member, i) => member.id !== a.id && tracks.push([`member_${i + 1}`, member]));
  return tracks;
}

/** Frames 1 to `steps` of a quantity, one after the other. */
function stacked(track: Track, quantity: number, steps: number, points: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(steps * points).fill(NaN);
  for (let step = 1; step <= steps; step++) {
    const numbers = track.frames[step - track.first]?.[quantity];
    if (numbers) data.set(numbers, (step - 1) * points);
  }
  return data;
}

/** How a scene was made, as attributes. */
export function provenanceOf(
  { name, quantities, steps, members, provenance }: Scene,
): FileScene["provenance"] {
  const { models, map, boundaries, draws, ...plain } = provenance;
  const units = Object.fromEntries(quantities.map(({ key, unit }) => [key, unit ?? "not given"]));
  return {
    software: "Walrus in TypeScript",
    ...plain,
    dataset_name: name,
    random_draws: draws ? "yes" : "no",
    ...Object.fromEntries(
      Object.entries(models).map(([id, model]) => [id === "a" ? "model" : `model_${id}`, model]),
    ),
    ...(Object.keys(map).length > 0 ? { field_map: JSON.stringify(map) } : {}),
    ...(Object.keys(boundaries).length > 0 ? { boundaries_taken_as: JSON.stringify(boundaries) } : {}),
    input_frames: steps.inputs,
    steps_with_truth: steps.truth,
    units: JSON.stringify(units),
    time_unit: steps.timeUnit ?? "not given",
    ...(members.length > 1 ? { members: members.length, spread: "standard deviation, n - 1" } : {}),
  };
}

/** What files hold of a scene, as far as it is computed. */
export function fileScene(scene: Scene): FileScene {
  const { grid, quantities, computed, hidden } = scene;
  return {
    name: scene.name,
    axes: grid.axes,
    system: grid.system,
    steps: computed,
    times: Float64Array.from({ length: computed }, (_, i) => timeOf(scene.steps, i + 1)),
    hidden,
    arrays: fileTracks(scene).flatMap(([track, frames]) =>
      quantities.map(({ key, field }, quantity) => ({
        track,
        key,
        field,
        data: stacked(frames, quantity, computed, grid.points),
      }))
    ),
    provenance: provenanceOf(scene),
  };
}

/** Arrays that may go to the worker for good: all are made for it. */
export function transferable({ arrays, times }: FileScene): ArrayBuffer[] {
  return [times.buffer, ...arrays.map(({ data }) => data.buffer)];
}
