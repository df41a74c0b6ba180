// A network as a forecaster, to be scored beside the trivial forecasts.

import { varyingCount } from "../data/components.ts";
import type { Forecaster } from "../metrics/forecasters.ts";
import type { ForecastModel } from "./forecast_model.ts";
import { type ForecastHost, rollout, type RolloutOptions } from "./rollout.ts";

/**
 * A network as a forecaster.
 *
 * @param host a loaded model, also in a worker, or one in training
 * @param options of its rollouts
 */
export function modelForecast(
  host: ForecastHost | ForecastModel,
  options: Omit<RolloutOptions, "steps"> = {},
): Forecaster {
  return async function* (start, steps) {
    // Frames are samples: they have the start's constant fields too, which come last.
    const varying = varyingCount(start.info);
    const frames = (all: RolloutOptions) =>
      "rollout" in host ? host.rollout(start, all) : rollout(host, start, all);
    for await (const { values } of frames({ ...options, steps })) {
      yield values.slice(0, varying);
    }
  };
}
