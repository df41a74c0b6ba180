// The train and finetune commands: a configuration in; checkpoints, logs and a network in the released layout out. A
// run that was interrupted goes on where its newest checkpoint stands.

import { Command, CommanderError } from "commander";
import { openDevice } from "../../lib/backend/auto.ts";
import { measureCeiling } from "../../lib/compile/ceiling.ts";
import { writeConfig } from "../../lib/forecast/extended_config.ts";
import { mergeAdapters } from "../../lib/train/lora.ts";
import { Mixture, type MixtureSystem } from "../../lib/train/mixture.ts";
import { DivergenceError, type RunOptions, runTraining } from "../../lib/train/run.ts";
import { parseRunConfig, type RunConfig, writeRunConfig } from "../../lib/train/run_config.ts";
import { stableSteps } from "../../lib/train/schedule.ts";
import type { TrainingSettings } from "../../lib/train/step.ts";
import { Trainer, type TrainerState } from "../../lib/train/trainer.ts";
import type { WalrusConfig } from "../../lib/walrus/config.ts";
import { parameterShapes } from "../../lib/walrus/parameters.ts";
import { RunFolder } from "./folder.ts";
import { Loader } from "./loader.ts";
import { admit } from "./memory.ts";
import { Progress } from "./progress.ts";
import { scheduleOf, settingsOf, trainableOf } from "./settings.ts";
import { startOf } from "./start.ts";
import { checkFields, framesOf, openSystems, scalesOf } from "./systems.ts";

/** Weights of a state as a plain network. */
function plainWeights(
  state: TrainerState,
  config: WalrusConfig,
  { lora }: TrainingSettings,
): ReadonlyMap<string, Float32Array> {
  const weights = new Map(
    [...state.tensors].flatMap(([name, data]) =>
      name.startsWith("params/") ? [[name.slice("params/".length), data] as const] : []
    ),
  );
  return lora ? mergeAdapters(weights, parameterShapes(config), lora) : weights;
}

/** Means of all systems and each one's scores, as the log names them. */
function validationScalars(scores: ReadonlyMap<string, { oneStep: number; rollout: readonly number[] }>) {
  const scalars: Record<string, number> = {};
  for (const [name, { oneStep, rollout }] of scores) {
    scalars[`valid/${name}/one_step`] = oneStep;
    if (rollout.length > 0) {
      scalars[`valid/${name}/rollout`] = rollout.reduce((sum, value) => sum + value, 0) / rollout.length;
    }
  }
  return scalars;
}

