// What the micro-batches of a run are: system, windows, time strides and rotation of each, decided by seed and number
// alone. A run that is resumed draws what it would have drawn.

import { ROTATIONS, type Symmetry, transformWindow } from "../data/augment.ts";
import { systemSampler } from "../random/mersenne_twister.ts";
import type { Split } from "../data/split.ts";
import { findNotFinite, largestStride, type Window, type WindowPlace } from "../data/window.ts";
import { PURPOSES, type Random, randomStream } from "../random/philox.ts";

/** One system of a mixture. */
export interface MixtureSystem {
  /** Where its windows come from. */
  readonly split: Split;
  /** Windows of a micro-batch. */
  readonly samples: number;
  /** Input frames of a window. */
  readonly frames: number;
}

/** How windows are drawn. */
export interface MixtureSettings {
  /** Seed of all draws. */
  readonly seed: number;
  /** Micro-batches of a pseudo-epoch; each has its own generator. */
  readonly epochLength: number;
  /** Smallest and largest distance of frames, both included. */
  readonly strides: readonly [number, number];
  /** Whether cartesian data are turned by one of 24 rotations. */
  readonly rotate: boolean;
  /** Most windows of a system, a seeded choice of which larger ones contain smaller ones; null: all. */
  readonly limit: number | null;
}

/** What one micro-batch is made of. */
export interface BatchPlan {
  /** Position in the run, from 0. */
  readonly index: number;
  /** Which system. */
  readonly system: number;
  /** Its windows. */
  readonly places: readonly WindowPlace[];
  /** Distance of frames of each window. */
  readonly strides: readonly number[];
  /** Rotation of all of them; null leaves them as they are. */
  readonly symmetry: Symmetry | null;
}

/**
 * Reads the windows of a plan, each with the frame that follows its inputs, and turns them.
 *
 * @param systems that the plan counts; a worker may have opened them for itself
 * @param plan of a mixture of these systems
 * @throws RangeError naming file, trajectory and frame of numbers that are not finite
 */
export async function readPlan(
  systems: readonly Pick<MixtureSystem, "split" | "frames">[],
  { system, places, strides, symmetry }: BatchPlan,
): Promise<Window[]> {
  const { split, frames } = systems[system]!;
  const windows: Window[] = [];
  for (const [i, place] of places.entries()) {
    const window = await split.window(place, frames + 1, strides[i]!);
    const bad = findNotFinite(window);
    if (bad) throw new RangeError(`Cannot train on ${split.describe(place)}: ${bad}`);
    windows.push(symmetry ? transformWindow(window, symmetry) : window);
  }
  return windows;
}

/** Passes over a system have streams of their own; more of them than this are never made. */
const MOST_PASSES = 2 ** 20;

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The order of a system's windows, pass after pass, cut into micro-batches of one kind each. */
class Passes {
  readonly #system: MixtureSystem;
  readonly #places: readonly WindowPlace[];
  readonly #seed: number;
  readonly #stream: number;
  #pass = 0;
  #batches: WindowPlace[][] = [];

  constructor(system: MixtureSystem, index: number, settings: MixtureSettings) {
    this.#system = system;
    this.#seed = settings.seed;
    this.#stream = index * MOST_PASSES;
    const all = system.split.places(system.frames, settings.strides[0]);
    // The last stream of the system is that of the choice.
    const chosen = randomStream(settings.seed, this.#stream + MOST_PASSES - 1, PURPOSES.order);
    this.#places = settings.limit === null ? all : shuffled(all, chosen).slice(0, settings.limit);
    const kinds = new Map<string, number>();
    for (const place of this.#places) {
      const kind = system.split.kindOf(place);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    if (Math.max(0, ...kinds.values()) < system.samples) {
      throw new RangeError(
        `Cannot train on "${system.split.name}": it has ${this.#places.length} windows of ${system.frames} + 1 ` +
          `frames, wanted at least ${system.samples} with the same boundaries`,
      );
    }
  }

  next(): WindowPlace[] {
    // A pass whose kinds are all too small for a micro-batch can not be: the constructor has seen one.
    while (this.#batches.length === 0) this.#batches = this.#deal();
    return this.#batches.shift()!;
  }

  #deal(): WindowPlace[][] {
    const random = randomStream(this.#seed, this.#stream + this.#pass++ % (MOST_PASSES - 1), PURPOSES.order);
    const order = shuffled(this.#places, random);
    const { split, samples } = this.#system;
    const open = new Map<string, WindowPlace[]>();
    const batches: WindowPlace[][] = [];
    for (const place of order) {
      const kind = split.kindOf(place);
      const batch = open.get(kind) ?? [];
      batch.push(place);
      open.set(kind, batch);
      if (batch.length < samples) continue;
      batches.push(batch);
      open.delete(kind);
    }
    return batches;
  }
}

/** The micro-batches of a run, one after the other. */
export class Mixture {
  /** Systems that are drawn from. */
  readonly systems: readonly MixtureSystem[];
  readonly #settings: MixtureSettings;
  readonly #passes: readonly Passes[];
  #index = 0;
  #draw: () => number = () => 0;

  /**
   * Starts at the first micro-batch.
   *
   * @param systems at least one
   * @param settings seed, strides, rotations
   * @throws RangeError for a system that has too few windows
   */
  constructor(systems: readonly MixtureSystem[], settings: MixtureSettings) {
    if (systems.length === 0) throw new RangeError("Cannot train: there are no systems");
    this.systems = systems;
    this.#settings = settings;
    this.#passes = systems.map((system, i) => new Passes(system, i, settings));
  }

  /** Position in the run: micro-batches planned so far. */
  get index(): number {
    return this.#index;
  }

  /** Goes on as if `count` micro-batches had been planned. */
  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#place();
  }

  #place(): { index: number; system: number; places: WindowPlace[] } {
    const { seed, epochLength } = this.#settings;
    const index = this.#index++;
    if (index % epochLength === 0) {
      const epoch = index / epochLength;
      this.#draw = systemSampler({ epoch, seed, rank: 0 }, this.systems.length);
    }
    const system = this.#draw();
    return { index, system, places: this.#passes[system]!.next() };
  }

  /** Plans the next micro-batch. */
  next(): BatchPlan {
    const { index, system, places } = this.#place();
    const { seed, strides: [least, most], rotate } = this.#settings;
    const { split, frames } = this.systems[system]!;
    const random = randomStream(seed, index, PURPOSES.augmentation);
    const strides = places.map(({ file, from }) => {
      const largest = Math.min(most, largestStride(split.steps(file), from, frames, 1));
      return least + random.below(largest - least + 1);
    });
    const turned = rotate && split.cartesian;
    return { index, system, places, strides, symmetry: turned ? ROTATIONS[random.below(24)]! : null };
  }

  /** Reads the windows of a plan, as {@link readPlan} does. */
  read(plan: BatchPlan): Promise<Window[]> {
    return readPlan(this.systems, plan);
  }

  /** A plan in words: system, files, trajectories, frames. */
  describe({ system, places, strides }: BatchPlan): string {
    const { split } = this.systems[system]!;
    return places.map((place, i) => `${split.describe(place)}, stride ${strides[i]}`).join("; ");
  }
}
