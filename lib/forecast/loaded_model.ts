// A network and its weights on a device. Weights are read as a forecast first needs them, so only those parts of a
// network take memory that the data use.

import type { Device } from "../compile/device.ts";
import { DisposedError } from "../compile/device.ts";
import type { Sample } from "../data/dataset.ts";
import type { Model } from "../models/model.ts";
import type { WeightStore } from "../weights/store.ts";
import type { ForecastModel } from "./forecast_model.ts";
import type { Frame } from "./frame.ts";
import {
  type MemoryEstimate,
  type ParameterSource,
  type PreparedForecast,
  prepareForecast,
} from "./prepare.ts";
import { type Lease, LeaseCache } from "./program_cache.ts";
import { type ForecastHost, rollout, type RolloutOptions } from "./rollout.ts";

/**
 * A network on a device.
 *
 * Rollouts of one model may overlap, also of different kinds of windows; each gives, bit for bit, what it gives alone.
 * The device stays the caller's and has to outlive the model; the model has to outlive its rollouts, which end with a
 * DisposedError when it is disposed of. {@link loadModel} makes one; the example of the root module forecasts with it.
 */
export class LoadedModel implements ForecastHost, ForecastModel {
  /** The network. */
  readonly model: Model;
  /** What was noticed while reading its configuration. */
  readonly warnings: readonly string[];
  readonly #store: WeightStore;
  readonly #programs = new LeaseCache<PreparedForecast>();
  #disposal = new AbortController();
  /** The device that takes the place of a lost one, by the lost one. */
  readonly #successors = new WeakMap<Device, Promise<void>>();

  /** Made by `loadModel`. */
  constructor(model: Model, warnings: readonly string[], store: WeightStore) {
    this.model = model;
    this.warnings = warnings;
    this.#store = store;
  }

  /** Where it computes. */
  get device(): Device {
    return this.#store.device;
  }

  /** See {@link Device.name}. */
  get deviceName(): string {
    return this.device.name;
  }

  /** Aborted when the model is disposed of. */
  get signal(): AbortSignal {
    try {
      void this.#disposal.signal.aborted;
    } catch {
      // Edge runtimes bind it to the request within which it was made, and throw within another.
      this.#disposal = new AbortController();
    }
    return this.#disposal.signal;
  }

  /**
   * Programs for a kind of window; made once, whoever asks at the same time.
   *
   * @param shape as the network made it
   * @param kvCache whether keys and values of past frames are kept
   * @param admit told what the forecast will take before weights are read; throws to refuse
   */
  programs(
    shape: unknown,
    kvCache: boolean,
    admit?: (need: MemoryEstimate) => unknown,
  ): Promise<Lease<PreparedForecast>> {
    this.signal.throwIfAborted();
    const { device } = this;
    const source: ParameterSource = {
      device,
      parameters: this.#store.parameters,
      stationary: true,
      quantise: this.#store.quantise,
      buffers: (inputs, matrices) => this.#store.buffers(device, inputs, matrices),
    };
    return this.#programs.lease(
      JSON.stringify([kvCache, shape]),
      () => prepareForecast(this.model, shape, source, kvCache, admit),
    );
  }

  /**
   * Forecasts frame after frame, feeding its own output back.
   *
   * @param start frames in the data's units
   * @param options how many steps, seed, draws
   * @returns frames as they are computed
   * @throws RangeError for a grid, fields or options the model can not take
   */
  rollout(start: Sample, options: RolloutOptions): AsyncGenerator<Frame, void, void> {
    return rollout(this, start, options);
  }

  /**
   * Leaves a lost device: forgets weights and programs on it, and reads them again on the next. Calls for the same loss
   * share one move; a move that fails is tried again by the next call.
   *
   * @param lost the device that is gone
   * @param next makes another
   */
  replaceDevice(lost: Device, next: () => Promise<Device>): Promise<void> {
    if (this.device !== lost) return Promise.resolve();
    let move = this.#successors.get(lost);
    if (!move) {
      move = next().then((device) => {
        this.#programs.clear();
        this.#store.moveTo(device);
      });
      this.#successors.set(lost, move);
      move.catch(() => this.#successors.delete(lost));
    }
    return move;
  }

  /** Ends its rollouts, frees programs and weights, closes the checkpoint. */
  [Symbol.dispose](): void {
    void this.signal;
    this.#disposal.abort(
      new DisposedError(`Cannot forecast: the model (${this.model.family}) is disposed of`),
    );
    this.#programs[Symbol.dispose]();
    this.#store[Symbol.dispose]();
  }
}
