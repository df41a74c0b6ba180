// A training run: micro-batches drawn ahead, steps, validations and checkpoints in their turn, told as events. Where
// events go is the caller's business; the run depends on nothing but its seed and the step it stands at.

import type { Sample } from "../data/dataset.ts";
import type { Statistics } from "../data/statistics.ts";
import type { FieldMap, GridTreatment } from "../models/model.ts";
import { makeBatch, type TrainingBatch } from "./batch.ts";
import type { BatchPlan, Mixture } from "./mixture.ts";
import { mean } from "../metrics/average.ts";
import { DivergenceWatch } from "./divergence.ts";
import { learningRate, type Schedule } from "./schedule.ts";
import type { StepResult, Trainer } from "./trainer.ts";
import type { TrainerState } from "./trainer_state.ts";
import { type Scores, validate, type ValidationSettings, type ValidationSystem } from "./validate.ts";

/** What a run is made of. */
export interface RunOptions {
  /** With its weights loaded. */
  readonly trainer: Trainer;
  /** Stands at the micro-batch to be drawn next. */
  readonly mixture: Mixture;
  /** Reads the samples of a plan, a worker say; the mixture itself unless given. */
  readonly read?: (plan: BatchPlan) => Promise<readonly Sample[]>;
  /** Steps whose samples are read ahead of the one that computes, 1 unless given. */
  readonly readAhead?: number;
  /** Learning rates. */
  readonly schedule: Schedule;
  /** Optimiser steps done before. */
  readonly from: number;
  /** Optimiser steps of the whole run. */
  readonly steps: number;
  /** Seed of shifts and drops. */
  readonly seed: number;
  /** Names of the data's channels in the model's field table, where they differ. */
  readonly fieldMap?: FieldMap;
  /** What is done with grids of unusual sizes; `auto` unless given. */
  readonly grid?: GridTreatment;
  /** Statistics of each system of the mixture, for networks that are normalised with them. */
  readonly statistics?: readonly (Statistics | null)[];
  /** Steps from one validation to the next; 0: none. */
  readonly validateEvery: number;
  /** How much is validated. */
  readonly validation: ValidationSettings;
  /** Held-out data. */
  readonly validationSystems: readonly ValidationSystem[];
  /** Steps from one checkpoint to the next; there is one at the end as well. */
  readonly saveEvery: number;
  /** A step whose checkpoint is made besides. */
  readonly saveAt?: number | null;
  /** Best score so far. */
  readonly best: { readonly score: number; readonly step: number } | null;
  /** Step of the last validation: one that an interruption left out is made up for. */
  readonly validated: number;
  /** Ends the run after the step in progress, which is saved. */
  readonly signal?: AbortSignal;
}

/** What happens in a run. */
export type RunEvent =
  | ({
    readonly kind: "step";
    /** Optimiser steps done, this one included. */
    readonly step: number;
    readonly learningRate: number;
    readonly samples: number;
    /** Tokens of all frames of all samples. */
    readonly tokens: number;
    /** Seconds since the step before. */
    readonly seconds: number;
    /** Share of them that was spent waiting for data. */
    readonly stall: number;
  } & StepResult)
  | {
    readonly kind: "validation";
    readonly step: number;
    readonly scores: ReadonlyMap<string, Scores>;
    /** Whether no finite score before was better; a run that has diverged has none. */
    readonly best: boolean;
    /** Why the run is said to have diverged; null where it has not. */
    readonly diverged: string | null;
  }
  | {
    readonly kind: "checkpoint";
    readonly step: number;
    readonly microBatches: number;
    readonly best: RunOptions["best"];
    readonly validated: number;
    /** Why the run is said to have diverged; null where it has not. */
    readonly diverged: string | null;
    readonly trainer: TrainerState;
  };

/** A loss or gradient that is no number. */
export class DivergenceError extends RangeError {
  /** Tells it from other errors. */
  override readonly name = "DivergenceError";
}

/** This process's micro-batches of one optimiser step: every process plans all of them and takes its turns. */
async function draw(options: RunOptions): Promise<TrainingBatch[]> {
  const { trainer: { model, settings, group }, mixture, seed, fieldMap, grid, statistics } = options;
  const parts = settings.accumulate * group.size;
  const plans = Array.from({ length: parts }, () => mixture.next())
    .filter((_, part) => part % group.size === group.rank);
  const read = await Promise.all(plans.map((plan) => options.read?.(plan) ?? mixture.read(plan)));
  return plans.map((plan, i) =>
    makeBatch(read[i]!, model, {
      seed,
      index: plan.index,
      source: mixture.describe(plan),
      frames: mixture.systems[plan.system]!.frames,
      parts,
      loss: settings.loss,
      ...(fieldMap ? { map: fieldMap } : {}),
      ...(grid ? { grid } : {}),
      statistics: statistics?.[plan.system] ?? null,
    })
  );
}

