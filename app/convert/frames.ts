// The trajectories of a piece, read in batches of frames: what is held at the same time does not depend on how long a
// trajectory is.

import type { Dataset, Sample, SampleInfo, Trajectory } from "walrus";
import { frameSize, type SampleField } from "walrus/data";
import type { Piece } from "./plan.ts";

/** Bytes that are read at once, at the most, unless a single frame has more. */
const BATCH_BYTES = 16 << 20;

/** Opens the trajectories of a piece. */
export async function trajectoriesOf(data: Dataset, { items }: Piece): Promise<Trajectory[]> {
  const found: Trajectory[] = [];
  for (const { split, index } of items) found.push((await data.split(split)).trajectory(index));
  return found;
}

/**
 * Frames of a trajectory in their order.
 *
 * @param trajectory to read
 * @param multiple batches are of a multiple of so many frames
 */
export async function* batchesOf(trajectory: Trajectory, multiple = 1): AsyncGenerator<Sample> {
  const { info, steps } = trajectory;
  const frame = info.fields.reduce((sum, field) => sum + 4 * frameSize(info, field), 0);
  const count = multiple * Math.max(1, Math.floor(BATCH_BYTES / (frame * multiple)));
  for (let from = 0; from < steps; from += count) {
    const length = Math.min(count, steps - from);
    yield await trajectory.sample(Array.from({ length }, (_, i) => from + i));
  }
}

/** Name of the field that hides cells in The Well's files. */
const MASK = "mask";

/**
 * Fields as they are written: those of the source, and a mask that hides cells where the source has masks of another name
 * or polarity, which others do not know.
 */
export function writtenFields(
  { fields }: Pick<SampleInfo, "fields">,
): { fields: SampleField[]; added: boolean } {
  const added = fields.some(({ mask }) => mask) && !fields.some(({ name }) => name === MASK);
  return { fields: added ? [...fields, { name: MASK, order: 0, constant: true }] : [...fields], added };
}

/** Numbers of the fields as they are written. */
export function writtenValues({ values, hidden }: Sample, added: boolean): readonly Float32Array[] {
  return added ? [...values, Float32Array.from(hidden!)] : values;
}

/** Whether two lists have the same numbers, NaN included. */
export function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/**
 * Constant fields that all trajectories have in common, which are stored once.
 *
 * @param trajectories of a piece
 * @returns of each written field whether it is one
 */
export async function sharedConstants(trajectories: readonly Trajectory[]): Promise<boolean[]> {
  const { fields, added } = writtenFields(trajectories[0]!.info);
  const shared = fields.map(({ constant }) => constant);
  if (!shared.includes(true)) return shared;
  const first = writtenValues(await trajectories[0]!.sample([0]), added);
  for (const trajectory of trajectories.slice(1)) {
    const own = writtenValues(await trajectory.sample([0]), added);
    own.forEach((values, i) => shared[i] &&= equal(values, first[i]!));
  }
  return shared;
}

/**
 * Trajectories that differ from the first where one thing is written for all of them, in words; none where none does.
 *
 * @param what differs: times, coordinates
 * @param trajectories of a split
 * @param isSame whether one is as the first
 */
export function differing(
  what: string,
  trajectories: readonly Trajectory[],
  isSame: (index: number) => boolean,
): string[] {
  const others = trajectories.filter((_, i) => !isSame(i));
  if (others.length === 0) return [];
  const more = others.length > 1 ? ` and of ${others.length - 1} more` : "";
  return [
    `${what} of ${others[0]!.name}${more} differ from those of ${
      trajectories[0]!.name
    }, which are written for all`,
  ];
}
