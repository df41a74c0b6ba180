// A network in training: its state and its programs on a device. Knows steps, not epochs or files: what is drawn, logged
// and saved is the run's business.

import { type Compiled, type Feed, loadPlan } from "../compile/compile.ts";
import { type Device, DisposedError } from "../compile/device.ts";
import { workOf } from "../compile/work.ts";
import { type ProcessGroup, singleProcess } from "../distributed/process_group.ts";
import { type MemoryEstimate, type PreparedForecast, prepareForecast } from "../forecast/prepare.ts";
import { type Lease, LeaseCache } from "../forecast/program_cache.ts";
import type { ForecastHost } from "../forecast/rollout.ts";
import type { Graph } from "../ir/trace.ts";
import { type Shape, sizeOf } from "../ir/types.ts";
import type { Model } from "../models/model.ts";
import { adamwRates } from "./adamw.ts";
import type { TrainingBatch } from "./batch.ts";
import { collectedParameters } from "./parameters.ts";
import { checkCapacity, planStep } from "./plan.ts";
import { sumOverRanks } from "./ranks.ts";
import type { Trainable, TrainingSettings } from "./settings.ts";
import { accumulateStep, isState, trainedNames, updateStep, wholeStep } from "./step.ts";
import { StateBuffers, type TrainerState } from "./trainer_state.ts";

/** What training is made of. */
export interface TrainerOptions {
  /** Where it runs; stays the caller's. */
  readonly device: Device;
  /** The network. */
  readonly model: Model;
  /** Loss, optimiser, accumulation, recomputation, adapters. */
  readonly settings: TrainingSettings;
  /** Which tensors are trained. */
  readonly trainable: Trainable;
  /** Processes whose gradients are summed; this one alone unless given. */
  readonly group?: ProcessGroup;
  /** Most programs that stay compiled; the one unused longest goes first. 32 unless given. */
  readonly programs?: number;
}

/** What a step did. */
export interface StepResult {
  /** Mean over the micro-batches of all processes. */
  readonly loss: number;
  /** Total norm of the gradients before clipping. */
  readonly norm: number;
  /** Milliseconds on the device. */
  readonly milliseconds: number;
  /** Floating-point operations of contractions and attention. */
  readonly operations: number;
}

interface Program extends Disposable {
  readonly compiled: Compiled;
  readonly names: readonly string[];
  readonly operations: number;
}

/**
 * A network in training. It is a host of forecasts as well: those of its weights as they are between steps.
 *
 * Steps follow one another; a step that is aborted leaves weights and moments torn, and wants `load` before the next.
 * The device has to outlive the trainer.
 *
 * @example A network at its start
 * ```ts
 * import assert from "node:assert/strict";
 * import { wasm } from "../backend/wasm/device.ts";
 * import { startWeights } from "./start_weights.ts";
 * import { DEFAULT_TRAINING } from "./settings.ts";
 * import { MODELS } from "../models/registry.ts";
 * const family = await MODELS[0]!.load();
 * const settings = family.settings({ hidden_dim: 16, intermediate_dim: 2, blocks: 1, heads: 1 }, "example");
 * const { model } = await family.create(settings, [], {}, null);
 * using device = await wasm({ threads: 1 });
 * using trainer = new Trainer({ device, model, settings: DEFAULT_TRAINING, trainable: () => true });
 * const weights = [...startWeights(model, 1)];
 * await trainer.load({ tensors: new Map(weights.map(([name, data]) => [`params/${name}`, data])), counts: {} });
 * assert.equal((await trainer.state()).tensors.size, weights.length);
 * ```
 */
export class Trainer implements ForecastHost, Disposable {
  /** The network. */
  readonly model: Model;
  /** Loss and optimiser. */
  readonly settings: TrainingSettings;
  /** Where it computes. */
  readonly device: Device;
  /** Processes whose gradients are summed. */
  readonly group: ProcessGroup;
  readonly #trainable: Trainable;
  readonly #state: StateBuffers;
  readonly #counts = new Map<string, number>();
  readonly #steps: LeaseCache<Program>;
  readonly #forecasts: LeaseCache<PreparedForecast>;
  readonly #disposal = new AbortController();

  /** Weights are loaded afterwards, with {@link Trainer.load}. */
  constructor({ device, model, settings, trainable, group = singleProcess(), programs }: TrainerOptions) {
    this.model = model;
    this.settings = settings;
    this.device = device;
    this.group = group;
    this.#trainable = trainable;
    this.#state = new StateBuffers(model, device, settings, trainable);
    this.#steps = new LeaseCache(programs);
    this.#forecasts = new LeaseCache(programs);
  }

  /** Aborted when the trainer is disposed of. */
  get signal(): AbortSignal {
    return this.#disposal.signal;
  }

  /** Shapes of the network's tensors and adapters. */
  get shapes(): ReadonlyMap<string, Shape> {
    return this.#state.shapes;
  }

