// The train and finetune commands: a configuration in; checkpoints, logs and a network in its family's layout out. A run
// that was interrupted goes on where its newest checkpoint stands.

import { openDevice } from "walrus";
import { measureCeiling } from "walrus/devices";
import { openSource } from "walrus/io";
import { type Model, modelEntries, type ModelEntry, modelEntry } from "walrus/models";
import {
  DivergenceError,
  Mixture,
  type MixtureSystem,
  parseRunConfig,
  type RunConfig,
  type RunData,
  type RunOptions,
  runTraining,
  stableSteps,
  Trainer,
  writeRunConfig,
} from "walrus/train";
import { command, type Context, EXIT } from "../cli.ts";
import { hubFor } from "../hub.ts";
import { RunFolder } from "./folder.ts";
import { Loader } from "./loader.ts";
import { admit, deviceOptions, planRun } from "./memory.ts";
import { Progress } from "./progress.ts";
import { RunRecord } from "./record.ts";
import { scheduleOf, settingsOf, trainableOf } from "./settings.ts";
import { type Start, startOf } from "./start.ts";
import { framesOf, infoOf, isDeep, openSystems, type System } from "./systems.ts";

/** The mixture of a run, at the micro-batch to be drawn next. */
function mixtureOf(systems: readonly System[], { model, run, microBatches }: Start): Mixture {
  const mixed = systems.map(({ train }): MixtureSystem => ({
    split: train,
    samples: isDeep(infoOf(train)) ? run.data.samples_3d : run.data.samples,
    frames: framesOf(train, model, run.data),
  }));
  const settings = {
    seed: run.seed,
    epochLength: run.training.epoch,
    strides: run.data.strides,
    augment: run.data.rotate,
    limit: run.data.limit,
  };
  const mixture = new Mixture(mixed, settings, model);
  mixture.skip(microBatches);
  return mixture;
}

/** What validation is done on: held-out data with the frames that training has. */
function heldOut(systems: readonly System[], mixture: Mixture): RunOptions["validationSystems"] {
  return systems.flatMap(({ valid, statistics }, i) =>
    valid ? [{ split: valid, frames: mixture.systems[i]!.frames, statistics }] : []
  );
}

/** Says which systems have nothing to be scored on, before anything is learnt. */
function tellHeldOut(systems: readonly System[], { every }: RunConfig["validation"], warn: Context["warn"]) {
  const without = systems.filter(({ valid }) => !valid).map(({ name }) => `"${name}"`);
  if (every === 0 || without.length === 0) return;
  warn(
    without.length < systems.length
      ? `warning: ${without.join(", ")}: no held-out data (data/valid), not validated`
      : "warning: there are no held-out data (data/valid): nothing is validated, no network is the best",
  );
}

/**
 * How the network treats the grid of each system, in words.
 *
 * @throws RangeError for one that the configuration lets it refuse
 */
function gridNotes(systems: readonly System[], mixture: Mixture, model: Model, { grid, field_map }: RunData) {
  return systems.flatMap(({ name, train }, i) => {
    const { samples, frames } = mixture.systems[i]!;
    const shape = model.shape(infoOf(train), { samples, frames, map: field_map, grid });
    return (model.gridNotes?.(shape) ?? []).map((note) => `${name}: ${note}`);
  });
}

/** Workers that read ahead. */
function loaderOf(
  systems: readonly System[],
  mixture: Mixture,
  { model, run }: Start,
  registry: readonly ModelEntry[],
): Loader {
  const { module } = modelEntry(model.family, registry);
  return new Loader({
    systems: systems.map(({ folder, train }) => ({ folder, split: train.name })),
    masks: run.data.masks ?? {},
    settings: mixture.settings,
    model: { family: model.family, config: model.config, ...(module ? { module } : {}) },
  }, run.data.workers);
}

/** Whether a run has taken its steps, and its last validation where there is something to score. */
function isFinished({ step, validated, run }: Start, systems: readonly System[]): boolean {
  const { training: { steps }, validation: { every } } = run;
  const validates = every > 0 && systems.some(({ valid }) => valid !== null);
  return step >= steps && (!validates || validated >= steps);
}