/** Steps drawn ahead, in order. A failure is met in its turn. */
class Ahead {
  readonly #options: RunOptions;
  readonly #drawn: Promise<TrainingBatch[]>[] = [];
  #next: number;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#next = options.from;
    this.fill();
  }

  /** Draws as many as may be ahead. */
  fill(): void {
    const { steps, readAhead = 1 } = this.#options;
    while (this.#drawn.length < readAhead && this.#next < steps) {
      this.#next++;
      const drawing = draw(this.#options);
      drawing.catch(() => {});
      this.#drawn.push(drawing);
    }
  }

  /** The next step's. */
  take(): Promise<TrainingBatch[]> {
    return this.#drawn.shift()!;
  }

  /** Waits for all that is under way. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#drawn);
  }
}

/** Mean over the systems that have windows to score: which those are does not change in a run. */
function meanScore(scores: ReadonlyMap<string, Scores>): number {
  return mean([...scores.values()].flatMap(({ oneStep, windows }) => windows.scored > 0 ? [oneStep] : []));
}

/** Validates in its turn and remembers the best score. */
class Validator {
  best: RunOptions["best"];
  validated: number;
  /** Score of the last validation, where it is a number. */
  score: number | null = null;
  readonly #options: RunOptions;
  readonly #watch: DivergenceWatch;

  constructor(options: RunOptions, watch: DivergenceWatch) {
    this.#options = options;
    this.#watch = watch;
    this.best = options.best;
    this.validated = options.validated;
  }

  /** Whether a validation belongs to a step and is still to be done. */
  isDue(step: number): boolean {
    const { validateEvery, steps, validationSystems } = this.#options;
    return validateEvery > 0 && validationSystems.length > 0 && step > this.validated &&
      (step % validateEvery === 0 || step === steps);
  }

  async run(step: number): Promise<RunEvent> {
    const { trainer, validationSystems, validation, fieldMap } = this.#options;
    const scores = new Map<string, Scores>();
    for (const system of validationSystems) {
      const { dataset } = system.split;
      scores.set(dataset, await validate(trainer, system, validation, fieldMap, trainer.group));
    }
    const score = meanScore(scores);
    this.score = Number.isFinite(score) ? score : null;
    const diverged = this.diverged();
    const best = this.score !== null && !diverged && (this.best === null || score < this.best.score);
    if (best) this.best = { score, step };
    this.validated = step;
    return { kind: "validation", step, scores, best, diverged };
  }

  /** Why the run is said to have diverged, by what is known so far. */
  diverged(): string | null {
    return this.#watch.verdict(this.score, this.best?.score ?? null);
  }
}

/**
 * Runs training.
 *
 * @param options trainer with its weights, data, schedule
 * @returns events as they happen; the last is a checkpoint unless nothing was left to do
 * @throws DivergenceError naming step and windows when loss or gradients are no longer finite
 */
export async function* runTraining(options: RunOptions): AsyncGenerator<RunEvent, void, void> {
  const { trainer, schedule, from, steps, signal } = options;
  const watch = new DivergenceWatch();
  const validator = new Validator(options, watch);
  if (from > 0 && validator.isDue(from)) yield await validator.run(from);
  const ahead = new Ahead(options);
  let last = performance.now();
  for (let step = from; step < steps; step++) {
    const waited = performance.now();
    const batches = await ahead.take();
    const stalled = performance.now() - waited;
    const rate = learningRate(schedule, step);
    const running = trainer.step(batches, rate);
    // Drawn while the device computes.
    ahead.fill();
    const result = await running;
    const done = step + 1;
    if (!Number.isFinite(result.loss) || !Number.isFinite(result.norm)) {
      await ahead.end();
      const windows = batches.map(({ source }) => source).join("; ");
      throw new DivergenceError(
        `Step ${done}: the loss is ${result.loss} and the norm of the gradients ${result.norm}; its windows are ${windows}`,
      );
    }
    watch.add(result.loss);
    const now = performance.now();
    const seconds = (now - last) / 1000;
    yield {
      kind: "step",
      step: done,
      learningRate: rate,
      samples: batches.reduce((n, { samples }) => n + samples, 0),
      tokens: batches.reduce((n, { tokens }) => n + tokens, 0),
      seconds,
      stall: seconds > 0 ? stalled / 1000 / seconds : 0,
      ...result,
    };
    const stopping = done === steps || signal?.aborted === true;
    if (validator.isDue(done) && !signal?.aborted) yield await validator.run(done);
    if (stopping || done % options.saveEvery === 0 || done === options.saveAt) {
      const { best, validated } = validator;
      const microBatches = done * trainer.settings.accumulate * trainer.group.size;
      const diverged = validator.diverged();
      const state = await trainer.state();
      yield { kind: "checkpoint", step: done, microBatches, best, validated, diverged, trainer: state };
    }
    if (stopping) break;
    last = performance.now();
  }
  await ahead.end();
}
