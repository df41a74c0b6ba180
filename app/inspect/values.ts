// The numbers of every component, read once through all frames: what is not finite, the range, mean and deviation,
// whether anything changes in time. A few frames are held at a time.

import type { Sample, SampleInfo, Trajectory } from "walrus";
import { componentNames, frameSize } from "walrus/data";
import type { ComponentValues } from "./report.ts";

/** Bytes of fields that are read at once. */
const MOST_BYTES = 32 << 20;

/** A component's numbers so far. Moments are about the first number: large means would cost them their digits. */
interface Tally {
  readonly name: string;
  count: number;
  nan: number;
  infinite: number;
  firstBad: string | null;
  least: number;
  most: number;
  origin: number | null;
  sum: number;
  squares: number;
  changes: boolean;
}

function newTally(name: string): Tally {
  const empty = { count: 0, nan: 0, infinite: 0, firstBad: null, origin: null, sum: 0, squares: 0 };
  return { name, ...empty, least: Infinity, most: -Infinity, changes: false };
}

function addNumber(tally: Tally, value: number, where: () => string): void {
  tally.count++;
  if (!Number.isFinite(value)) {
    if (Number.isNaN(value)) tally.nan++;
    else tally.infinite++;
    tally.firstBad ??= where();
    return;
  }
  tally.origin ??= value;
  const off = value - tally.origin;
  tally.sum += off;
  tally.squares += off * off;
  if (value < tally.least) tally.least = value;
  if (value > tally.most) tally.most = value;
}

/** Frames of a trajectory that are read at once, the last of one run the first of the next. */
function runLength(info: SampleInfo): number {
  const numbers = info.fields.reduce((sum, field) => sum + frameSize(info, field), 0);
  return Math.max(2, Math.floor(MOST_BYTES / (4 * numbers)));
}

/** Adds the frames of a sample from `from` on to the tallies of its fields. */
function addSample(
  { info, values, times, hidden }: Sample,
  from: number,
  first: number,
  place: string,
  tallies: ReadonlyMap<string, Tally>,
): void {
  for (const [i, field] of info.fields.entries()) {
    if (field.constant && first + from > 0) continue;
    const numbers = values[i]!;
    const own = componentNames(info, field).map((name) => tallies.get(name)!);
    const size = field.constant ? numbers.length : numbers.length / times.length;
    for (let at = field.constant ? 0 : from * size; at < numbers.length; at++) {
      const cell = Math.floor((at % size) / own.length);
      const value = numbers[at]!;
      // A mask that is no number hides, as what it hides may be none.
      if (hidden?.[cell] && !(field.mask && Number.isFinite(value))) continue;
      const tally = own[at % own.length]!;
      addNumber(
        tally,
        value,
        () => field.constant ? `${place}, constant` : `${place}, frame ${first + Math.floor(at / size)}`,
      );
      if (!field.constant && at >= size && value !== numbers[at - size]) tally.changes = true;
    }
  }
}

function resultOf(tally: Tally): ComponentValues {
  const { name, count, nan, infinite, firstBad, origin, sum, squares, changes } = tally;
  const finite = count - nan - infinite;
  const mean = origin === null ? null : origin + sum / finite;
  const variance = origin === null ? null : Math.max(0, squares / finite - (sum / finite) ** 2);
  return {
    name,
    count,
    nan,
    infinite,
    firstBad,
    least: origin === null ? null : tally.least,
    most: origin === null ? null : tally.most,
    mean,
    deviation: variance === null ? null : Math.sqrt(variance),
    changes,
  };
}

/**
 * Reads trajectories through.
 *
 * @param trajectories with how messages name them; all of one list of fields
 * @param signal ends the reading
 * @param onTrajectory told how many are done
 * @returns one record for each component, in the order of the fields
 */
export async function readValues(
  trajectories: Iterable<readonly [string, Trajectory]>,
  signal: AbortSignal,
  onTrajectory: (done: number) => void = () => {},
): Promise<ComponentValues[]> {
  const tallies = new Map<string, Tally>();
  let done = 0;
  for (const [place, trajectory] of trajectories) {
    const { info, steps } = trajectory;
    for (const name of info.fields.flatMap((field) => componentNames(info, field))) {
      if (!tallies.has(name)) tallies.set(name, newTally(name));
    }
    const length = runLength(info);
    for (let first = 0; first < steps; first += length - 1) {
      signal.throwIfAborted();
      const frames = Array.from({ length: Math.min(length, steps - first) }, (_, k) => first + k);
      addSample(await trajectory.sample(frames), first === 0 ? 0 : 1, first, place, tallies);
      if (first + frames.length >= steps) break;
    }
    onTrajectory(++done);
  }
  return [...tallies.values()].map(resultOf);
}