  /** Numbers that are trained. */
  get trainedSize(): number {
    return [...this.shapes].reduce((n, [name, s]) => this.#trainable(name) ? n + sizeOf(s) : n, 0);
  }

  /**
   * Sets weights, moments and counts.
   *
   * @param state with every weight; moments that are missing are 0
   * @throws TypeError for a missing weight or wrong lengths
   */
  async load({ tensors, counts }: TrainerState): Promise<void> {
    await this.#state.load(tensors);
    this.#counts.clear();
    for (const [name, count] of Object.entries(counts)) this.#counts.set(name, count);
  }

  /** Copies everything out that a step changes. */
  async state(): Promise<TrainerState> {
    const names = [...this.shapes.keys()].filter((name) => this.#counts.has(name));
    return {
      tensors: await this.#state.read(),
      counts: Object.fromEntries(names.map((name) => [name, this.#counts.get(name)!])),
    };
  }

  #program(key: string, build: () => Graph): Promise<Lease<Program>> {
    this.signal.throwIfAborted();
    return this.#steps.lease(key, async () => {
      const { model, settings, device } = this;
      const graph = build();
      const sums = settings.accumulate > 1 || this.group.size > 1;
      const { plan, bytes } = planStep(graph, model, settings, this.#trainable, device, sums);
      checkCapacity(bytes, device);
      const compiled = await loadPlan(plan, device);
      return {
        compiled,
        names: trainedNames(graph),
        operations: workOf(compiled.program),
        [Symbol.dispose]: () => compiled[Symbol.dispose](),
      };
    });
  }

  /** Rates of an optimiser step of some tensors, whose counts go up. */
  #rates(names: readonly string[], learningRate: number): Float32Array {
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return adamwRates(learningRate, names.map((name) => this.#counts.get(name)!), this.settings.adamw);
  }

  async #run({ compiled, operations }: Program, feeds: Readonly<Record<string, Feed>>): Promise<StepResult> {
    const state = [...compiled.graph.inputs.keys()].filter(isState);
    const bound = Object.fromEntries(state.map((name) => [name, this.#state.buffer(name)]));
    const outputs = await compiled.run({ ...feeds, ...bound }, { signal: this.signal });
    const number = (name: string) => outputs[name]?.[0] ?? 0;
    const { milliseconds } = compiled.report;
    return { loss: number("loss"), norm: number("norm"), milliseconds, operations };
  }

  /**
   * One optimiser step.
   *
   * @param batches as many as `settings.accumulate` says
   * @param learningRate of this step
   * @returns loss and norm; when one is not finite the weights are no longer usable
   * @throws RangeError for another number of micro-batches, and for a step that needs more memory than `settings.memory`
   *   or the device has: before it is loaded
   */
  async step(batches: readonly TrainingBatch[], learningRate: number): Promise<StepResult> {
    const { accumulate } = this.settings;
    if (batches.length !== accumulate) {
      throw new RangeError(`Cannot step: got ${batches.length} micro-batches, wanted ${accumulate}`);
    }
    if (accumulate === 1 && this.group.size === 1) return await this.#whole(batches[0]!, learningRate);
    return await this.#accumulated(batches, learningRate);
  }

  async #whole({ key, shape, inputs }: TrainingBatch, learningRate: number): Promise<StepResult> {
    const { model, settings } = this;
    using program = await this.#program(key, () => wholeStep(model, shape, settings, this.#trainable));
    const rates = this.#rates(program.value.names, learningRate);
    return await this.#run(program.value, { ...inputs, rates });
  }

  async #accumulated(batches: readonly TrainingBatch[], learningRate: number): Promise<StepResult> {
    const { model, settings } = this;
    const touched = new Set<string>();
    let [loss, milliseconds, operations] = [0, 0, 0];
    for (const { key, shape, inputs } of batches) {
      using program = await this.#program(
        key,
        () => accumulateStep(model, shape, settings, this.#trainable),
      );
      for (const name of program.value.names) touched.add(name);
      const result = await this.#run(program.value, inputs);
      loss += result.loss;
      milliseconds += result.milliseconds;
      operations += result.operations;
    }
    if (this.group.size > 1) loss = await sumOverRanks(this.group, this.#state, touched, loss);
    // One order of rows whatever the order in which the micro-batches came.
    const shapes = new Map([...this.shapes].filter(([name]) => touched.has(name)));
    using update = await this.#program(
      `update ${[...shapes.keys()]}`,
      () => updateStep(model, shapes, settings),
    );
    const rates = this.#rates(update.value.names, learningRate);
    const result = await this.#run(update.value, { rates });
    return { loss, norm: result.norm, milliseconds: milliseconds + result.milliseconds, operations };
  }

  /** Programs for a kind of window with the weights as they are: for validation between steps. */
  programs(
    shape: unknown,
    kvCache: boolean,
    admit?: (need: MemoryEstimate) => unknown,
  ): Promise<Lease<PreparedForecast>> {
    this.signal.throwIfAborted();
    const { model, settings, device } = this;
    const source = {
      device,
      parameters: collectedParameters(model, settings).parameters,
      stationary: false,
      quantise: false,
      buffers: (inputs: Iterable<string>) =>
        Promise.resolve(
          new Map([...inputs].filter(isState).map((name) => [name, this.#state.buffer(name)] as const)),
        ),
    };
    // Weights are resident already.
    const resident = admit && ((need: MemoryEstimate) => admit({ ...need, weights: 0 }));
    const key = JSON.stringify([kvCache, shape]);
    return this.#forecasts.lease(key, () => prepareForecast(model, shape, source, kvCache, resident));
  }

  /** Ends what runs and frees everything. */
  [Symbol.dispose](): void {
    this.#disposal.abort(
      new DisposedError(`Cannot train: the trainer of ${this.model.family} is disposed of`),
    );
    this.#steps[Symbol.dispose]();
    this.#forecasts[Symbol.dispose]();
    this.#state[Symbol.dispose]();
  }
}
