// Whether a run fits into memory, known before weights are allocated, and how large a device it needs.

import type { BackendName, Device, FieldMap, GridTreatment } from "walrus";
import { backendKernels, NARROW_BYTES, type WasmOptions, WIDE_BYTES } from "walrus/devices";
import type { Model } from "walrus/models";
import {
  describeBytes,
  type MixtureSystem,
  planTraining,
  type Trainable,
  type TrainingPlan,
  type TrainingSettings,
} from "walrus/train";
import { infoOf } from "./systems.ts";

/** Working memory of kernels, of forecasts in a validation and between what is allocated, beside what is planned. */
const SPARE = 0.05;
const SPARE_BYTES = 64e6;

/** The most demanding step of a run. */
export interface RunPlan extends TrainingPlan {
  /** Data set it is on. */
  readonly dataset: string;
}

/**
 * Plans the steps of a run: the most demanding one.
 *
 * @throws RangeError with advice when it does not fit into `settings.memory`
 */
export function planRun(
  systems: readonly MixtureSystem[],
  model: Model,
  data: { readonly field_map: FieldMap; readonly grid: GridTreatment },
  settings: TrainingSettings,
  trainable: Trainable,
  backend: BackendName,
): RunPlan {
  const points = ({ split, samples, frames }: MixtureSystem) =>
    infoOf(split).grid.shape.reduce((n, m) => n * m, samples * frames);
  const largest = [...systems].sort((a, b) => points(b) - points(a))[0]!;
  const { split, samples, frames } = largest;
  const training = { parts: settings.accumulate, loss: settings.loss };
  const shape = model.shape(infoOf(split), {
    samples,
    frames,
    map: data.field_map,
    training,
    grid: data.grid,
  });
  const plan = planTraining(model, shape, settings, trainable, {
    kernels: backendKernels(backend === "webgpu" ? backend : "wasm"),
  });
  return { ...plan, dataset: split.dataset };
}

/** Bits of the addresses that a step takes on the processor: 32 where they suffice; null where 64 do not either. */
export function addressBits({ peak }: Pick<TrainingPlan, "peak">): 32 | 64 | null {
  const wanted = peak + Math.max(SPARE * peak, SPARE_BYTES);
  return wanted <= NARROW_BYTES ? 32 : peak < WIDE_BYTES ? 64 : null;
}

/** How the processor's device is made for a run. */
export function deviceOptions(plan: RunPlan, threads: number | null): WasmOptions {
  return {
    ...(addressBits(plan) === 32 ? {} : { maximumBytes: WIDE_BYTES }),
    ...(threads ? { threads } : {}),
  };
}

/** What is computed again for `training.memory`, in words. */
function recomputationWords({ recomputation, peak }: RunPlan): string {
  if (!recomputation) return "";
  const { description, extra, peakWithout } = recomputation;
  if (extra === 0) return "; nothing is recomputed";
  return `; recomputed: ${description}, for ${(100 * extra).toFixed(1)} % more arithmetic and ` +
    `${describeBytes(peakWithout - peak)} less than the ${describeBytes(peakWithout)} without`;
}

/** Why a plan does not fit into the processor's device or the machine, and how many bytes would; null: it does. */
function refusal({ peak, weights, moments }: RunPlan, { capacityBytes = Infinity }: Device) {
  if (peak > capacityBytes) {
    return [`a WebAssembly module can hold ${describeBytes(capacityBytes)}`, capacityBytes] as const;
  }
  const { available } = Deno.systemMemoryInfo();
  // Weights and moments are copied out for a checkpoint.
  const copies = weights + moments;
  if (peak + copies <= available) return null;
  const why = `and ${describeBytes(copies)} for a checkpoint, this machine has ${
    describeBytes(available)
  } free`;
  return [why, available - copies] as const;
}

/**
 * Refuses a run that does not fit into the machine.
 *
 * @returns the plan in words
 * @throws RangeError with advice
 */
export function admit(plan: RunPlan, settings: TrainingSettings, device: Device): string {
  const { peak, weights, moments, sums, working, dataset } = plan;
  const words =
    `${describeBytes(peak)} (weights ${describeBytes(weights)}, moments ${describeBytes(moments)}, ` +
    `gradient sums ${describeBytes(sums)}, a step on ${dataset} ${describeBytes(working)})`;
  // A GPU does not say how much memory it has; what is too much is refused when it is allocated.
  const refused = device.name.startsWith("wasm") ? refusal(plan, device) : null;
  if (!refused) return words + recomputationWords(plan);
  const [why, bytes] = refused;
  // What lies there from step to step is not recomputed.
  const canRecompute = settings.memory == null && weights + moments + sums < bytes;
  const memory = canRecompute ? `training.memory=${Math.floor(bytes / 1e8) / 10}GB, ` : "";
  throw new RangeError(
    `Training needs ${words}, ${why}; set ${memory}fewer data.samples, training.lora or training.only`,
  );
}
