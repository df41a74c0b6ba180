// What the micro-batches of a run are: system, examples and time strides of each, decided by seed and number alone. A run
// that is resumed draws what it would have drawn.

import type { Sample, Split } from "../data/dataset.ts";
import { largestStride, type Place, placesOf, stretch } from "../data/examples.ts";
import { findNotFinite } from "../data/not_finite.ts";
import type { Model } from "../models/model.ts";
import { systemSampler } from "../random/mersenne_twister.ts";
import { PURPOSES, type Random, randomStream } from "../random/philox.ts";
import { type RandomSource, randomSource } from "../random/random_source.ts";

/** One system of a mixture. */
export interface MixtureSystem {
  /** Where its examples come from. */
  readonly split: Split;
  /** Samples of a micro-batch. */
  readonly samples: number;
  /** Input frames of a sample. */
  readonly frames: number;
}

/** How examples are drawn. */
export interface MixtureSettings {
  /** Seed of all draws. */
  readonly seed: number;
  /** Micro-batches of a pseudo-epoch; each has its own generator. */
  readonly epochLength: number;
  /** Smallest and largest distance of frames, both included. */
  readonly strides: readonly [number, number];
  /** Whether data are changed by a random symmetry, as far as the model knows one. */
  readonly augment: boolean;
  /** Most examples of a system, a seeded choice of which larger ones contain smaller ones; null: all. */
  readonly limit: number | null;
}

/** What one micro-batch is made of. */
export interface BatchPlan {
  /** Position in the run, from 0. */
  readonly index: number;
  /** Which system. */
  readonly system: number;
  /** Its examples, at stride 1. */
  readonly examples: readonly Place[];
}

/** What planner and readers of plans share. */
export type PlanSettings = Pick<MixtureSettings, "seed" | "strides" | "augment">;

/**
 * Distances of frames of a plan's examples.
 *
 * @param random goes on behind these draws: the symmetry is drawn next
 */
function drawStrides(
  { split }: Pick<MixtureSystem, "split">,
  { examples }: BatchPlan,
  { strides: [least, most] }: PlanSettings,
  random: RandomSource,
): number[] {
  return examples.map((example) => {
    const { steps } = split.trajectory(example.trajectory);
    const largest = Math.min(most, largestStride(example.frames, steps));
    return least + random.below("augmentation", largest - least + 1);
  });
}

/**
 * Reads the samples of a plan, each with the frames that follow its inputs, and changes them by a symmetry.
 *
 * @param systems that the plan counts; a worker may have opened them for itself
 * @param plan of a mixture of these systems
 * @param settings of that mixture
 * @param model whose symmetries are meant
 * @throws RangeError naming trajectory and frame of numbers that are not finite
 */
