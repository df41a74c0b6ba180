// Random interleavings of whatever a process may do at the same time on one device: rollouts with and without a KV cache,
// evaluations, a training step, aborts, disposals. What finishes equals, bit for bit, what it gives alone; what does not
// ends with the error that names why, soon.

import assert from "node:assert/strict";
import fc from "fast-check";
import { wasm, type WasmOptions } from "../../lib/backend/wasm/device.ts";
import { webgpu } from "../../lib/backend/webgpu/device.ts";
import type { Device } from "../../lib/compile/device.ts";
import { DisposedError } from "../../lib/compile/device.ts";
import type { Sample, Trajectory } from "../../lib/data/dataset.ts";
import { makeSplit } from "../../lib/data/make_split.ts";
import { modelForecast } from "../../lib/forecast/forecaster.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import type { LoadedModel } from "../../lib/forecast/loaded_model.ts";
import type { RolloutOptions } from "../../lib/forecast/rollout.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import { scoreWindows } from "../../lib/metrics/skill.ts";
import { adapter } from "../backend/webgpu/adapter.ts";
import { batchOf, TINY_SETTINGS, tinyModel, tinySample, tinyStart, tinyTrainer } from "../train/tiny.ts";

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
  /** Scores of the frames after two windows. */
  | { readonly kind: "evaluation"; readonly data: number; readonly seed: number }
  | { readonly kind: "training"; readonly data: number };

/** What happens, and when the model or the device is disposed of: after so many milliseconds, or not. */
export interface Schedule {
  readonly tasks: readonly Task[];
  readonly dispose: { readonly what: "model" | "device"; readonly after: number } | null;
  /** Milliseconds before each task begins. */
  readonly delays: readonly number[];
}

