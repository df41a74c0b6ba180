// What will be written: which trajectory goes into which split and which file. Pure once the data have told what they
// hold, and independent of who writes: the same plan gives the same bytes.

import type { Dataset, SampleInfo, Trajectory } from "walrus";
import { frameSize } from "walrus/data";
import { PURPOSES, randomStream } from "walrus/train";
import type { Settings } from "./settings.ts";

/** A trajectory of the source. */
export interface Item {
  readonly split: string;
  readonly index: number;
  readonly steps: number;
  /** Bytes of its numbers as f32. */
  readonly bytes: number;
  /** Trajectories of equal words may share a file. */
  readonly words: string;
}

/** Something that is written in one go, and is then there or not. */
export interface Piece {
  /** In the data set's folder. */
  readonly path: string;
  readonly split: string;
  readonly items: readonly Pick<Item, "split" | "index">[];
  /** The place of the first of them among the split's. */
  readonly first: number;
  /** Frames in all, for progress. */
  readonly frames: number;
  /** Bytes of its numbers before they are compressed. */
  readonly bytes: number;
}

/** All of it. */
export interface Plan {
  readonly pieces: readonly Piece[];
  /** Trajectories by split. */
  readonly splits: ReadonlyMap<string, readonly Item[]>;
  /** What a user should know of it. */
  readonly notes: readonly string[];
}

/** Bytes of the numbers of a file, about. */
const FILE_BYTES = 1 << 30;
/** The share of valid and test each. */
const SHARE = 0.1;
/** From so many trajectories on each split has one. */
const LEAST = 3;

/** What all trajectories of a data set must share. */
function setWords({ info: { grid, fields } }: Trajectory): string {
  const names = fields.map(({ name, order, constant }) =>
    `${name}${"'".repeat(order)}${constant ? " (constant)" : ""}`
  );
  return `${grid.system}, ${grid.axes.join(" x ")} of ${grid.shape.join(" x ")} points with ${
    names.join(", ")
  }`;
}

function bytesOf(info: SampleInfo, steps: number): number {
  return info.fields.reduce(
    (sum, field) => sum + 4 * frameSize(info, field) * (field.constant ? 1 : steps),
    0,
  );
}

/**
 * Looks at every trajectory of data.
 *
 * @throws RangeError for data that are no single data set: grids or fields that differ
 */
export async function itemsOf(data: Dataset): Promise<{ items: Item[]; scalars: string[] }> {
  const items: Item[] = [];
  const scalars = new Set<string>();
  let first: Trajectory | null = null;
  for (const split of data.splits) {
    const own = await data.split(split);
    for (let index = 0; index < own.trajectories; index++) {
      const trajectory = own.trajectory(index);
      first ??= trajectory;
      const [words, wanted] = [setWords(trajectory), setWords(first)];
      if (words !== wanted) {
        throw new RangeError(
          `Cannot convert ${trajectory.name}: it is ${words}, ${first.name} is ${wanted}; convert them one by one`,
        );
      }
      const { info, steps } = trajectory;
      Object.keys(info.scalars).forEach((name) => scalars.add(name));
      const masks = info.fields.map(({ mask }) => mask ?? "");
      items.push({
        split,
        index,
        steps,
        bytes: bytesOf(info, steps),
        words: JSON.stringify([steps, info.boundaries, masks]),
      });
    }
  }
  return { items, scalars: [...scalars] };
}

/** Items in an order that a seed draws. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const all = [...items];
  const random = randomStream(seed, 0, PURPOSES.division);
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/**
 * Divides trajectories into splits: as the source has them, else 80/10/10 as a seed draws.
 *
 * @param items all trajectories
 * @param seed of the draws
 */
export function divide(
  items: readonly Item[],
  seed: number,
): { splits: Map<string, Item[]>; notes: string[] } {
  const own = new Map(Object.entries(Object.groupBy(items, ({ split }) => split)) as [string, Item[]][]);
  if (own.size !== 1 || !own.has("all")) return { splits: own, notes: [] };
  if (items.length < LEAST) {
    return {
      splits: new Map([["train", [...items]]]),
      notes: [`the source has ${items.length === 1 ? "one trajectory" : "two trajectories"}: all is train`],
    };
  }
  const drawn = shuffled(items, seed);
  const held = Math.max(1, Math.round(SHARE * items.length));
  const inOrder = (part: Item[]) => part.toSorted((a, b) => a.index - b.index);
  return {
    splits: new Map([
      ["train", inOrder(drawn.slice(2 * held))],
      ["valid", inOrder(drawn.slice(0, held))],
      ["test", inOrder(drawn.slice(held, 2 * held))],
    ]),
    notes: [],
  };
}

/** Runs of at most `size` of a list, as even as they can be. */
function evenly<T>(list: readonly T[], size: number): T[][] {
  const count = Math.ceil(list.length / size);
  return Array.from(
    { length: count },
    (_, i) => list.slice(Math.floor(i * list.length / count), Math.floor((i + 1) * list.length / count)),
  );
}

/** Trajectories that share a file, in the order of the split. */
function groupsOf(items: readonly Item[], { perFile }: Settings): Item[][] {
  const alike = [...Map.groupBy(items, ({ words }) => words).values()];
  return alike.flatMap((group) =>
    evenly(group, perFile ?? Math.max(1, Math.floor(FILE_BYTES / Math.max(1, group[0]!.bytes))))
  );
}

/** Arrays have one number of frames, boundaries that hold for all. */
function checkArrays(splits: ReadonlyMap<string, readonly Item[]>, target: string): void {
  const sides = (words: string) => JSON.stringify(JSON.parse(words)[1]);
  const all = [...splits.values()].flat();
  const other = all.find(({ words }) => sides(words) !== sides(all[0]!.words));
  if (other) {
    throw new RangeError(
      `Cannot convert to ${target}: trajectory ${other.index} of ${other.split} has boundaries ${
        sides(other.words)
      }, others have ${sides(all[0]!.words)}, and all must have the same`,
    );
  }
  for (const [split, items] of splits) {
    const steps = new Set(items.map((item) => item.steps));
    if (steps.size > 1) {
      throw new RangeError(
        `Cannot convert to ${target}: trajectories of ${split} have ${
          [...steps].join(", ")
        } frames, arrays hold equal ones`,
      );
    }
  }
}

/**
 * Plans what is written.
 *
 * @param items all trajectories
 * @param settings how
 * @throws RangeError for what the target can not hold
 */
export function planOf(items: readonly Item[], settings: Settings): Plan {
  const { splits, notes } = divide(items, settings.seed);
  if (settings.to !== "well") checkArrays(splits, settings.to);
  const pieceOf = (path: string, split: string, own: readonly Item[], first = 0): Piece => ({
    path,
    split,
    first,
    items: own.map(({ split, index }) => ({ split, index })),
    frames: own.reduce((sum, { steps }) => sum + steps, 0),
    bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  const pieces = [...splits].flatMap(([split, own]): Piece[] => {
    if (settings.to === "npz") return [pieceOf(`${split}/fields.npz`, split, own)];
    const groups = groupsOf(own, settings);
    const digits = Math.max(2, String(groups.length - 1).length);
    return groups.map((group, i) => {
      const number = String(i).padStart(digits, "0");
      return settings.to === "well"
        ? pieceOf(`data/${split}/${settings.name}_${split}_${number}.hdf5`, split, group)
        : pieceOf(`${split}/${number}`, split, group, own.indexOf(group[0]!));
    });
  });
  return { pieces, splits, notes };
}
