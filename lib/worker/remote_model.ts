// A network whose weights, programs and device are in a worker. Here it is what it is without them: plain data and pure
// functions.

import type { Sample } from "../data/dataset.ts";
import { type Frame, frameAfter } from "../forecast/frame.ts";
import type { ForecastModel } from "../forecast/forecast_model.ts";
import { DisposedError } from "../io/disposed.ts";
import { withLearnt } from "../models/learnt.ts";
import type { Model, ModelEntry } from "../models/model.ts";
import { modelEntry } from "../models/registry.ts";
import type { Client } from "./client.ts";
import { compact } from "./compact.ts";
import type { OpenedModel, SentFrame, WorkerRolloutOptions } from "./methods.ts";

/** A network in a worker. */
export class RemoteModel implements ForecastModel {
  readonly model: Model;
  readonly warnings: readonly string[];
  readonly #client: Client;
  readonly #id: number;
  readonly #own: DisposableStack;
  /** Each ends a rollout. */
  readonly #rollouts = new Set<() => void>();
  #deviceName: string;

  private constructor(model: Model, client: Client, opened: OpenedModel, own: DisposableStack) {
    this.model = model;
    this.warnings = opened.warnings;
    this.#client = client;
    this.#id = opened.id;
    this.#deviceName = opened.deviceName;
    this.#own = own;
    own.defer(() => void client.call("closeModel", [opened.id]).catch(() => {}));
  }

  /**
   * Makes the network again on this side.
   *
   * @param client of the worker
   * @param opened as the worker says
   * @param own ends with it
   * @param registry families to choose among
   */
  static async of(
    client: Client,
    opened: OpenedModel,
    own: DisposableStack,
    registry: readonly ModelEntry[],
  ): Promise<RemoteModel> {
    const family = await modelEntry(opened.family, registry).load();
    const model = family.fromConfig(opened.config);
    return new RemoteModel(opened.learnt ? withLearnt(model, opened.learnt) : model, client, opened, own);
  }

  /** The device in the worker. */
  get deviceName(): string {
    return this.#deviceName;
  }

  /** See {@link ForecastModel}; a lost device is replaced by the backend that `onDeviceLost` names. */
  async *rollout(start: Sample, options: WorkerRolloutOptions): AsyncGenerator<Frame, void, void> {
    const sent = { ...start, values: start.values.map(compact) };
    const disposed = () =>
      new DisposedError(`Cannot forecast: the model (${this.model.family}) is disposed of`);
    if (this.#own.disposed) throw disposed();
    const ending = new AbortController();
    const end = () => ending.abort(disposed());
    this.#rollouts.add(end);
    const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
    try {
      const frames = this.#client.stream<SentFrame>("rollout", [this.#id, sent, { ...options, signal }]);
      for await (const { values, step, time, deviceName } of frames) {
        this.#deviceName = deviceName;
        yield frameAfter(start, values, step, time);
      }
    } finally {
      this.#rollouts.delete(end);
    }
  }

  [Symbol.dispose](): void {
    for (const end of [...this.#rollouts]) end();
    this.#own.dispose();
  }
}