async function trainWith(
  given: RunConfig,
  extend: boolean,
  registry: readonly ModelEntry[],
  context: Context,
): Promise<void> {
  const { signal } = context;
  const systems = await openSystems(given.data);
  using opened = new DisposableStack();
  for (const system of systems) opened.use(system);
  const folder = await RunFolder.open(given.folder, registry);
  const { hub } = hubFor(context, given.model.from, given.model.config);
  const start = await startOf(folder, given, extend, systems, registry, context.warn, hub);
  const { model, run } = start;
  if (isFinished(start, systems)) {
    const { path } = folder;
    context.warn(
      `the run in "${path}" is finished: ${run.training.steps} steps, the network is in ${path}/last; ` +
        "a larger training.steps with --extend goes on, another folder starts anew",
    );
    return;
  }
  const map = run.data.field_map;
  // Fields that the network does not know are named before anything is read.
  for (const { train } of systems) model.fields(infoOf(train), map);
  const settings = settingsOf(run, model);
  const mixture = mixtureOf(systems, start);
  const notes = gridNotes(systems, mixture, model, run.data);
  const trainable = trainableOf(run, model);
  const plan = planRun(mixture.systems, model, run.data, settings, trainable, run.backend);
  await using device = await openDevice(run.backend, { wasm: deviceOptions(plan, run.threads) });
  const need = admit(plan, settings, device);
  using trainer = new Trainer({ device, model, settings, trainable });
  await trainer.load(await start.state());
  await folder.write("config.yaml", writeRunConfig(run));
  await folder.rewind(start.step);
  if (trainer.trainedSize === 0) {
    throw new RangeError("Nothing is trained: training.only and training.freeze leave no tensor");
  }
  const grids = systems.map(({ name, train }) => {
    return `${name} (${infoOf(train).grid.shape.filter((n) => n > 1).join("x")})`;
  });
  context.warn(grids.join(", "));
  for (const note of notes) context.warn(note);
  context.warn(`${model.description}, ${trainer.trainedSize} numbers trained; ${device.name}; ${need}`);

  tellHeldOut(systems, run.validation, context.warn);
  using loader = loaderOf(systems, mixture, start, registry);
  const ceiling = await measureCeiling(device);
  context.warn(
    `products of matrices reach ${(ceiling / 1e9).toFixed(1)} GFLOP/s here: the peak that shares refer to`,
  );
  const progress = new Progress(start.step, run.training.steps, ceiling, context);
  const stable = stableSteps(scheduleOf(run));
  const { windows, rollout, trajectories, jitter: draws } = run.validation;
  const options: RunOptions = {
    trainer,
    mixture,
    read: (plan) => loader.read(plan),
    readAhead: run.data.workers,
    schedule: scheduleOf(run),
    from: start.step,
    steps: run.training.steps,
    seed: run.seed,
    fieldMap: map,
    grid: run.data.grid,
    statistics: systems.map(({ statistics }) => statistics),
    validateEvery: run.validation.every,
    validation: { windows, rollout, trajectories, draws, seed: run.seed, grid: run.data.grid },
    validationSystems: heldOut(systems, mixture),
    saveEvery: run.checkpoint.every,
    saveAt: stable,
    best: start.best,
    validated: start.validated,
    signal,
  };
  const record = new RunRecord({ folder, run, trainer, progress, stable, start });
  try {
    for await (const event of runTraining(options)) await record.take(event, options.validationSystems);
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    throw new DivergenceError(`${error.message}. The last good checkpoint is ${record.newest}`, {
      cause: error,
    });
  }
  if (signal.aborted) {
    progress.say(`interrupted: saved as ${record.newest}, the same command goes on from there`);
  }
}

interface Options {
  readonly extend?: boolean;
  readonly finetune?: boolean;
}

/** The train command, and with `--finetune` the finetune command. */
export const train = command<Options>({
  name: "train",
  description:
    "Trains or finetunes a network as a YAML configuration says; resumes a run that was interrupted.",
  declare: (reader) => {
    reader
      .argument("<config>", "YAML file")
      .argument("[overrides...]", "key=value or section.key=value, YAML values")
      .option(
        "--extend",
        "training.steps and schedule may differ from those the run in the folder began with",
      )
      .option("--finetune", "defaults of finetuning; model.from names the checkpoint");
  },
  async run({ extend = false, finetune = false }, context, [path, ...overrides]) {
    using file = await openSource(path!);
    const text = new TextDecoder().decode(await file.read(0, file.size));
    const registry = context.registry ?? modelEntries();
    const config = await parseRunConfig(text, { name: path!, overrides, finetune, registry });
    await trainWith(config, extend, registry, context);
    if (context.signal.aborted) return EXIT.interrupted;
  },
});
