// Whether a run fits into memory, known before weights are allocated.

import type { Device, FieldMap } from "walrus";
import type { Model } from "walrus/models";
import { type MixtureSystem, planTraining, type Trainable, type TrainingSettings } from "walrus/train";
import { infoOf } from "./systems.ts";

/** Largest memory of a 32-bit WebAssembly module. */
const WASM_LIMIT = 2 ** 32;

function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(0)} MB`;
}

/**
 * Plans the most demanding micro-batch of a run.
 *
 * @returns the plan in words
 * @throws RangeError with advice when it does not fit
 */
export function admit(
  systems: readonly MixtureSystem[],
  model: Model,
  map: FieldMap,
  settings: TrainingSettings,
  trainable: Trainable,
  device: Device,
): string {
  const points = ({ split, samples, frames }: MixtureSystem) =>
    infoOf(split).grid.shape.reduce((n, m) => n * m, samples * frames);
  const largest = [...systems].sort((a, b) => points(b) - points(a))[0]!;
  const { split, samples, frames } = largest;
  const training = { parts: settings.accumulate, loss: settings.loss };
  const shape = model.shape(infoOf(split), { samples, frames, map, training });
  const plan = planTraining(model, shape, settings, trainable, device);
  const words = `${size(plan.peak)} (weights ${size(plan.weights)}, moments ${
    size(plan.moments)
  }, gradient sums ${size(plan.sums)}, a step on ${split.dataset} ${size(plan.working)})`;
  // A GPU does not say how much memory it has; what is too much is refused when it is allocated.
  const limit = device.name.startsWith("wasm")
    ? Math.min(Deno.systemMemoryInfo().available, WASM_LIMIT)
    : Infinity;
  if (plan.peak > limit) {
    const whose = limit === WASM_LIMIT ? "a WebAssembly module can hold" : "this machine has free";
    throw new RangeError(
      `Training needs ${words}, ${whose} ${
        size(limit)
      }; set training.remat=1, fewer data.samples, training.lora or ` +
        "training.only",
    );
  }
  return words;
}
