// Finetunes in a worker, so that the page stays awake: the library's own run on the files that were dropped. Speaks
// the messages of `messages.ts`; reads nothing but what it is handed.

import { scheduleOf, settingsOf, trainableOf } from "../../../app/train/settings.ts";
import { type Dataset, type Device, openData, openDevice, type SampleInfo, type Split } from "walrus";
import { holdOut } from "walrus/data";
import { NARROW_BYTES } from "walrus/devices";
import type { HubOptions } from "walrus/hub";
import { openCheckpoint, streamSafetensors } from "walrus/io";
import {
  findModel,
  learnFrom,
  LEARNT_FILE,
  locateModel,
  type Model,
  modelEntry,
  type ModelPlace,
  withLearnt,
  writeLearnt,
} from "walrus/models";
import {
  makeBatch,
  Mixture,
  type MixtureSystem,
  parseRunConfig,
  planTraining,
  type RunConfig,
  runTraining,
  type StartedModel,
  startModel,
  Trainer,
  type TrainerState,
  validate,
  type ValidationSettings,
  type ValidationSystem,
} from "walrus/train";
import { bytes } from "../words.ts";
import { hubOf } from "./hub.ts";
import type { Answer, ModelFiles, Request, StartRequest } from "./messages.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: Answer): void;
}

const scope = globalThis as unknown as WorkerScope;
const tell = (answer: Answer) => scope.postMessage(answer);

/** Windows whose errors are compared before and after. */
const SCORED = 4;

const SCORING: ValidationSettings = { windows: SCORED, rollout: 0, trajectories: 0, draws: false, seed: 0 };

/** Lets messages in: awaits of finished work do not. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A network whose files are there: with what was fetched beside its checkpoint. */
interface LocatedModel extends ModelFiles, Pick<ModelPlace, "beside"> {}

/** Name of the family of a checkpoint. */
async function familyOf({ checkpoint }: ModelFiles): Promise<string> {
  using opened = await openCheckpoint(checkpoint);
  return findModel({ names: new Set(opened.tensors.keys()), name: opened.name }).family;
}

/**
 * What the finetune command would be told: the family's own settings, one micro-batch a step. The rate warms up over a
 * tenth of the steps and stays: fifty steps are too few for more.
 */
async function configure({ learningRate, steps }: StartRequest, model: LocatedModel): Promise<RunConfig> {
  const run = {
    folder: "page",
    model: { family: await familyOf(model), from: "page" },
    data: { root: "page", rotate: false, strides: [1, 1], samples: 1 },
    training: { steps, accumulate: 1 },
    optimizer: { lr: learningRate },
    schedule: { kind: "constant", warmup: Math.ceil(steps / 10), first_factor: 0.1 },
  };
  // What is JSON is YAML as well.
  return await parseRunConfig(JSON.stringify(run), { name: "page", finetune: true });
}

/** What is learnt from, and what is scored: held-out data, or else a part of the others that is kept apart. */
interface Parts {
  readonly train: Split;
  readonly held: Split | null;
  /** What is scored, in words. */
  readonly scored: string | null;
}

async function partsOf(data: Dataset, frames: number): Promise<Parts> {
  const train = await data.split(data.splits.find((name) => name === "train") ?? data.splits[0]!);
  const other = ["valid", "test"].find((name) => name !== train.name && data.splits.includes(name));
  if (other) return { train, held: await data.split(other), scored: `the split ${other}` };
  const parts = holdOut(train, frames);
  if (!parts) return { train, held: null, scored: null };
  const scored = train.trajectories > 1
    ? "the last trajectory, which is not trained on"
    : "the last frames, which are not trained on";
  return { ...parts, scored };
}

async function networkOf(
  { checkpoint, config, beside }: LocatedModel,
  { model: { family, from: _from, config: _config, ...settings }, seed }: RunConfig,
  info: SampleInfo,
): Promise<StartedModel> {
  return await startModel({
    family: await modelEntry(family!).load(),
    settings,
    from: checkpoint,
    config,
    ...(beside ? { beside } : {}),
    data: [info],
    map: {},
    seed,
  });
}

/** The mixture of one system, from its start. */
function mixtureOf(system: MixtureSystem, { seed, training, data }: RunConfig, model: Model): Mixture {
  const { strides, rotate: augment, limit } = data;
  return new Mixture([system], { seed, epochLength: training.epoch, strides, augment, limit }, model);
}