/** Null but in one of so many cases. */
function seldom<T>(cases: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: cases - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

const rollout = fc.record({
  kind: fc.constant("rollout" as const),
  data: fc.nat(1),
  steps: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(3),
  draws: fc.boolean(),
  kvCache: fc.boolean(),
  leave: seldom(5, fc.integer({ min: 1, max: 2 })),
  abort: seldom(4, fc.integer({ min: 1, max: 120 })),
});

const evaluation = fc.record({
  kind: fc.constant("evaluation" as const),
  data: fc.nat(1),
  seed: fc.nat(3),
});
const training = fc.record({ kind: fc.constant("training" as const), data: fc.nat(1) });

/** Schedules of 2 to 8 rollouts, at most one evaluation and one training step. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  tasks: fc.tuple(
    fc.array(rollout, { minLength: 2, maxLength: 8 }),
    seldom(3, evaluation),
    seldom(3, training),
  ).map(([rollouts, ...others]): Task[] => [...rollouts, ...others.filter((task) => task !== null)]),
  dispose: seldom(
    3,
    fc.record({
      what: fc.constantFrom("model" as const, "device" as const),
      after: fc.integer({ min: 0, max: 600 }),
    }),
  ),
  delays: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 10, maxLength: 10 }),
});

/** A device on which schedules run. */
export interface TestedDevice {
  readonly name: string;
  readonly open: () => Promise<Device>;
  /** What forecasts and training start from. */
  readonly simulations: readonly Trajectory[];
}

/** Milliseconds in which everything has to end once it was told to. */
const PATIENCE = 2000;

/** Every kind of device that the machine has. */
export async function testedDevices(): Promise<TestedDevice[]> {
  const on = (name: string, options: WasmOptions): TestedDevice => ({
    name: `wasm, ${name}`,
    open: () => wasm(options),
    simulations: simulations([32, 32]),
  });
  const devices = [
    on("one thread", { threads: 1 }),
    on("two threads", { threads: 2 }),
    on("64-bit addresses", { threads: 1, maximumBytes: 8 * 2 ** 30 }),
  ];
  if (adapter.missing !== null) return devices;
  using device = await webgpu();
  // Software takes seconds for what a thousand tokens attend to.
  const points = device.isSoftware ? [32, 1] : [32, 32];
  return [...devices, { name: "webgpu", open: () => webgpu(), simulations: simulations(points) }];
}

/** Why callers abort. */
const LEFT = "left by the test";

/** Small simulations of two kinds: in a periodic box, and with open sides. */
function simulations(points: readonly number[]): Trajectory[] {
  return (["periodic", "open"] as const).map((side): Trajectory => {
    const read = (frames: readonly number[]): Sample => {
      const sample = tinySample(frames[0]!, points);
      const boundaries = sample.info.boundaries.map(() => [side, side] as const);
      const size = sizeOf(sample.info.grid.shape);
      return {
        ...sample,
        info: { ...sample.info, boundaries },
        times: Float64Array.from(frames),
        values: sample.values.map((field) => field.subarray(0, frames.length * size)),
      };
    };
    const times = Float64Array.from({ length: 5 }, (_, t) => t);
    return {
      name: side,
      info: read([0]).info,
      steps: times.length,
      times: () => Promise.resolve(times),
      sample: (frames) => Promise.resolve(read(frames)),
    };
  });
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

const model = tinyModel({ includeD: [1, 2] });
const files = await model.files();
const start = tinyStart(model, TINY_SETTINGS);
const checkpoint = writeSafetensors(
  [...model.parameters].map(([name, { shape }]) => ({
    name,
    shape,
    data: start.tensors.get(`params/${name}`)!,
  })),
);
const config = new TextEncoder().encode(Object.values(files)[0]);

/** Opens the model on a device. */
function openTiny(device: Device): Promise<LoadedModel> {
  return loadModel(checkpoint, { device, config });
}

type RolloutTask = Extract<Task, { kind: "rollout" }>;

function optionsOf({ steps, seed, draws, kvCache }: RolloutTask): RolloutOptions {
  return { steps, seed, draws, kvCache };
}

/** Runs a rollout as its task says; gives the bits of the frames it took. */
async function runRollout(
  model: LoadedModel,
  start: Sample,
  task: RolloutTask,
  onAbort: () => void,
): Promise<string> {
  const abort = new AbortController();
  const end = () => {
    onAbort();
    abort.abort(new Error(LEFT));
  };
  const timer = task.abort === null ? undefined : setTimeout(end, task.abort);
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

/** Scores of forecasts of a simulation; gives their bits. */
async function runEvaluation(model: LoadedModel, simulation: Trajectory, seed: number): Promise<string> {
  const split = makeSplit("all", simulation.info.dataset, [{ kind: "", open: () => simulation }]);
  const places = [[0, 1, 2, 3], [1, 2, 3, 4]].map((frames) => ({ trajectory: 0, frames }));
  const { windows } = await scoreWindows(modelForecast(model, { seed }), split, places);
  assert.equal(windows.length, 2);
  return await digest(windows.map(({ scores }) => Float64Array.from(Object.values(scores))));
}

/** One training step; gives the bits of the weights. */
async function runTraining({ device }: LoadedModel, example: Sample): Promise<string> {
  using trainer = await tinyTrainer(device, { model });
  await trainer.step([batchOf([example], 0, model)], 1e-3);
  return await digest([...(await trainer.state()).tensors.values()]);
}

/** Does what a task says; gives the bits of what came out. */
async function run(
  task: Task,
  model: LoadedModel,
  simulations: readonly Trajectory[],
  onAbort: () => void = () => {},
): Promise<string> {
  const simulation = simulations[task.data]!;
  switch (task.kind) {
    case "rollout":
      return await runRollout(model, await simulation.sample([0, 1, 2]), task, onAbort);
    case "evaluation":
      return await runEvaluation(model, simulation, task.seed);
    case "training":
      return await runTraining(model, await simulation.sample([0, 1, 2, 3]));
  }
}

/** What tasks give alone, and the device on which they do; both made when they are first needed. */
export class Alone implements AsyncDisposable {
  readonly #open: () => Promise<Device>;
  readonly #known = new Map<string, Promise<string>>();
  #device: Promise<Device> | null = null;
  #model: Promise<LoadedModel> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(open: () => Promise<Device>) {
    this.#open = open;
  }

  /** The device: for schedules, too, that leave it alive, since shaders are compiled once a device. */
  device(): Promise<Device> {
    return this.#device ??= this.#open();
  }

  /** The bits that a task gives where nothing else runs. */
  of(task: Task, simulations: readonly Trajectory[]): Promise<string> {
    const undisturbed = task.kind === "rollout" ? { ...task, abort: null } : task;
    const key = JSON.stringify(undisturbed);
    let found = this.#known.get(key);
    if (!found) {
      const compute = async () => {
        this.#model ??= this.device().then(openTiny);
        return await run(undisturbed, await this.#model, simulations);
      };
      found = this.#turn.then(compute);
      this.#turn = found.catch(() => {});
      this.#known.set(key, found);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#model)?.[Symbol.dispose]();
    await (await this.#device)?.[Symbol.asyncDispose]();
  }
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Runs a schedule and checks every task of it.
 *
 * @param device on which
 * @param schedule what is done
 * @param alone what tasks give alone
 */
export async function runSchedule(
  { open, simulations }: TestedDevice,
  { tasks, dispose, delays }: Schedule,
  alone: Alone,
): Promise<{ finished: number; ended: number }> {
  const isLost = dispose?.what === "device";
  const device = isLost ? await open() : await alone.device();
  const model = await openTiny(device);
  let disposed = Infinity;
  const running = tasks.map(async (task, i) => {
    await sleep(delays[i] ?? 0);
    const begun = performance.now();
    let aborted = Infinity;
    try {
      const bits = await run(task, model, simulations, () => aborted = performance.now());
      return { bits, error: null, late: 0 };
    } catch (error) {
      const late = performance.now() - Math.max(begun, Math.min(aborted, disposed));
      return { bits: null, error: error as Error, late };
    }
  });
  if (dispose) {
    await sleep(dispose.after);
    disposed = performance.now();
    (dispose.what === "model" ? model : device)[Symbol.dispose]();
  }
  const results = await Promise.all(running);
  model[Symbol.dispose]();
  if (isLost) await device[Symbol.asyncDispose]();
  let finished = 0;
  for (const [i, { bits, error, late }] of results.entries()) {
    const task = tasks[i]!;
    if (bits !== null) {
      assert.equal(bits, await alone.of(task, simulations), JSON.stringify(task));
      finished++;
      continue;
    }
    const named = error!.message === LEFT || error instanceof DisposedError;
    assert.ok(named, `${error!.name}: ${error!.message}\n${error!.stack}`);
    assert.ok(Number.isFinite(late), `${JSON.stringify(task)} was not told to end`);
    assert.ok(late < PATIENCE, `${JSON.stringify(task)} ended ${late} ms after it was told to`);
  }
  return { finished, ended: results.length - finished };
}
