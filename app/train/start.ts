// Where a run starts: from scratch or a checkpoint of another network, at its own newest checkpoint, or, when it is
// made longer, at the newest one whose learning rates so far are those of the longer run.

import type { HubOptions } from "walrus/hub";
import { learnFrom, locateModel, type Model, type ModelEntry, modelEntry, withLearnt } from "walrus/models";
import {
  adapterShapes,
  agreeingSteps,
  changedKeys,
  initialAdapters,
  parseRunConfig,
  type RunConfig,
  type RunState,
  type StartedModel,
  startModel,
  type TrainerState,
} from "walrus/train";
import type { Found, RunFolder } from "./folder.ts";
import { scheduleOf, settingsOf, warmupOf } from "./settings.ts";
import { infoOf, type System } from "./systems.ts";

/** Where a run stands at its start. */
export interface Start {
  /** The configuration that is in force. */
  readonly run: RunConfig;
  /** The network. */
  readonly model: Model;
  /** Weights, moments, counts: read once it is known that they fit. */
  readonly state: () => Promise<TrainerState>;
  readonly step: number;
  readonly microBatches: number;
  readonly best: RunState["best"];
  readonly validated: number;
}

/** Keys that make a run longer, or end it otherwise. */
function isLength(key: string): boolean {
  return key === "training.steps" || key.startsWith("schedule.");
}

/** The configuration with its warm-up in steps: a longer run does not get another one. */
function withWarmup(run: RunConfig, warmup: number): RunConfig {
  return { ...run, schedule: { ...run.schedule, warmup: run.schedule.warmup ?? warmup } };
}

/**
 * The checkpoint from which a run is made longer; those after it are removed.
 *
 * @throws RangeError when nothing would be left to do
 */
async function extended(
  folder: RunFolder,
  found: Found,
  before: RunConfig,
  run: RunConfig,
  say: (line: string) => void,
): Promise<Found> {
  const { state } = found;
  const agreed = agreeingSteps(scheduleOf(before), scheduleOf(run), state.step);
  const from = agreed < state.step
    ? await folder.newest((message) => say(`warning: ${message}`), agreed) ?? found
    : found;
  const { step } = from.state;
  if (step >= run.training.steps) {
    throw new RangeError(`training.steps is ${run.training.steps}, the run stands at step ${step}`);
  }
  await folder.removeAfter(step);
  const past = step <= agreed
    ? "its learning rates so far are those of the longer run"
    : `its learning rates since step ${agreed} were those of the shorter run`;
  say(`extends the run from step ${step} of ${before.training.steps} to ${run.training.steps}: ${past}`);
  // The best network stays the best, whatever checkpoint the run goes on from.
  return { ...from, state: { ...from.state, best: state.best } };
}

/** A run that stands somewhere: what it goes on with. */
async function resumed(
  folder: RunFolder,
  found: Found,
  given: RunConfig,
  extend: boolean,
  registry: readonly ModelEntry[],
  say: (line: string) => void,
): Promise<Start> {
  const stored = await parseRunConfig(found.state.runConfig, { name: found.path, registry });
  const before = withWarmup(stored, warmupOf(stored));
  let run = withWarmup(given, warmupOf(stored));
  const changed = changedKeys(run, before);
  if (changed.some((key) => key.startsWith("model."))) {
    throw new RangeError(
      `"${run.folder}" holds a run of another model: change folder, or model back to what it was`,
    );
  }
  const longer = changed.filter(isLength);
  if (longer.length > 0 && !extend) {
    throw new RangeError(
      `${
        longer.join(", ")
      } changed since the run in "${run.folder}" began: --extend goes on with it, or change folder`,
    );
  }
  const others = changed.filter((key) => !isLength(key));
  if (others.length > 0) say(`warning: ${others.join(", ")} changed since the run began`);
  if (longer.length > 0) found = await extended(folder, found, before, run, say);
  // What was left open stays open: a run that is resumed leaves the files of one that was not.
  else run = { ...given, schedule: stored.schedule };
  const { state } = found;
  say(`resumes from ${found.path}: step ${state.step} of ${run.training.steps}`);
  return {
    run,
    model: state.model,
    state: () => Promise.resolve(state.trainer),
    step: state.step,
    microBatches: state.microBatches,
    best: state.best,
    validated: state.validated,
  };
}

/** The network that a run starts from: on a Hub, its files are fetched. */
async function sourcesOf(
  { model: { from, config } }: RunConfig,
  registry: readonly ModelEntry[],
  hub?: HubOptions,
) {
  if (from === null) return { from, config };
  const place = { checkpoint: from, ...(config === null ? {} : { config }) };
  const found = await locateModel(place, hub, registry);
  return {
    from: found.checkpoint,
    config: found.config ?? null,
    ...(found.beside ? { beside: found.beside } : {}),
  };
}

/**
 * The newest checkpoint, or the network at its start.
 *
 * @param extend whether the length of the run and its schedule may differ from those it began with
 * @param registry families of networks that are looked for
 * @param hub how a Hub is reached
 * @throws RangeError for a folder that holds another run
 */
export async function startOf(
  folder: RunFolder,
  run: RunConfig,
  extend: boolean,
  systems: readonly System[],
  registry: readonly ModelEntry[],
  say: (line: string) => void,
  hub?: HubOptions,
): Promise<Start> {
  const found = await folder.newest((message) => say(`warning: ${message}`));
  if (found) return await resumed(folder, found, run, extend, registry, say);
  const { family, from: _from, config: _config, ...settings } = run.model;
  const sources = await sourcesOf(run, registry, hub);
  const started = await startModel({
    family: await modelEntry(family!, registry).load(),
    settings,
    ...sources,
    data: systems.map(({ train }) => infoOf(train)),
    map: run.data.field_map,
    seed: run.seed,
    registry,
  });
  for (const note of started.notes) say(note);
  const splits = Object.fromEntries(systems.map(({ train }) => [train.dataset, train]));
  const learnt = await learnFrom(started.model, splits, run.data.field_map, sources.from === null);
  return {
    run,
    model: withLearnt(started.model, learnt),
    state: () => startState(started, run),
    step: 0,
    microBatches: 0,
    best: null,
    validated: 0,
  };
}

/** Weights of a network and of its adapters, as the trainer takes them. */
async function startState({ model, weights }: StartedModel, run: RunConfig): Promise<TrainerState> {
  const { lora } = settingsOf(run, model);
  const shapes = [...model.parameters].map(([name, { shape }]) => [name, shape] as const);
  const factors = lora ? initialAdapters(adapterShapes(shapes, lora), run.seed) : [];
  const tensors = [...await weights(), ...factors].map(([name, data]) => [`params/${name}`, data] as const);
  return { tensors: new Map(tensors), counts: {} };
}