export async function readPlan(
  systems: readonly Pick<MixtureSystem, "split">[],
  plan: BatchPlan,
  settings: PlanSettings,
  model: Pick<Model, "augment">,
): Promise<readonly Sample[]> {
  const system = systems[plan.system]!;
  const random = randomSource(settings.seed, plan.index);
  const strides = drawStrides(system, plan, settings, random);
  const samples: Sample[] = [];
  for (const [i, example] of plan.examples.entries()) {
    const trajectory = system.split.trajectory(example.trajectory);
    const frames = stretch(example.frames, strides[i]!);
    const sample = await trajectory.sample(frames);
    const bad = findNotFinite(sample, frames);
    if (bad) throw new RangeError(`Cannot train on ${trajectory.name}: ${bad}`);
    samples.push(sample);
  }
  return settings.augment && model.augment ? model.augment(samples, random) : samples;
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

/** The order of a system's examples, pass after pass, cut into micro-batches of one kind each. */
class Passes {
  readonly #system: MixtureSystem;
  readonly #examples: readonly Place[];
  readonly #seed: number;
  readonly #stream: number;
  #pass = 0;
  #batches: Place[][] = [];

  constructor(
    system: MixtureSystem,
    index: number,
    settings: MixtureSettings,
    model: Pick<Model, "examples">,
  ) {
    this.#system = system;
    this.#seed = settings.seed;
    this.#stream = index * MOST_PASSES;
    const { split, frames, samples } = system;
    const all = placesOf(split, (steps) => model.examples(steps, frames), settings.strides[0]);
    // The last stream of the system is that of the choice.
    const chosen = randomStream(settings.seed, this.#stream + MOST_PASSES - 1, PURPOSES.order);
    this.#examples = settings.limit === null ? all : shuffled(all, chosen).slice(0, settings.limit);
    const kinds = new Map<string, number>();
    for (const { trajectory } of this.#examples) {
      const kind = split.kind(trajectory);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    if (Math.max(0, ...kinds.values()) < samples) {
      throw new RangeError(
        `Cannot train on "${split.dataset}": it has ${this.#examples.length} examples of ${frames} input frames, ` +
          `wanted at least ${samples} with the same boundaries`,
      );
    }
  }

  next(): Place[] {
    // A pass whose kinds are all too small for a micro-batch can not be: the constructor has seen one.
    while (this.#batches.length === 0) this.#batches = this.#deal();
    return this.#batches.shift()!;
  }

  #deal(): Place[][] {
    const random = randomStream(this.#seed, this.#stream + this.#pass++ % (MOST_PASSES - 1), PURPOSES.order);
    const { split, samples } = this.#system;
    const open = new Map<string, Place[]>();
    const batches: Place[][] = [];
    for (const example of shuffled(this.#examples, random)) {
      const kind = split.kind(example.trajectory);
      const batch = open.get(kind) ?? [];
      batch.push(example);
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
  /** How examples are drawn. */
  readonly settings: MixtureSettings;
  readonly #model: Pick<Model, "examples" | "augment">;
  readonly #passes: readonly Passes[];
  #index = 0;
  #draw: () => number = () => 0;

  /**
   * Starts at the first micro-batch.
   *
   * @param systems at least one
   * @param settings seed, strides
   * @param model what an example is, and which symmetries there are
   * @throws RangeError for a system that has too few examples
   */
  constructor(
    systems: readonly MixtureSystem[],
    settings: MixtureSettings,
    model: Pick<Model, "examples" | "augment">,
  ) {
    if (systems.length === 0) throw new RangeError("Cannot train: there are no systems");
    this.systems = systems;
    this.settings = settings;
    this.#model = model;
    this.#passes = systems.map((system, i) => new Passes(system, i, settings, model));
  }

  /** Position in the run: micro-batches planned so far. */
  get index(): number {
    return this.#index;
  }

  /** Goes on as if `count` micro-batches had been planned. */
  skip(count: number): void {
    for (let i = 0; i < count; i++) this.next();
  }

  /** Plans the next micro-batch. */
  next(): BatchPlan {
    const { seed, epochLength } = this.settings;
    const index = this.#index++;
    if (index % epochLength === 0) {
      const epoch = index / epochLength;
      this.#draw = systemSampler({ epoch, seed, rank: 0 }, this.systems.length);
    }
    const system = this.#draw();
    return { index, system, examples: this.#passes[system]!.next() };
  }

  /** Reads the samples of a plan, as {@link readPlan} does. */
  read(plan: BatchPlan): Promise<readonly Sample[]> {
    return readPlan(this.systems, plan, this.settings, this.#model);
  }

  /** A plan in words: files, trajectories, frames, strides. */
  describe(plan: BatchPlan): string {
    const system = this.systems[plan.system]!;
    const strides = drawStrides(system, plan, this.settings, randomSource(this.settings.seed, plan.index));
    return plan.examples.map(({ trajectory, frames }, i) =>
      `${system.split.trajectory(trajectory).name}, frame ${frames[0]}, stride ${strides[i]}`
    ).join("; ");
  }
}
