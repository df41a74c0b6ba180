// What forecasts want of a network that is loaded, wherever its device is: on this thread or in a worker.

import type { Sample } from "../data/dataset.ts";
import type { Model } from "../models/model.ts";
import type { Frame } from "./frame.ts";
import type { RolloutOptions } from "./rollout.ts";

/** A network that is ready to forecast. Rollouts may overlap; it has to outlive them. */
export interface ForecastModel extends Disposable {
  /** The network. */
  readonly model: Model;
  /** What was noticed while reading its configuration. */
  readonly warnings: readonly string[];
  /** Where it computes: `wasm`, `webgpu`, and what that is made of. */
  readonly deviceName: string;
  /**
   * Forecasts frame after frame, feeding its own output back.
   *
   * @param start frames in the data's units
   * @param options how many steps, seed, draws
   * @returns frames as they are computed
   * @throws RangeError for a grid, fields or options the model can not take
   */
  rollout(
    start: Sample,
    options: Omit<RolloutOptions, "onDeviceLost" | "stepInputs">,
  ): AsyncGenerator<Frame, void, void>;
}
