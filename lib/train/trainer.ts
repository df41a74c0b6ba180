// Weights, moments and programs of a training run on a device. Knows steps, not epochs or files: what is drawn, logged
// and saved is the run's business.

import { compile, type Compiled, compileGraph, type Feed } from "../compile/compile.ts";
import type { Device, DeviceBuffer } from "../compile/device.ts";
import { workOf } from "../compile/work.ts";
import type { Window } from "../data/window.ts";
import type { ForecastModel, MemoryNeed, PreparedStep } from "../forecast/rollout.ts";
import { windowGeometry } from "../forecast/walrus.ts";
import { type Graph, trace, type Tree } from "../ir/trace.ts";
import { type Shape, sizeOf, type Type } from "../ir/types.ts";
import type { WalrusConfig } from "../walrus/config.ts";
import { parameterShapes } from "../walrus/parameters.ts";
import { RESAMPLED } from "../walrus/resample.ts";
import { forecastStep, type StepInputs, stepSignature } from "../walrus/step.ts";
import { adamwRates } from "./adamw.ts";
import type { TrainingBatch } from "./batch.ts";
import { computeType, halvesOf, isHalf } from "./halves.ts";
import { adapterShapes, adapterTypes, applyAdapters } from "./lora.ts";
import {
  accumulateStep,
  isState,
  type Trainable,
  trainedNames,
  type TrainingSettings,
  updateStep,
  wholeStep,
} from "./step.ts";

/** What training is made of. */
export interface TrainerOptions {
  /** Where it runs; stays the caller's. */
  readonly device: Device;
  /** The network. */
  readonly config: WalrusConfig;
  /** Loss, optimiser, accumulation, recomputation, adapters. */
  readonly settings: TrainingSettings;
  /** Which tensors are trained. */
  readonly trainable: Trainable;
  /** Most programs that stay compiled; the one unused longest goes first. 32 unless given. */
  readonly programs?: number;
}

/** Everything that a step changes: enough to go on with the same bits. */
export interface TrainerState {
  /** `params/NAME` (masters, f32), and of tensors that have been trained `mean/NAME` and `square/NAME`. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** Optimiser steps of every tensor that has been trained. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What a step did. */
export interface StepResult {
  /** Mean over the micro-batches. */
  readonly loss: number;
  /** Total norm of the gradients before clipping. */
  readonly norm: number;
  /** Milliseconds on the device. */
  readonly milliseconds: number;
  /** Floating-point operations of contractions and attention. */
  readonly operations: number;
}

/** Shapes of all tensors of a network and its adapters, in the order of the checkpoint. */
export function trainerShapes(config: WalrusConfig, { lora }: TrainingSettings): Map<string, Shape> {
  const network = parameterShapes(config);
  return lora ? new Map([...network, ...adapterShapes(network, lora)]) : network;
}

interface Program {
  readonly compiled: Compiled;
  readonly names: readonly string[];
  readonly operations: number;
}

const MOST_PROGRAMS = 32;

/**
 * A network in training.
 *
 * @example A network at its start
 * ```ts
 * import assert from "node:assert/strict";
 * import { wasm } from "../backend/wasm/device.ts";
 * import { RELEASED_CONFIG } from "../walrus/config.ts";
 * import { initialWeights } from "./initialize.ts";
 * import { RELEASED_TRAINING } from "./step.ts";
 * const config = { ...RELEASED_CONFIG, hiddenDim: 16, intermediateDim: 2, states: 4, blocks: 1, heads: 1, mlpDim: 32 };
 * using device = await wasm({ threads: 1 });
 * using trainer = new Trainer({ device, config, settings: RELEASED_TRAINING, trainable: () => true });
 * const weights = [...initialWeights(config, 1)];
 * await trainer.load({ tensors: new Map(weights.map(([name, data]) => [`params/${name}`, data])), counts: {} });
 * assert.equal((await trainer.state()).tensors.size, weights.length);
 * ```
 */
export class Trainer implements ForecastModel {
  /** The network. */
  readonly config: WalrusConfig;
  /** Loss and optimiser. */
  readonly settings: TrainingSettings;
  readonly #device: Device;
  readonly #trainable: Trainable;
  readonly #most: number;
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #buffers = new Map<string, DeviceBuffer>();
  /** Weights that no step changes and that the device has as halves only. */
  readonly #frozen = new Map<string, Float32Array>();
  readonly #counts = new Map<string, number>();
  readonly #programs = new Map<string, Program>();
  readonly #forecasts = new Map<string, PreparedStep>();

