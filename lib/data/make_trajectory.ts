// A trajectory from what a reader of some format gives: fields read by consecutive frames. What all formats share is
// here: which frames exist, the field that hides cells, the end of the data set.

import { frameSize } from "./components.ts";
import type { Sample, SampleField, SampleInfo, Trajectory } from "./dataset.ts";
import { type Lifetime, once } from "./lifetime.ts";
import { checkMasks, hiddenCells, maskKind, type Masks } from "./masks.ts";

/** Most bytes that are read at once. */
const LARGEST_RUN = 64 << 20;

/** What a format gives for a trajectory. */
export interface TrajectorySource {
  /** Path or URL of its file, for messages. */
  readonly file: string;
  /** Its number in the file. */
  readonly index: number;
  /** What its samples are made of; `masked` follows from its fields. */
  readonly info: Omit<SampleInfo, "masked">;
  /** Fields that are masks besides those of the usual names, or against their polarity. */
  readonly masks?: Masks;
  /** Number of frames. */
  readonly steps: number;
  /** Ends with the data set. */
  readonly lifetime: Lifetime;
  /** Reads the time of every frame. */
  readTimes(): Promise<Float64Array>;
  /**
   * Reads consecutive frames of a field.
   *
   * @param field place in `info.fields`
   * @param first frame; 0 for a constant field
   * @param count frames; 1 for a constant field
   * @returns `[count, ..points, ..components]`, which becomes the caller's
   */
  readField(field: number, first: number, count: number): Promise<Float32Array>;
}

/** Frames cut into runs of consecutive ones, none longer than `most`. */
function runsOf(frames: readonly number[], most: number): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const frame of frames) {
    const last = runs.at(-1);
    if (last && last.first + last.count === frame && last.count < most) last.count++;
    else runs.push({ first: frame, count: 1 });
  }
  return runs;
}

async function readFrames(
  source: TrajectorySource,
  index: number,
  frames: readonly number[],
): Promise<Float32Array> {
  const field = source.info.fields[index]!;
  if (field.constant) return await source.readField(index, 0, 1);
  const size = frameSize(source.info, field);
  const runs = runsOf(frames, Math.max(1, Math.floor(LARGEST_RUN / (4 * size))));
  if (runs.length === 1) return await source.readField(index, runs[0]!.first, runs[0]!.count);
  const values = new Float32Array(frames.length * size);
  let at = 0;
  for (const { first, count } of runs) {
    values.set(await source.readField(index, first, count), at);
    at += count * size;
  }
  return values;
}

function checkFrames({ file, index, steps }: TrajectorySource, frames: readonly number[]): void {
  for (const frame of frames) {
    if (!Number.isInteger(frame) || frame < 0) {
      throw new RangeError(
        `"${file}", trajectory ${index} has frames 0 to ${steps - 1}, frame ${frame} was asked for`,
      );
    }
    if (frame >= steps) {
      throw new RangeError(`"${file}" is too short: frame ${frame} is wanted, it has 0 to ${steps - 1}`);
    }
  }
}

/**
 * A trajectory of a data set.
 *
 * @param source what the format gives
 */
export function makeTrajectory(source: TrajectorySource): Trajectory {
  const { file, index, steps, lifetime, masks = {} } = source;
  const name = `"${file}", trajectory ${index}`;
  checkMasks(file, source.info.fields, masks);
  const fields = source.info.fields.map((field): SampleField => {
    const mask = maskKind(field, masks);
    return mask ? { ...field, mask } : field;
  });
  const info: SampleInfo = { ...source.info, fields, masked: fields.some(({ mask }) => mask) };
  const times = once(() => source.readTimes());
  return {
    name,
    info,
    steps,
    times: () => lifetime.run(name, async () => (await times()).slice()),
    sample: (frames) =>
      lifetime.run(name, async (): Promise<Sample> => {
        checkFrames(source, frames);
        const stamps = await times();
        const values: Float32Array[] = [];
        for (const i of info.fields.keys()) {
          values.push(await lifetime.run(name, () => readFrames(source, i, frames)));
        }
        return {
          info,
          times: Float64Array.from(frames, (frame) => stamps[frame] ?? NaN),
          values,
          hidden: hiddenCells(fields, values),
        };
      }),
  };
}
