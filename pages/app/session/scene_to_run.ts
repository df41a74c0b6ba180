// The scene that a forecast is about to fill: its tracks, empty, and what it is made with. Pure.

import { NO_CHECKS, type Scene, type Track } from "../scene.ts";
import type { Settings } from "../setup/choice.ts";
import { emptyMembers } from "./grow.ts";

/** What a forecast is made with. */
export interface RunFacts {
  readonly data: string;
  /** One network, or two that are compared. */
  readonly models: readonly string[];
  readonly device: string;
  /** Whether the network uses random draws unless told otherwise. */
  readonly draws: boolean;
}

const track = (id: string, label: string): Track => ({ id, label, first: 1, frames: [] });

/** A shown scene without its forecasts, ready for others. */
export function sceneToRun(
  shown: Scene,
  settings: Settings,
  { data, models, device, draws }: RunFacts,
): Scene {
  const [a, b] = models;
  return {
    ...shown,
    a: track("a", b === undefined ? "Forecast" : `A: ${a}`),
    b: b === undefined ? null : track("b", `B: ${b}`),
    members: b === undefined ? emptyMembers(settings.seeds, settings.seed) : [],
    mean: null,
    spread: null,
    quantiles: [],
    computed: 0,
    running: true,
    diverged: null,
    checks: { ...NO_CHECKS, physics: { truth: shown.checks.physics.truth ?? [] } },
    scores: shown.scores.filter(({ id }) => id === "persistence"),
    steps: { ...shown.steps, planned: settings.steps },
    provenance: {
      ...shown.provenance,
      data,
      seed: settings.seed,
      draws: settings.jitter ?? draws,
      models: b === undefined ? { a: a! } : { a: a!, b },
      device,
      weights: settings.weights,
    },
  };
}
