// The frames of a forecast as they are drawn: a few at a time, the truth read again for those.

import type { Trajectory } from "walrus";
import { scoredNames } from "walrus/metrics";
import type { SampleInfo } from "walrus";
import { figurePixels } from "./figure.ts";
import type { ForecastOptions } from "./options.ts";
import { animationOptions, chooseSteps, type Drawable, pictureOptions } from "./picture.ts";
import type { Recording } from "./recording.ts";
import { channelFields, channelsOf, gridLengths, gridShape, type PlaneChoice } from "./view.ts";

/**
 * The plane that was asked for.
 *
 * @returns undefined for the usual one
 * @throws RangeError for data without a third axis, an axis they do not have, or a point beyond its last
 */
export function planeOf({ grid }: SampleInfo, plane: ForecastOptions["plane"]): PlaneChoice | undefined {
  if (!plane) return undefined;
  const shown = `${plane.axis}=${plane.index}`;
  if (grid.shape.length < 3) {
    throw new RangeError(
      `--plane is ${shown}, the data are a plane: they have ${grid.axes.join(" and ")} only`,
    );
  }
  const axis = grid.axes.indexOf(plane.axis);
  if (axis < 0) {
    throw new RangeError(`--plane is ${shown}, the axes of the data are ${grid.axes.join(", ")}`);
  }
  const points = grid.shape[axis]!;
  if (plane.index < points) return { axis, index: plane.index };
  throw new RangeError(`--plane is ${shown}, axis ${plane.axis} has points 0 to ${points - 1}`);
}

/** Pixels of a frame of the animation, and of the largest picture. */
export function pixelsOf(
  info: SampleInfo,
  plane: PlaneChoice | undefined,
): { animation: number; largest: number } {
  const extent = {
    shape: gridShape(info),
    ...gridLengths(info),
    channels: scoredNames(info),
    ...(plane ? { plane } : {}),
  };
  const animation = figurePixels(extent, animationOptions(extent));
  const picture = figurePixels(extent, pictureOptions(chooseSteps(4)));
  return { animation, largest: Math.max(animation, picture) };
}

/**
 * The frames of a forecast, to draw.
 *
 * @param recording the forecast
 * @param trajectory that holds the truth
 * @param truthIndex number of the true frame of a step, counted from 1
 * @param plane of 3D data
 */
export function drawable(
  recording: Recording,
  trajectory: Trajectory,
  truthIndex: (step: number) => number,
  plane: PlaneChoice | undefined,
): Drawable {
  const { info, hidden, times, count } = recording;
  const truthOf = async (step: number) => {
    const index = truthIndex(step + 1);
    return index < trajectory.steps ? channelsOf(await trajectory.sample([index])) : null;
  };
  return {
    steps: count,
    async view(steps) {
      const truth: (Float32Array | null)[] = [];
      for (const step of steps) truth.push(await truthOf(step));
      return {
        dataset: info.dataset,
        shape: gridShape(info),
        ...gridLengths(info),
        channels: scoredNames(info),
        fields: channelFields(info),
        axisNames: info.grid.axes,
        times: steps.map((step) => times[step]!),
        truth,
        forecast: steps.map((step) => channelsOf(recording.frame(step))),
        hidden,
        ...(plane ? { plane } : {}),
      };
    },
  };
}
