// Whether a forecast fits, decided before weights are read: what the device takes, what is kept of the results, what
// drawing them takes.

import { WIDE_BYTES } from "walrus/devices";
import type { MemoryEstimate, SampleInfo } from "walrus";
import { frameSize } from "walrus/data";
import { bytes } from "../words.ts";
import type { ForecastOptions } from "./options.ts";

/** What a process holds that computes and draws nothing: the runtime, its threads, the libraries of HDF5 and pictures. */
const RUNTIME = 300e6;
/**
 * Times that the numbers of a forecast are held while they are written: the frames, a field in the memory of the HDF5
 * library, the file there while it grows, the file's bytes.
 */
const COPIES = 4;
/** Bytes a pixel of a picture takes while it is drawn: as SVG, rasterised, as PNG or with a palette. */
const DRAWN = 48;

/** What a forecast takes besides the device's memory. */
export interface Kept {
  /** Bytes of the results while they are held and written. */
  readonly results: number;
  /** Bytes of pictures while they are drawn. */
  readonly pictures: number;
}

/** Numbers of the varying fields of one frame. */
export function frameNumbers(info: SampleInfo): number {
  return info.fields.reduce((sum, field) => sum + (field.constant ? 0 : frameSize(info, field)), 0);
}

/** Frames that are kept of a step: that of a forecast; mean, spread and quantiles of an ensemble. */
export function framesKept({ ensemble, quantiles }: Pick<ForecastOptions, "ensemble" | "quantiles">): number {
  return ensemble === undefined ? 1 : 2 + quantiles.length;
}

/**
 * What is held besides the device's memory.
 *
 * @param info of the samples
 * @param options how many steps, members, quantiles
 * @param pixels of the largest picture
 */
export function keptBytes(
  info: SampleInfo,
  options: Pick<ForecastOptions, "steps" | "ensemble" | "quantiles">,
  pixels: number,
): Kept {
  const kept = COPIES * options.steps * framesKept(options);
  // Of each member the window that it continues, and the frame that comes.
  const members = options.ensemble === undefined ? 0 : 8 * options.ensemble;
  return { results: 4 * (kept + members) * frameNumbers(info), pictures: DRAWN * pixels };
}

/** All that a forecast takes, with the process it runs in. */
export function plannedBytes({ weights, working }: MemoryEstimate, { results, pictures }: Kept): number {
  return weights + working + results + pictures + RUNTIME;
}

/** The plan in a line. */
export function memoryLine(need: MemoryEstimate, kept: Kept): string {
  const parts = [
    `weights ${bytes(need.weights)}`,
    `intermediate results ${bytes(need.working)}`,
    `frames ${bytes(kept.results)}`,
    `pictures ${bytes(kept.pictures)}`,
    `the program ${bytes(RUNTIME)}`,
  ];
  return `memory: up to ${bytes(plannedBytes(need, kept))} planned (${parts.join(", ")})`;
}

/**
 * Refuses a forecast that does not fit.
 *
 * @param need bytes of weights and of intermediate results
 * @param available bytes the machine has free
 * @param most bytes one device can hold, whatever is free
 * @param kept bytes of results and pictures, which the device does not hold
 * @throws RangeError naming what is needed, what there is and what would help
 */
export function admit(
  { weights, working }: MemoryEstimate,
  available: number,
  most: number,
  kept: Kept = { results: 0, pictures: 0 },
): void {
  const device = weights + working;
  const beside = kept.results + kept.pictures;
  const narrow = device > most;
  if (!narrow && device + beside <= available) return;
  const whose = narrow && most <= available ? "--memory allows" : "this machine has free";
  const wider = narrow && most < WIDE_BYTES ? "--memory 8 or 16, " : "";
  const frames = beside > 0 ? `, frames and pictures ${bytes(beside)}` : "";
  const fewer = beside > device ? "fewer --steps, " : "";
  throw new RangeError(
    `The forecast needs ${bytes(device + beside)} (weights ${bytes(weights)}, intermediate results ${
      bytes(working)
    }${frames}), ${whose} ${
      bytes(Math.min(available, narrow ? most : Infinity))
    }; use ${fewer}${wider}--weights int8, a smaller checkpoint, a coarser grid or fewer input frames`,
  );
}
