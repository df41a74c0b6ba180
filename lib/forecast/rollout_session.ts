// A rollout's way through devices: it runs on that of its host, follows the host when that device is lost, and lets go of
// all it has as soon as it is told to end.

import type { Device } from "../compile/device.ts";
import { DeviceLostError } from "../compile/device.ts";
import type { Sample } from "../data/dataset.ts";
import type { Model } from "../models/model.ts";
import type { FrameValues } from "./frame.ts";
import type { MemoryEstimate, PreparedForecast } from "./prepare.ts";
import type { Lease } from "./program_cache.ts";
import { RolloutRun, type RunSettings } from "./rollout_run.ts";

/** A network with its weights on a device: a loaded model, or one in training. */
export interface ForecastHost {
  /** The network. */
  readonly model: Model;
  /** Where it computes. */
  readonly device: Device;
  /** Aborted when it is disposed of: ends its rollouts. */
  readonly signal: AbortSignal;
  /** Programs for a kind of window, theirs while they are leased. */
  programs(
    shape: unknown,
    kvCache: boolean,
    admit?: (need: MemoryEstimate) => unknown,
  ): Promise<Lease<PreparedForecast>>;
  /**
   * Leaves a lost device for another: the one that `next` makes, or that an earlier call for the same loss made. Hosts
   * that are bound to their device have none.
   */
  replaceDevice?(lost: Device, next: () => Promise<Device>): Promise<void>;
}

/** What a session asks of its host. */
export interface SessionOptions {
  /** Whether keys and values of past frames are kept. */
  readonly kvCache: boolean;
  /** Told what the forecast will take; throws to refuse. */
  readonly admit?: (need: MemoryEstimate) => unknown;
  /** Gives a new device when the host's is lost. */
  readonly onDeviceLost?: (error: DeviceLostError) => Promise<Device>;
}

/** Waits no longer than a signal lets it; what comes too late is given back. */
async function unlessAborted<T extends Disposable>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    work.then((late) => late[Symbol.dispose](), () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** See the head of the file. */
export class RolloutSession implements Disposable {
  readonly #host: ForecastHost;
  readonly #shape: unknown;
  readonly #settings: RunSettings;
  readonly #options: SessionOptions;
  /** The device that the run is on, also once another rollout has led the host to its successor. */
  #device: Device;
  #run: RolloutRun<unknown> | null = null;

  /** Runs nothing yet. */
  constructor(host: ForecastHost, shape: unknown, settings: RunSettings, options: SessionOptions) {
    this.#host = host;
    this.#shape = shape;
    this.#settings = settings;
    this.#options = options;
    this.#device = host.device;
    // A caller that does not ask for the next frame must not keep the memory of what has ended.
    settings.signal.addEventListener("abort", this.#release);
  }

  readonly #release = () => {
    this.#run?.[Symbol.dispose]();
    this.#run = null;
  };

  /**
   * Computes a step, on a new device if it must.
   *
   * @param index from 1, counted from the start of the rollout
   * @param window the newest frames: what a run that begins here starts from
   * @param draw which of several of the step, from 0
   * @throws the signal's reason, or what the host or the step throws
   */
  async step(index: number, window: () => Sample, draw: number = 0): Promise<readonly FrameValues[]> {
    const { signal } = this.#settings;
    for (;;) {
      signal.throwIfAborted();
      try {
        this.#run ??= await this.#start(index, window());
        return await this.#run.step(index, draw);
      } catch (error) {
        this.#release();
        signal.throwIfAborted();
        await this.#recover(error);
      }
    }
  }

  /** Forgets what the run has on its device: the next step starts from its window. */
  restart(): void {
    this.#release();
  }

  async #start(index: number, window: Sample): Promise<RolloutRun<unknown>> {
    const { kvCache, admit } = this.#options;
    this.#device = this.#host.device;
    const leased = this.#host.programs(this.#shape, kvCache, admit);
    const programs = await unlessAborted(this.#settings.signal, leased);
    return await RolloutRun.start(this.#host.model, this.#shape, window, this.#settings, programs, index);
  }

  async #recover(error: unknown): Promise<void> {
    // Another rollout led the host away: what was on the lost device is disposed of by now.
    if (this.#host.device !== this.#device) return;
    const { onDeviceLost } = this.#options;
    if (!(error instanceof DeviceLostError) || !onDeviceLost || !this.#host.replaceDevice) throw error;
    await this.#host.replaceDevice(this.#device, () => onDeviceLost(error));
  }

  /** Frees what it has. */
  [Symbol.dispose](): void {
    this.#settings.signal.removeEventListener("abort", this.#release);
    this.#release();
  }
}
