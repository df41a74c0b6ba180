// What a run leaves behind as it goes: log lines, pictures, checkpoints, networks.

import { describeLeftOut } from "walrus/metrics";
import {
  mergeAdapters,
  type RunConfig,
  type RunEvent,
  type Scores,
  type Trainer,
  type TrainerState,
  type ValidationSystem,
  writeRunConfig,
} from "walrus/train";
import type { RunFolder } from "./folder.ts";
import type { Progress } from "./progress.ts";
import type { Start } from "./start.ts";

/** What is recorded, and where. */
export interface RecordOptions {
  readonly folder: RunFolder;
  readonly run: RunConfig;
  readonly trainer: Trainer;
  readonly progress: Progress;
  /** Step whose checkpoint stays; null: none. */
  readonly stable: number | null;
  readonly start: Pick<Start, "step" | "best">;
}

/** Weights of a state as a plain network. */
function plainWeights({ tensors }: TrainerState, { model, settings: { lora } }: Trainer) {
  const weights = new Map(
    [...tensors].flatMap(([name, data]) =>
      name.startsWith("params/") ? [[name.slice("params/".length), data] as const] : []
    ),
  );
  const shapes = new Map([...model.parameters].map(([name, { shape }]) => [name, shape] as const));
  return lora ? mergeAdapters(weights, shapes, lora) : weights;
}

/** Each system's scores, as the log names them. */
function scalarsOf(scores: ReadonlyMap<string, Scores>): Record<string, number> {
  const scalars: Record<string, number> = {};
  for (const [name, { oneStep, rollout, windows }] of scores) {
    if (windows.scored === 0) continue;
    scalars[`valid/${name}/one_step`] = oneStep;
    if (rollout.length > 0) {
      scalars[`valid/${name}/rollout`] = rollout.reduce((sum, value) => sum + value, 0) / rollout.length;
    }
  }
  return scalars;
}

/** What of a system's data and forecasts has no score, in lines. */
function faultLines(name: string, { windows, rollouts, notFinite, leftOut }: Scores): string[] {
  const lines = [
    describeLeftOut(leftOut, "window", windows.tried),
    describeLeftOut(leftOut, "rollout", rollouts),
    notFinite > 0 ? `${notFinite} forecasts are not finite` : null,
  ];
  return lines.flatMap((line) => line === null ? [] : [`${name}: ${line}`]);
}

function scoreWords(scores: ReadonlyMap<string, Scores>): string {
  const words = [...scores].map(([name, { oneStep, rollout, windows }]) => {
    if (windows.scored === 0) return `${name} none`;
    const last = rollout.length > 0 ? ` (step ${rollout.length}: ${rollout.at(-1)!.toFixed(3)})` : "";
    return `${name} ${oneStep.toFixed(4)}${last}`;
  });
  return words.join(", ");
}

/** See the head of the file. */
export class RunRecord {
  readonly #options: RecordOptions;
  #newest: string;
  #bestStep: number;
  /** Faults of the data are the same in every validation: each is said once. */
  #said: ReadonlySet<string> = new Set();

  constructor(options: RecordOptions) {
    const { start } = options;
    this.#options = options;
    this.#newest = start.step > 0 ? `step ${start.step}` : "none";
    this.#bestStep = start.best?.step ?? 0;
  }

  /** The newest checkpoint, in words. */
  get newest(): string {
    return this.#newest;
  }

  /** Records an event. */
  async take(event: RunEvent, systems: readonly ValidationSystem[]): Promise<void> {
    if (event.kind === "step") await this.#step(event);
    else if (event.kind === "validation") await this.#validation(event, systems);
    else await this.#checkpoint(event);
  }

  async #step(event: Extract<RunEvent, { kind: "step" }>): Promise<void> {
    const { folder, run, progress } = this.#options;
    progress.add(event);
    const due = event.step % run.log.every === 0 || event.step === run.training.steps;
    if (due) await folder.log(event.step, progress.show(event.step, event.learningRate));
  }

  async #validation(
    { step, scores, best, diverged }: Extract<RunEvent, { kind: "validation" }>,
    systems: readonly ValidationSystem[],
  ): Promise<void> {
    const { folder, run, trainer, progress } = this.#options;
    await folder.log(step, scalarsOf(scores));
    if (best) this.#bestStep = step;
    const { rollout: steps, jitter: draws } = run.validation;
    for (const system of systems) {
      await folder.pictures.take(trainer, system, step, { steps, draws, fieldMap: run.data.field_map });
    }
    progress.say(`validation VRMSE at step ${step}${best ? ", best so far" : ""}: ${scoreWords(scores)}`);
    const faults = [...scores].flatMap(([name, own]) => faultLines(name, own));
    for (const line of faults.filter((line) => !this.#said.has(line))) progress.say(`warning: ${line}`);
    this.#said = this.#said.union(new Set(faults));
    if (diverged) progress.say(`warning: the run has diverged: ${diverged}`);
    if (best) await this.#export("best", await trainer.state());
  }

  async #checkpoint(event: Extract<RunEvent, { kind: "checkpoint" }>): Promise<void> {
    const { folder, run, trainer, progress, stable } = this.#options;
    const { step, microBatches, best, validated, trainer: state } = event;
    this.#newest = await folder.save(
      {
        step,
        microBatches,
        best,
        validated,
        runConfig: writeRunConfig(run),
        model: trainer.model,
        trainer: state,
      },
      trainer.shapes,
      run.checkpoint.keep,
      stable,
    );
    await folder.writeReport();
    if (step < run.training.steps) return;
    const path = await this.#export("last", state);
    const hasBest = this.#bestStep > 0;
    if (event.diverged) {
      const better = hasBest
        ? `the best one (step ${this.#bestStep}) is beside it`
        : "there is no better one";
      const rate = run.optimizer.lr;
      return progress.say(
        `diverged: ${event.diverged}. The network in ${path} is of no use, ${better}; ` +
          `lower optimizer.lr, it is ${rate}`,
      );
    }
    const bestBeside = hasBest ? `, the best one (step ${this.#bestStep}) beside it` : "";
    progress.say(`finished: the network is in ${path}${bestBeside}`);
  }

  #export(name: string, state: TrainerState): Promise<string> {
    const { folder, run, trainer } = this.#options;
    return folder.exportNetwork(name, trainer.model, plainWeights(state, trainer), run.checkpoint.dtype);
  }
}