async function train(given: RunConfig, extend: boolean, signal: AbortSignal): Promise<void> {
  const systems = await openSystems(given.data);
  using opened = new DisposableStack();
  for (const system of systems) opened.use(system);
  using device = await openDevice(given.backend, { wasm: given.threads ? { threads: given.threads } : {} });
  const settings = settingsOf(given);
  const folder = await RunFolder.open(given.folder);
  let say = (line: string) => console.error(line);
  const start = await startOf(folder, given, extend, systems, settings, say);
  const { config, run } = start;
  checkFields(systems, config, run.data);

  const mixed = systems.map(({ train }): MixtureSystem => {
    const deep = train.shape.every((n) => n > 1);
    return {
      split: train,
      samples: deep ? run.data.samples_3d : run.data.samples,
      frames: framesOf(train, config, run.data),
    };
  });
  const mixture = new Mixture(mixed, {
    seed: run.seed,
    epochLength: run.training.epoch,
    strides: run.data.strides,
    rotate: run.data.rotate,
    limit: run.data.limit,
  });
  mixture.skip(start.microBatches);
  const trainable = trainableOf(run, config);
  const need = await admit(mixed, config, settings, trainable, device);
  const scales = config.normalization === "global"
    ? await Promise.all(systems.map((system) => scalesOf(system, config)))
    : null;
  using trainer = new Trainer({ device, config, settings, trainable });
  await trainer.load(await start.state());
  await folder.write("config.yaml", writeRunConfig(run));
  await folder.rewind(start.step);

  const networkConfig = writeConfig(config);
  const trained = trainer.trainedSize;
  if (trained === 0) {
    throw new RangeError("Nothing is trained: training.only and training.freeze leave no tensor");
  }
  say(
    `${
      systems.map(({ name, train }) => `${name} (${train.shape.filter((n) => n > 1).join("x")})`).join(", ")
    }`,
  );
  say(
    `${config.blocks} blocks of width ${config.hiddenDim}, ${trained} numbers trained; ${device.name}; ${need}`,
  );

  using loader = new Loader(systems.map(({ files }, i) => ({ files, frames: mixed[i]!.frames })));
  const ceiling = await measureCeiling(device);
  say(`products of matrices reach ${(ceiling / 1e9).toFixed(1)} GFLOP/s here: the peak that shares refer to`);
  const progress = new Progress(start.step, run.training.steps, ceiling);
  say = (line) => progress.say(line);
  const schedule = scheduleOf(run);
  const stable = stableSteps(schedule);
  const options: RunOptions = {
    trainer,
    mixture,
    read: (plan) => loader.read(plan),
    schedule,
    from: start.step,
    steps: run.training.steps,
    seed: run.seed,
    fieldMap: run.data.field_map,
    ...(scales ? { scales } : {}),
    validateEvery: run.validation.every,
    validation: {
      windows: run.validation.windows,
      rollout: run.validation.rollout,
      trajectories: run.validation.trajectories,
      jitter: run.validation.jitter,
      seed: run.seed,
    },
    validationSystems: systems.flatMap(({ valid }, i) =>
      valid ? [{ split: valid, frames: mixed[i]!.frames, ...(scales ? { scales: scales[i]! } : {}) }] : []
    ),
    saveEvery: run.checkpoint.every,
    saveAt: stable,
    best: start.best,
    validated: start.validated,
    signal,
  };
  const exportNetwork = (name: string, weights: ReadonlyMap<string, Float32Array>) =>
    folder.exportNetwork(name, weights, parameterShapes(config), networkConfig, run.checkpoint.dtype);
  let newest = start.step > 0 ? `step ${start.step}` : "none";
  let bestStep = start.best?.step ?? 0;
  try {
    for await (const event of runTraining(options)) {
      if (event.kind === "step") {
        progress.add(event);
        const due = event.step % run.log.every === 0 || event.step === run.training.steps;
        if (due) await folder.log(event.step, progress.show(event.step, event.learningRate));
      } else if (event.kind === "validation") {
        const scalars = validationScalars(event.scores);
        await folder.log(event.step, scalars);
        if (event.best) bestStep = event.step;
        for (const system of options.validationSystems) {
          await folder.pictures.take(trainer, system, event.step, {
            steps: run.validation.rollout,
            jitter: run.validation.jitter,
            fieldMap: run.data.field_map,
          });
        }
        const words = [...event.scores].map(([name, { oneStep, rollout }]) =>
          `${name} ${oneStep.toFixed(4)}${
            rollout.length > 0 ? ` (step ${rollout.length}: ${rollout.at(-1)!.toFixed(3)})` : ""
          }`
        );
        say(
          `validation VRMSE at step ${event.step}${event.best ? ", best so far" : ""}: ${words.join(", ")}`,
        );
        if (event.best) {
          const weights = plainWeights(await trainer.state(), config, settings);
          await exportNetwork("best", weights);
        }
      } else {
        const { step, microBatches, best, validated, trainer: state } = event;
        newest = await folder.save(
          {
            step,
            microBatches,
            best,
            validated,
            runConfig: writeRunConfig(run),
            network: config,
            trainer: state,
          },
          trainer.shapes,
          run.checkpoint.keep,
          stable,
        );
        await folder.writeReport();
        if (step < run.training.steps) continue;
        const weights = plainWeights(state, config, settings);
        const path = await exportNetwork("last", weights);
        say(
          `finished: the network is in ${path}${
            bestStep > 0 ? `, the best one (step ${bestStep}) beside it` : ""
          }`,
        );
      }
    }
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    throw new DivergenceError(`${error.message}. The last good checkpoint is ${newest}`, { cause: error });
  }
  if (signal.aborted) say(`interrupted: saved as ${newest}, the same command goes on from there`);
}

function readOptions(args: readonly string[]): { config: RunConfig; extend: boolean } {
  const command = new Command("train")
    .description(
      "Trains or finetunes a Walrus model as a YAML configuration says; resumes a run that was interrupted.",
    )
    .argument("<config>", "YAML file")
    .argument("[overrides...]", "key=value or section.key=value, YAML values")
    .option("--extend", "training.steps and schedule may differ from those the run in the folder began with")
    .option("--finetune", "defaults of finetuning; model.from names the checkpoint")
    .showHelpAfterError()
    .exitOverride();
  command.parse([...args], { from: "user" });
  const [path, ...overrides] = command.args;
  const text = Deno.readTextFileSync(path!);
  const { finetune = false, extend = false } = command.opts<{ finetune?: boolean; extend?: boolean }>();
  return { config: parseRunConfig(text, { name: path!, overrides, finetune }), extend };
}

if (import.meta.main) {
  const abort = new AbortController();
  const interrupted = () => {
    if (abort.signal.aborted) Deno.exit(130);
    console.error("\ninterrupted: finishing the step; a second time stops at once");
    abort.abort(new Error("interrupted"));
  };
  Deno.addSignalListener("SIGINT", interrupted);
  // What a cluster sends before it takes a machine back; Windows has no such signal.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", interrupted);
  try {
    const { config, extend } = readOptions(Deno.args);
    await train(config, extend, abort.signal);
    Deno.exit(abort.signal.aborted ? 130 : 0);
  } catch (error) {
    if (error instanceof CommanderError) Deno.exit(error.exitCode === 0 ? 0 : 2);
    console.error(`error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
