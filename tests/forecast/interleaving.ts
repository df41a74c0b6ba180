// Random interleavings of whatever a process may do at the same time on one device: rollouts with and without a KV cache,
// evaluations, a training step, aborts, disposals. What finishes equals, bit for bit, what it gives alone; what does not
// ends with the error that names why, soon.

import assert from "node:assert/strict";
import fc from "fast-check";
import { wasm, type WasmOptions } from "../../lib/backend/wasm/device.ts";
import { webgpu } from "../../lib/backend/webgpu/device.ts";
import type { Device } from "../../lib/compile/device.ts";
import { DisposedError } from "../../lib/compile/device.ts";
import type { Sample } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import type { LoadedModel } from "../../lib/forecast/loaded_model.ts";
import type { RolloutOptions } from "../../lib/forecast/rollout.ts";
import { makeBatch } from "../../lib/train/batch.ts";
import { DEFAULT_TRAINING } from "../../lib/train/settings.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import { Trainer } from "../../lib/train/trainer.ts";
import { adapter } from "../backend/webgpu/adapter.ts";
import { inRepository } from "../shared.ts";

/** One thing that is done. */
export type Task =
  | {
    readonly kind: "rollout";
    /** Which of the simulations. */
    readonly data: number;
    readonly steps: number;
    readonly seed: number;
    readonly draws: boolean;
    readonly kvCache: boolean;
    /** Frames after which the caller leaves, or aborts; null: never. */
    readonly leave: number | null;
    readonly abort: number | null;
  }
  | { readonly kind: "training"; readonly data: number };

/** What happens, and when the model or the device is disposed of: after so many milliseconds, or not. */
export interface Schedule {
  readonly tasks: readonly Task[];
  readonly dispose: { readonly what: "model" | "device"; readonly after: number } | null;
  /** Milliseconds before each task begins. */
  readonly delays: readonly number[];
}

const rollout = fc.record({
  kind: fc.constant("rollout" as const),
  data: fc.nat(1),
  steps: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(3),
  draws: fc.boolean(),
  kvCache: fc.boolean(),
  leave: fc.option(fc.integer({ min: 1, max: 2 }), { freq: 5 }),
  abort: fc.option(fc.integer({ min: 1, max: 120 }), { freq: 4 }),
});

/** Schedules of 2 to 8 rollouts and at most one training step. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  tasks: fc.tuple(
    fc.array(rollout, { minLength: 2, maxLength: 8 }),
    fc.option(fc.record({ kind: fc.constant("training" as const), data: fc.nat(1) }), { freq: 3 }),
  ).map(([rollouts, training]): Task[] => training ? [...rollouts, training] : rollouts),
  dispose: fc.option(
    fc.record({
      what: fc.constantFrom("model" as const, "device" as const),
      after: fc.integer({ min: 0, max: 600 }),
    }),
    { freq: 3 },
  ),
  delays: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 9, maxLength: 9 }),
});

/** A device on which schedules run. */
export interface TestedDevice {
  readonly name: string;
  readonly open: () => Promise<Device>;
  /** What is run on it: software that stands in for a GPU is spared the training. */
  readonly schedules: fc.Arbitrary<Schedule>;
}

const forecasts = schedules.map(({ tasks, ...rest }): Schedule => ({
  ...rest,
  tasks: tasks.filter(({ kind }) => kind === "rollout"),
}));

/** Every kind of device that the machine has. */
export async function testedDevices(): Promise<TestedDevice[]> {
  const on = (name: string, options: WasmOptions): TestedDevice => ({
    name: `wasm, ${name}`,
    open: () => wasm(options),
    schedules,
  });
  const devices = [
    on("one thread", { threads: 1 }),
    on("two threads", { threads: 2 }),
    on("64-bit addresses", { threads: 1, maximumBytes: 8 * 2 ** 30 }),
  ];
  if (adapter.missing !== null) return devices;
  using device = await webgpu();
  const own = device.isSoftware ? forecasts : schedules;
  return [...devices, { name: "webgpu", open: () => webgpu(), schedules: own }];
}

const FILES = ["gray_scott_mini.hdf5", "euler_quadrants_mini.hdf5"];
/** Time in which everything has to end once it was told to. */
const PATIENCE = 2000;

/** Windows that forecasts start from, and the same with the frame that follows. */
export async function startsOf(): Promise<{ starts: Sample[]; examples: Sample[] }> {
  const [starts, examples]: [Sample[], Sample[]] = [[], []];
  for (const file of FILES) {
    using data = await openData(inRepository(`examples/data/${file}`));
    const trajectory = (await data.split()).trajectory(0);
    starts.push(await trajectory.sample([0, 1, 2]));
    examples.push(await trajectory.sample([0, 1, 2, 3]));
  }
  return { starts, examples };
}

/** The bits of some arrays, short. */
async function digest(arrays: readonly (Float32Array | Float64Array)[]): Promise<string> {
  const parts: string[] = [];
  for (const array of arrays) {
    const bytes = new Uint8Array(array.slice().buffer);
    parts.push(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16));
  }
  return parts.join(" ");
}

/** Opens a model on a device. */
export function openShipped(device: Device): Promise<LoadedModel> {
  return loadModel(inRepository("examples/walrus_small/walrus.safetensors"), { device });
}

type RolloutTask = Extract<Task, { kind: "rollout" }>;