/** Refuses steps that do not fit, before anything large is allocated. */
async function checkMemory(
  { split, frames, statistics = null }: ValidationSystem,
  run: RunConfig,
  model: Model,
  device: Device,
): Promise<void> {
  const mixture = mixtureOf({ split, samples: 1, frames }, run, model);
  const settings = settingsOf(run, model);
  const { shape } = makeBatch(await mixture.read(mixture.next()), model, {
    seed: run.seed,
    index: 0,
    source: split.dataset,
    frames,
    parts: 1,
    loss: settings.loss,
    statistics,
  });
  const { peak } = planTraining(model, shape, settings, trainableOf(run, model), device);
  if (!device.name.startsWith("wasm") || peak <= NARROW_BYTES) return;
  throw new RangeError(
    `A step on ${split.dataset} needs ${bytes(peak)}, a page has ${bytes(NARROW_BYTES)}: use a smaller grid`,
  );
}

/** The files of the network as it is now. */
async function filesOf(model: Model, { tensors }: TrainerState) {
  const stored = [...model.parameters].map(([name, { shape }]) => ({
    name,
    shape,
    read: () => tensors.get(`params/${name}`)!,
  }));
  const pieces = await Array.fromAsync(streamSafetensors(stored));
  const learnt = model.learnt ? { [LEARNT_FILE]: writeLearnt(model.learnt) } : {};
  return [
    { name: model.weightsFile, content: new Blob(pieces as Uint8Array<ArrayBuffer>[]) },
    ...Object.entries({ ...await model.files(), ...learnt }).map(([name, text]) => ({
      name,
      content: new Blob([text]),
    })),
  ];
}

/** The network with what it names on a Hub fetched. */
async function located({ checkpoint, config }: ModelFiles, hub: HubOptions): Promise<LocatedModel> {
  const place = await locateModel({ checkpoint, ...(config === null ? {} : { config }) }, hub);
  // Paths, URLs and Blobs: a page is given nothing else.
  return { ...place, config: place.config ?? null } as LocatedModel;
}

async function finetune(request: StartRequest, signal: AbortSignal): Promise<void> {
  tell({ kind: "phase", text: "reading the files" });
  const hub = hubOf(request.hub, tell, allowed.promise, signal);
  const network = await located(request.model, hub);
  using data = await openData(request.data, { hub, boundaries: request.boundaries });
  const statistics = await data.statistics();
  const { info } = (await data.split()).trajectory(0);
  const run = await configure(request, network);
  const { model: started, weights } = await networkOf(network, run, info);
  const frames = started.contextFrames(info).usual;
  const { train: split, held, scored } = await partsOf(data, frames + 1);
  const model = withLearnt(started, await learnFrom(started, { [split.dataset]: split }, {}, false));
  const system: ValidationSystem = { split, frames, statistics };

  tell({ kind: "phase", text: "starting the device" });
  using device = await openDevice(request.backend);
  await checkMemory(system, run, model, device);
  const [settings, trainable] = [settingsOf(run, model), trainableOf(run, model)];
  using trainer = new Trainer({ device, model, settings, trainable });
  const tensors = new Map([...await weights()].map(([name, data]) => [`params/${name}`, data]));
  await trainer.load({ tensors, counts: {} });

  tell({ kind: "phase", text: "scoring the network as it is" });
  const score = async () => {
    if (!held) return null;
    const { oneStep } = await validate(trainer, { ...system, split: held }, SCORING);
    return Number.isFinite(oneStep) ? oneStep : null;
  };
  tell({
    kind: "ready",
    device: device.name,
    data: `${split.dataset}, ${info.grid.shape.filter((n) => n > 1).join(" x ")}`,
    model: `${model.description}, ${(trainer.trainedSize / 1e6).toPrecision(2)} M numbers`,
    scored,
    before: await score(),
  });

  let done = 0;
  const events = runTraining({
    trainer,
    mixture: mixtureOf({ split, samples: 1, frames: system.frames }, run, model),
    schedule: scheduleOf(run),
    from: 0,
    steps: request.steps,
    seed: run.seed,
    statistics: [statistics],
    validateEvery: 0,
    validation: SCORING,
    validationSystems: [],
    saveEvery: request.steps,
    best: null,
    validated: 0,
    signal,
  });
  for await (const event of events) {
    if (event.kind === "step") {
      done = event.step;
      tell({ kind: "step", step: event.step, loss: event.loss });
      await breathe();
    } else if (event.kind === "checkpoint") {
      const files = await filesOf(model, event.trainer);
      tell({ kind: "done", steps: done, after: await score(), files });
    }
  }
}

const abort = new AbortController();
/** Resolved when the user lets the worker fetch what it asked for. */
const allowed = Promise.withResolvers<void>();

scope.onmessage = ({ data }) => {
  if (data.kind === "stop") abort.abort();
  else if (data.kind === "fetch") allowed.resolve();
  else finetune(data, abort.signal).catch((error: Error) => tell({ kind: "error", message: error.message }));
};
