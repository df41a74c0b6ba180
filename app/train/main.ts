// The train and finetune commands: a configuration in; checkpoints, logs and a network in the released layout out. A
// run that was interrupted goes on where its newest checkpoint stands.

import { Command, CommanderError } from "commander";
import { openDevice } from "../../lib/backend/auto.ts";
import { measureCeiling } from "../../lib/compile/ceiling.ts";
import { writeConfig } from "../../lib/forecast/extended_config.ts";
import { adapterShapes, initialAdapters, isAdapter, mergeAdapters } from "../../lib/train/lora.ts";
import { Mixture, type MixtureSystem } from "../../lib/train/mixture.ts";
import { type Network, startNetwork } from "../../lib/train/network.ts";
import { DivergenceError, type RunOptions, runTraining } from "../../lib/train/run.ts";
import {
  changedSections,
  matcher,
  parseRunConfig,
  type RunConfig,
  writeRunConfig,
} from "../../lib/train/run_config.ts";
import type { RunState } from "../../lib/train/run_state.ts";
import type { Schedule } from "../../lib/train/schedule.ts";
import { releasedTrainable, type Trainable, type TrainingSettings } from "../../lib/train/step.ts";
import { Trainer, type TrainerState } from "../../lib/train/trainer.ts";
import type { WalrusConfig } from "../../lib/walrus/config.ts";
import { parameterShapes } from "../../lib/walrus/parameters.ts";
import { RunFolder } from "./folder.ts";
import { Loader } from "./loader.ts";
import { admit } from "./memory.ts";
import { Progress } from "./progress.ts";
import { checkFields, fieldNames, framesOf, openSystems, scalesOf, type System } from "./systems.ts";

/** Settings of the steps. */
function settingsOf({ training, loss, optimizer }: RunConfig): TrainingSettings {
  const [beta1, beta2] = optimizer.betas;
  const { lora } = training;
  return {
    loss: { multiplier: loss.multiplier, minimumContext: loss.minimum_context },
    adamw: { beta1, beta2, epsilon: optimizer.eps, weightDecay: optimizer.weight_decay },
    clip: training.clip ?? Infinity,
    accumulate: training.accumulate,
    rematEvery: training.remat,
    lora: lora && { rank: lora.rank, alpha: lora.alpha, adapts: matcher(lora.adapt) },
  };
}

/** Which tensors are trained: adapters where there are some, else what the patterns say. */
function trainableOf({ training }: RunConfig, network: Pick<WalrusConfig, "rotary">): Trainable {
  const [only, frozen] = [matcher(training.only), matcher(training.freeze)];
  const released = releasedTrainable(network);
  const chosen: Trainable = training.lora
    ? (name) => isAdapter(name) || (training.only[0] !== "*" && only(name))
    : only;
  return (name) => chosen(name) && !frozen(name) && released(name);
}

function scheduleOf({ schedule, optimizer, training }: RunConfig): Schedule {
  const total = training.steps;
  const part = Math.round(total / 20);
  const shared = {
    base: optimizer.lr,
    total,
    warmup: schedule.warmup ?? part,
    firstFactor: schedule.first_factor,
  };
  if (schedule.kind === "released") {
    return { kind: "released", ...shared, cooldown: Math.max(1, schedule.cooldown ?? part) };
  }
  return { kind: schedule.kind, ...shared, lastFactor: schedule.last_factor };
}

/** Weights of a network and of its adapters, as the trainer takes them. */
async function startState(network: Network, settings: TrainingSettings, seed: number): Promise<TrainerState> {
  const { lora } = settings;
  const factors = lora ? initialAdapters(adapterShapes(parameterShapes(network.config), lora), seed) : [];
  const tensors = [...await network.weights(), ...factors].map(([name, data]) =>
    [`params/${name}`, data] as const
  );
  return { tensors: new Map(tensors), counts: {} };
}

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

interface Start {
  readonly config: WalrusConfig;
  /** Weights, moments, counts: read once it is known that they fit. */
  readonly state: () => Promise<TrainerState>;
  readonly step: number;
  readonly microBatches: number;
  readonly best: RunState["best"];
  readonly validated: number;
}

/** The newest checkpoint, or the network at its start. */
async function startOf(
  folder: RunFolder,
  run: RunConfig,
  systems: readonly System[],
  settings: TrainingSettings,
  say: (line: string) => void,
): Promise<Start> {
  const found = await folder.newest((message) => say(`warning: ${message}`));
  if (found) {
    const { state } = found;
    const changed = changedSections(run, state.runConfig);
    if (changed.includes("model")) {
      throw new RangeError(
        `"${run.folder}" holds a run of another model: change folder, or model back to what it was`,
      );
    }
    if (changed.length > 0) say(`warning: ${changed.join(", ")} changed since the run began`);
    say(`resumes from ${found.path}: step ${state.step} of ${run.training.steps}`);
    return {
      config: state.network,
      state: () => Promise.resolve(state.trainer),
      step: state.step,
      microBatches: state.microBatches,
      best: state.best,
      validated: state.validated,
    };
  }
  const names = fieldNames(systems, run.data.field_map);
  const network = await startNetwork(run.model, names, run.seed);
  if (network.added.length > 0) say(`new fields: ${network.added.join(", ")}`);
  return {
    config: network.config,
    state: () => startState(network, settings, run.seed),
    step: 0,
    microBatches: 0,
    best: null,
    validated: 0,
  };
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

async function train(run: RunConfig, signal: AbortSignal): Promise<void> {
  const systems = await openSystems(run.data);
  using opened = new DisposableStack();
  for (const system of systems) opened.use(system);
  using device = await openDevice(run.backend, { wasm: run.threads ? { threads: run.threads } : {} });
  const settings = settingsOf(run);
  const folder = await RunFolder.open(run.folder);
  let say = (line: string) => console.error(line);
  const start = await startOf(folder, run, systems, settings, say);
  const { config } = start;
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
  trainer.load(await start.state());
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
  const options: RunOptions = {
    trainer,
    mixture,
    read: (plan) => loader.read(plan),
    schedule: scheduleOf(run),
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
    best: start.best,
    validated: start.validated,
    signal,
  };
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
          await folder.exportNetwork("best", weights, parameterShapes(config), networkConfig);
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
        );
        await folder.writeReport();
        if (step < run.training.steps) continue;
        const weights = plainWeights(state, config, settings);
        const path = await folder.exportNetwork("last", weights, parameterShapes(config), networkConfig);
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

function readOptions(args: readonly string[]): { config: RunConfig } {
  const command = new Command("train")
    .description(
      "Trains or finetunes a Walrus model as a YAML configuration says; resumes a run that was interrupted.",
    )
    .argument("<config>", "YAML file")
    .argument("[overrides...]", "key=value or section.key=value, YAML values")
    .option("--finetune", "defaults of finetuning; model.from names the checkpoint")
    .showHelpAfterError()
    .exitOverride();
  command.parse([...args], { from: "user" });
  const [path, ...overrides] = command.args;
  const text = Deno.readTextFileSync(path!);
  return {
    config: parseRunConfig(text, { name: path!, overrides, finetune: command.opts().finetune === true }),
  };
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
    await train(readOptions(Deno.args).config, abort.signal);
    Deno.exit(abort.signal.aborted ? 130 : 0);
  } catch (error) {
    if (error instanceof CommanderError) Deno.exit(error.exitCode === 0 ? 0 : 2);
    console.error(`error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
