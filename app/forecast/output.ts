// What a forecast leaves behind: a Well-layout HDF5 file, a picture, an animation. Each file is whole or absent.

import type { Trajectory } from "../../lib/data/well.ts";
import type { Window } from "../../lib/data/window.ts";
import { type WritableField, writeWell } from "../../lib/data/write_well.ts";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import type { Frame } from "../../lib/forecast/rollout.ts";
import { renderAnimation, renderPicture } from "./picture.ts";
import type { ForecastView } from "./view.ts";

/** Real components of a group of channels, as the file's own dimensionality stores them. */
function realChannels(window: Window, start: number, components: number): number[] {
  return Array.from({ length: components }, (_, c) => start + c).filter((c) => window.channelMask[c] === 1);
}

/** Channels of frames gathered field by field: `[frames, points, components]`. */
function fieldsOf(window: Window, frames: readonly Float32Array[]): WritableField[] {
  const count = window.channels.length;
  return window.groups.map(({ name, order, start, components }) => {
    const channels = realChannels(window, start, components);
    const points = window.shape[0] * window.shape[1] * window.shape[2];
    const data = new Float32Array(frames.length * points * channels.length);
    let at = 0;
    for (const frame of frames) {
      for (let p = 0; p < points; p++) for (const c of channels) data[at++] = frame[p * count + c]!;
    }
    return { name, order, data, constant: false };
  });
}

/** Constant fields as they are; their components are real in the file's dimensionality only. */
function constantFields(window: Window, dimensions: number): WritableField[] {
  const count = window.constantChannels.length;
  return window.constantGroups.map(({ name, order, start, components }) => {
    const width = Math.round(components ** (1 / Math.max(1, order)));
    const kept = Array.from({ length: components }, (_, c) => c).filter((c) =>
      order === 0 || (c % width < dimensions && Math.floor(c / width) < (order === 2 ? dimensions : 1))
    );
    const points = window.shape[0] * window.shape[1] * window.shape[2];
    const data = new Float32Array(points * kept.length);
    let at = 0;
    for (let p = 0; p < points; p++) {
      for (const c of kept) data[at++] = window.constants[p * count + start + c]!;
    }
    return { name, order, data, constant: true };
  });
}

/** Writes the forecast in The Well's layout. */
export async function writeForecast(
  path: string,
  input: string,
  trajectory: Trajectory,
  window: Window,
  frames: readonly Frame[],
  signal: AbortSignal,
): Promise<void> {
  const { metadata } = trajectory;
  using source = await openHdf5(input);
  const axes: { name: string; coordinates: Float32Array }[] = [];
  for (const [i, name] of metadata.axes.entries()) {
    const stored = await source.readFloat32(`dimensions/${name}`);
    const n = metadata.resolution[i]!;
    // Coordinates that differ between trajectories are stored for each.
    const offset = stored.length > n ? trajectory.index * n : 0;
    axes.push({ name, coordinates: stored.slice(offset, offset + n) });
  }
  const numbers = Object.entries(metadata.parameters).filter((e): e is [string, number] =>
    typeof e[1] === "number"
  );
  const bytes = await writeWell({
    dataset: `${metadata.dataset}_walrus_forecast`,
    gridType: metadata.gridType,
    axes,
    times: Float64Array.from(frames, (f) => f.time),
    boundaries: metadata.boundaries,
    fields: [
      ...fieldsOf(window, frames.map((f) => f.values)),
      ...constantFields(window, metadata.axes.length),
    ],
    parameters: Object.fromEntries(numbers),
  });
  await writeFileAtomic(path, bytes, signal);
}

/** Writes picture and animation. */
export async function writePictures(
  folder: string,
  view: ForecastView,
  signal: AbortSignal,
): Promise<string[]> {
  const [picture, animation] = [`${folder}/forecast.png`, `${folder}/forecast.gif`];
  await writeFileAtomic(picture, await renderPicture(view), signal);
  signal.throwIfAborted();
  await writeFileAtomic(animation, await renderAnimation(view), signal);
  return [picture, animation];
}