  /** Weights are loaded afterwards, with {@link Trainer.load}. */
  constructor({ device, config, settings, trainable, programs = MOST_PROGRAMS }: TrainerOptions) {
    this.config = config;
    this.settings = settings;
    this.#device = device;
    this.#trainable = trainable;
    this.#most = programs;
    this.#shapes = trainerShapes(config, settings);
  }

  /** Shapes of the network's tensors and adapters. */
  get shapes(): ReadonlyMap<string, Shape> {
    return this.#shapes;
  }

  /** Numbers that are trained. */
  get trainedSize(): number {
    return [...this.#shapes].reduce((n, [name, s]) => this.#trainable(name) ? n + sizeOf(s) : n, 0);
  }

  /**
   * Sets weights, moments and counts. A step waits until it is done.
   *
   * @param state with every weight; moments that are missing are 0
   * @throws TypeError for a missing weight or wrong lengths
   */
  async load({ tensors, counts }: TrainerState): Promise<void> {
    for (const [name, shape] of this.#shapes) {
      const weight = tensors.get(`params/${name}`);
      if (!weight) throw new TypeError(`Cannot train: weight "${name}" is missing`);
      for (const kind of ["params", "mean", "square"]) {
        const values = tensors.get(`${kind}/${name}`);
        if (values && values.length !== sizeOf(shape)) {
          throw new TypeError(
            `Cannot train: ${kind} of "${name}" has ${values.length} numbers, wanted ${sizeOf(shape)}`,
          );
        }
        if (kind === "params" && isHalf(name, this.settings.weights)) {
          await this.#buffer(`half/${name}`).write(halvesOf(name, weight));
          if (!this.#trainable(name)) {
            this.#frozen.set(name, weight);
            continue;
          }
        }
        if (values) await this.#buffer(`${kind}/${name}`).write(values);
        else if (this.#buffers.has(`${kind}/${name}`)) await this.#clear(`${kind}/${name}`);
      }
    }
    this.#counts.clear();
    for (const [name, count] of Object.entries(counts)) this.#counts.set(name, count);
  }

  /** Copies everything out that a step changes. */
  async state(): Promise<TrainerState> {
    const tensors = new Map<string, Float32Array>();
    // Sums of gradients are zero between steps. One order, whatever was trained first.
    for (const kind of ["params", "mean", "square"]) {
      for (const name of this.#shapes.keys()) {
        const buffer = this.#buffers.get(`${kind}/${name}`);
        if (buffer) tensors.set(`${kind}/${name}`, await buffer.read() as Float32Array);
        const frozen = kind === "params" ? this.#frozen.get(name) : undefined;
        if (frozen) tensors.set(`${kind}/${name}`, frozen);
      }
    }
    const names = [...this.#shapes.keys()].filter((name) => this.#counts.has(name));
    return { tensors, counts: Object.fromEntries(names.map((name) => [name, this.#counts.get(name)!])) };
  }

  /** Memory of a tensor of the state; made when it is first asked for, with zeros in it. */
  #buffer(name: string): DeviceBuffer {
    let buffer = this.#buffers.get(name);
    if (!buffer) {
      const shape = this.#shapes.get(name.slice(name.indexOf("/") + 1))!;
      const dtype = name.startsWith("half/") ? "f16" : "f32";
      buffer = this.#device.createBuffer(dtype, sizeOf(shape), { label: name });
      this.#buffers.set(name, buffer);
    }
    return buffer;
  }

  async #clear(name: string): Promise<void> {
    const buffer = this.#buffers.get(name)!;
    await buffer.write(new Float32Array(buffer.length));
  }

  /** Those inputs of a graph that are state, and their memory. */
  #stateFeeds(graph: Graph): Record<string, DeviceBuffer> {
    const names = [...graph.inputs.keys()].filter(isState);
    return Object.fromEntries(names.map((name) => [name, this.#buffer(name)]));
  }

  async #program(key: string, build: () => Graph): Promise<Program> {
    let program = this.#programs.get(key);
    if (program) this.#programs.delete(key);
    else {
      for (const [oldest, { compiled }] of this.#programs) {
        if (this.#programs.size < this.#most) break;
        compiled[Symbol.dispose]();
        this.#programs.delete(oldest);
      }
      const graph = build();
      const compiled = await compile(this.#device, graph);
      program = { compiled, names: trainedNames(graph), operations: workOf(compiled.program) };
    }
    // The last in the map is the one used last.
    this.#programs.set(key, program);
    return program;
  }

  /** Rates of an optimiser step of some tensors, whose counts go up. */
  #rates(names: readonly string[], learningRate: number): Float32Array {
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return adamwRates(learningRate, names.map((name) => this.#counts.get(name)!), this.settings.adamw);
  }

  async #run(program: Program, feeds: Readonly<Record<string, Feed>>) {
    const { compiled } = program;
    const results = await compiled.run({ ...feeds, ...this.#stateFeeds(compiled.graph) });
    const number = (name: string) => results[name]?.[0] ?? 0;
    const { milliseconds } = compiled.report;
    return { loss: number("loss"), norm: number("norm"), milliseconds, operations: program.operations };
  }

  /**
   * One optimiser step.
   *
   * @param batches as many as `settings.accumulate` says
   * @param learningRate of this step
   * @returns loss and norm; when one is not finite the weights are no longer usable
   * @throws RangeError for another number of micro-batches
   */
  async step(batches: readonly TrainingBatch[], learningRate: number): Promise<StepResult> {
    const { config, settings } = this;
    if (batches.length !== settings.accumulate) {
      throw new RangeError(`Cannot step: got ${batches.length} micro-batches, wanted ${settings.accumulate}`);
    }
    const build = settings.accumulate === 1 ? wholeStep : accumulateStep;
    const touched = new Map<string, Shape>();
    let [loss, milliseconds, operations] = [0, 0, 0];
    for (const { key, shape, geometry, feeds } of batches) {
      const program = await this.#program(
        key,
        () => build(config, shape, geometry, settings, this.#trainable),
      );
      for (const name of program.names) touched.set(name, this.#shapes.get(name)!);
      const rates = settings.accumulate === 1 ? { rates: this.#rates(program.names, learningRate) } : {};
      const result = await this.#run(program, { ...feeds, ...rates });
      if (settings.accumulate === 1) return result;
      loss += result.loss;
      milliseconds += result.milliseconds;
      operations += result.operations;
    }
    // One order of rows whatever the order in which the micro-batches came.
    const shapes = new Map([...this.#shapes].filter(([name]) => touched.has(name)));
    const update = await this.#program(`update ${[...shapes.keys()]}`, () => updateStep(shapes, settings));
    const result = await this.#run(update, { rates: this.#rates(update.names, learningRate) });
    return { loss, norm: result.norm, milliseconds: milliseconds + result.milliseconds, operations };
  }

  /** Compiles the forecast of a window with the weights as they are: for validation between steps. */
  async prepare(window: Window, jitter: boolean, admit?: (need: MemoryNeed) => void): Promise<PreparedStep> {
    const { config, settings: { lora, weights: kind } } = this;
    const shape = {
      frames: window.times.length,
      samples: 1,
      points: window.shape,
      channels: window.channels.length,
      constants: window.constantChannels.length,
      hidden: window.hidden !== null,
      jitter,
    };
    const key = JSON.stringify([shape, window.boundaries, window.dataset in RESAMPLED]);
    let step = this.#forecasts.get(key);
    if (!step) {
      const geometry = windowGeometry(window, jitter);
      const signature = stepSignature(config, shape, geometry, (name) => computeType(name, kind)) as Record<
        string,
        Tree<Type>
      >;
      const types = signature.params as Record<string, Type>;
      const params = lora ? { ...types, ...adapterTypes(types, lora) } : types;
      const graph = trace({ ...signature, params } as Record<string, Tree<Type>>, (tensors) => {
        const inputs = tensors as unknown as StepInputs;
        const own = lora ? applyAdapters(inputs.params, lora) : inputs.params;
        return { next: forecastStep({ ...inputs, params: own }, config, geometry) };
      });
      const program = compileGraph(graph, this.#device);
      // Weights are resident already.
      admit?.({ weights: 0, working: program.arenaBytes + program.bytes.constant });
      const weights = new Map(
        Object.keys(params).map((name) => [
          `params/${name}`,
          this.#buffer(isHalf(name, kind) ? `half/${name}` : `params/${name}`),
        ]),
      );
      step = { compiled: await compile(this.#device, graph, program), geometry, shape, weights };
      this.#forecasts.set(key, step);
    }
    return step;
  }

  /** Lets go of what it holds. */
  [Symbol.dispose](): void {
    for (const { compiled } of this.#programs.values()) compiled[Symbol.dispose]();
    for (const { compiled } of this.#forecasts.values()) compiled[Symbol.dispose]();
    for (const buffer of this.#buffers.values()) buffer[Symbol.dispose]();
    this.#programs.clear();
    this.#forecasts.clear();
    this.#buffers.clear();
    this.#frozen.clear();
  }
}
