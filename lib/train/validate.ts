// Validation between steps: one-step and rollout VRMSE of the real components on held-out data (training.md section 9,
// evaluation.md section 1). Processes share the work and all learn the scores.

import type { Split } from "../data/dataset.ts";
import { examplesOf } from "../data/examples.ts";
import type { Statistics } from "../data/statistics.ts";
import type { FieldMap } from "../models/model.ts";
import { type ProcessGroup, singleProcess } from "../distributed/process_group.ts";
import { modelForecast } from "../forecast/forecaster.ts";
import type { ForecastHost } from "../forecast/rollout.ts";
import { mean, median } from "../metrics/summary.ts";
import { scoreRollouts, scoreWindows } from "../metrics/skill.ts";
import { sumNumbers } from "./ranks.ts";

/** How much is validated. */
export interface ValidationSettings {
  /** Windows of one-step forecasts, evenly spread over the split. */
  readonly windows: number;
  /** Steps of rollouts from the first frame; 0: none. */
  readonly rollout: number;
  /** Trajectories of rollouts. */
  readonly trajectories: number;
  /** Whether forecasts use random draws. */
  readonly draws: boolean;
  /** Seed of the draws. */
  readonly seed: number;
}

/** A system to validate on. */
export interface ValidationSystem {
  /** Where its windows come from. */
  readonly split: Split;
  /** Input frames. */
  readonly frames: number;
  /** Statistics of the data set, for networks that are normalised with them. */
  readonly statistics?: Statistics | null;
}