function optionsOf({ steps, seed, draws, kvCache }: RolloutTask): RolloutOptions {
  return { steps, seed, draws, kvCache };
}

/** Runs a rollout as its task says; gives the bits of the frames it took. */
async function runRollout(model: LoadedModel, start: Sample, task: RolloutTask): Promise<string> {
  const abort = new AbortController();
  const timer = task.abort === null
    ? undefined
    : setTimeout(() => abort.abort(new Error("left by the test")), task.abort);
  const frames: Float32Array[] = [];
  try {
    for await (const frame of model.rollout(start, { ...optionsOf(task), signal: abort.signal })) {
      frames.push(...frame.values);
      if (task.leave === frame.step) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return await digest(frames);
}

/** One training step of the shipped network; gives the bits of its weights. */
async function runTraining(device: Device, { model }: LoadedModel, example: Sample): Promise<string> {
  const settings = { ...DEFAULT_TRAINING, loss: { multiplier: 100, minimum_context: 1 } };
  const trainable = (name: string) => name.startsWith("debed.2.");
  using trainer = new Trainer({ device, model, settings, trainable });
  const weights = [...startWeights(model, 1)].map(([name, data]) => [`params/${name}`, data] as const);
  await trainer.load({ tensors: new Map(weights), counts: {} });
  const batch = makeBatch([example], model, {
    seed: 1,
    index: 0,
    source: "example",
    frames: 3,
    parts: 1,
    loss: settings.loss,
  });
  await trainer.step([batch], 1e-3);
  const { tensors } = await trainer.state();
  return await digest([...tensors].filter(([name]) => name.includes("debed.2.")).map(([, data]) => data));
}

/** What tasks give alone, on a device of their own; made when it is first needed. */
export class Alone implements AsyncDisposable {
  readonly #open: () => Promise<Device>;
  readonly #known = new Map<string, Promise<string>>();
  #model: Promise<LoadedModel> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(open: () => Promise<Device>) {
    this.#open = open;
  }

  /** The bits that a task gives where nothing else runs. */
  of(task: Task, starts: readonly Sample[], examples: readonly Sample[]): Promise<string> {
    const key = JSON.stringify(
      task.kind === "rollout" ? { ...task, abort: null, steps: task.leave ?? task.steps } : task,
    );
    let found = this.#known.get(key);
    if (!found) {
      const compute = async () => {
        this.#model ??= this.#open().then(openShipped);
        const model = await this.#model;
        return task.kind === "training"
          ? await runTraining(model.device, model, examples[task.data]!)
          : await runRollout(model, starts[task.data]!, { ...task, abort: null });
      };
      found = this.#turn.then(compute);
      this.#turn = found.catch(() => {});
      this.#known.set(key, found);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const model = await this.#model;
    model?.[Symbol.dispose]();
    await model?.device[Symbol.asyncDispose]();
  }
}

/** Gaps of the event loop beyond this are those of tracing and planning, which have no turns; ops may not keep it. */
const LONGEST_OP = 200;

/** Time in which the event loop had its turns. */
class LoopClock implements Disposable {
  #blocked = 0;
  #last = performance.now();
  readonly #timer = setInterval(() => this.#tick(), 5);

  #tick(): void {
    const now = performance.now();
    if (now - this.#last > LONGEST_OP) this.#blocked += now - this.#last;
    this.#last = now;
  }

  /** Milliseconds. */
  now(): number {
    this.#tick();
    return this.#last - this.#blocked;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Runs a schedule and checks every task of it.
 *
 * @param open makes the device
 * @param schedule what is done
 * @param alone what tasks give alone
 * @param samples that tasks start from
 */
export async function runSchedule(
  open: () => Promise<Device>,
  { tasks, dispose, delays }: Schedule,
  alone: Alone,
  { starts, examples }: { readonly starts: readonly Sample[]; readonly examples: readonly Sample[] },
): Promise<{ finished: number; ended: number }> {
  const device = await open();
  const model = await openShipped(device);
  using clock = new LoopClock();
  let told = 0;
  const running = tasks.map(async (task, i) => {
    await sleep(delays[i] ?? 0);
    const begun = clock.now();
    const result = task.kind === "training"
      ? runTraining(device, model, examples[task.data]!)
      : runRollout(model, starts[task.data]!, task);
    try {
      return { bits: await result, error: null, late: 0 };
    } catch (error) {
      return { bits: null, error: error as Error, late: clock.now() - Math.max(told, begun) };
    }
  });
  if (dispose) {
    await sleep(dispose.after);
    told = clock.now();
    (dispose.what === "model" ? model : device)[Symbol.dispose]();
  }
  const results = await Promise.all(running);
  model[Symbol.dispose]();
  await device[Symbol.asyncDispose]();
  let finished = 0;
  for (const [i, { bits, error, late }] of results.entries()) {
    const task = tasks[i]!;
    if (bits !== null) {
      assert.equal(bits, await alone.of(task, starts, examples), JSON.stringify(task));
      finished++;
      continue;
    }
    const aborted = error!.message === "left by the test";
    assert.ok(
      aborted || error instanceof DisposedError,
      `${error!.name}: ${error!.message}\n${error!.stack}`,
    );
    if (aborted) assert.ok(task.kind === "rollout" && task.abort !== null);
    else assert.ok(dispose !== null && late < PATIENCE, `${JSON.stringify(task)} ended ${late} ms too late`);
  }
  return { finished, ended: results.length - finished };
}
