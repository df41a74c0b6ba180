// Finetunes in a worker, so that the page stays awake: the library's own run on the files that were dropped. Speaks
// the messages of `messages.ts`; reads nothing but what it is handed.

import {
  makeBatch,
  Mixture,
  openDevice,
  openSplit,
  parameterShapes,
  planTraining,
  RELEASED_TRAINING,
  releasedTrainable,
  runTraining,
  type Schedule,
  type Split,
  startNetwork,
  streamSafetensors,
  Trainer,
  type TrainingSettings,
  UNCHANGED_MODEL,
  validate,
  type ValidationSettings,
  writeConfig,
} from "../../mod.ts";
import type { Answer, ModelFiles, Request, StartRequest } from "./messages.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: Answer): void;
}

const scope = globalThis as unknown as WorkerScope;
const tell = (answer: Answer) => scope.postMessage(answer);

/** All of a 32-bit WebAssembly memory. */
const MOST_BYTES = 2 ** 32;
/** Windows whose errors are compared before and after. */
const SCORED = 4;

const SETTINGS: TrainingSettings = { ...RELEASED_TRAINING, accumulate: 1 };
const SCORING: ValidationSettings = { windows: SCORED, rollout: 0, trajectories: 0, jitter: false, seed: 0 };

/** Lets messages in: awaits of finished work do not. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Names of all channels of a split. */
async function channelsOf(split: Split): Promise<string[]> {
  const { channels, constantChannels } = await split.trajectory(0, 0).window({ from: 0, length: 1 });
  return [...channels, ...constantChannels];
}

/** Warm-up over a tenth of the steps, then constant: fifty steps are too few for more. */
function scheduleOf({ learningRate, steps }: StartRequest): Schedule {
  return { kind: "constant", base: learningRate, warmup: Math.ceil(steps / 10), firstFactor: 0.1 };
}

async function networkOf({ checkpoint, config }: ModelFiles, names: readonly string[]) {
  // As the finetune command does: dropped branches are for long runs.
  return await startNetwork({ ...UNCHANGED_MODEL, from: checkpoint, config, drop_path: 0 }, names, 0);
}

async function finetune(request: StartRequest, signal: AbortSignal): Promise<void> {
  tell({ kind: "phase", text: "reading the files" });
  using split = await openSplit(request.data);
  const { config, weights } = await networkOf(request.model, await channelsOf(split));
  if (config.normalization === "global") {
    throw new RangeError("This network is normalised by statistics of a data set: use the finetune command");
  }
  const deep = split.shape.every((n) => n > 1);
  const frames = deep ? Math.max(1, Math.floor(config.contextFrames / 2)) : config.contextFrames;
  const drawing = { seed: 0, epochLength: 2000, strides: [1, 1], rotate: false, limit: null } as const;
  const mixture = () => new Mixture([{ split, samples: 1, frames }], drawing);
  const trainable = releasedTrainable(config);

  tell({ kind: "phase", text: "starting the device" });
  using device = await openDevice(request.backend);
  const first = mixture();
  const windows = await first.read(first.next());
  const { shape, geometry } = makeBatch(windows, config, { seed: 0, index: 0, source: split.name });
  const { peak } = planTraining(config, shape, geometry, SETTINGS, trainable, device);
  if (device.name.startsWith("wasm") && peak > MOST_BYTES) {
    throw new RangeError(
      `A step on ${split.name} needs ${gigabytes(peak)}, a page has ${
        gigabytes(MOST_BYTES)
      }: use a smaller grid`,
    );
  }
  using trainer = new Trainer({ device, config, settings: SETTINGS, trainable });
  const tensors = new Map([...await weights()].map(([name, data]) => [`params/${name}`, data]));
  await trainer.load({ tensors, counts: {} });

  tell({ kind: "phase", text: "scoring the network as it is" });
  const score = async () => (await validate(trainer, { split, frames }, SCORING)).oneStep;
  tell({
    kind: "ready",
    device: device.name,
    data: `${split.name}, ${split.shape.filter((n) => n > 1).join(" x ")}`,
    model: `${config.blocks} blocks of width ${config.hiddenDim}, ${
      (trainer.trainedSize / 1e6).toPrecision(2)
    } M numbers`,
    before: await score(),
  });

  let done = 0;
  const events = runTraining({
    trainer,
    mixture: mixture(),
    schedule: scheduleOf(request),
    from: 0,
    steps: request.steps,
    seed: 0,
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
      const stored = [...parameterShapes(config)].map(([name, shape]) => ({
        name,
        shape,
        read: () => event.trainer.tensors.get(`params/${name}`)!,
      }));
      const pieces = await Array.fromAsync(streamSafetensors(stored));
      tell({
        kind: "done",
        steps: done,
        after: await score(),
        checkpoint: new Blob(pieces as Uint8Array<ArrayBuffer>[]),
        config: writeConfig(config),
      });
    }
  }
}

const abort = new AbortController();

scope.onmessage = ({ data }) => {
  if (data.kind === "stop") abort.abort();
  else finetune(data, abort.signal).catch((error: Error) => tell({ kind: "error", message: error.message }));
};
