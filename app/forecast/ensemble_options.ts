// Options of the forecast command that make an ensemble of it, or a step the mean of several draws.

import { type Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../cli.ts";

/** Checked options of ensembles. */
export interface EnsembleChoices {
  /** Members; undefined: one forecast. */
  readonly ensemble: number | undefined;
  /** Probabilities of the quantiles that are written. */
  readonly quantiles: readonly number[];
  /** Frames by which members start earlier. */
  readonly startOffsets: readonly number[];
  /** Further checkpoints of members. */
  readonly alsoCheckpoint: readonly string[];
  /** Draws that each step is the mean of. */
  readonly average: number;
}

/** What is chosen where nothing is said. */
export const ALONE: EnsembleChoices = {
  ensemble: undefined,
  quantiles: [],
  startOffsets: [0],
  alsoCheckpoint: [],
  average: 1,
};

/** A parser of numbers apart by commas. */
function list(wanted: string, isRight: (value: number) => boolean) {
  return (text: string): number[] => {
    const values = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
    if (values.every(isRight)) return values;
    throw new InvalidArgumentError(`wanted ${wanted}`);
  };
}

/** Declares the options. */
export function declareEnsemble(reader: Command): void {
  reader
    .option(
      "--ensemble <n>",
      "forecast with n members side by side, seeds from --seed on; their mean, spread and quantiles are written",
      wholeNumber(2, 1000),
    )
    .option(
      "--quantiles <p,..>",
      "quantiles of an ensemble that are written: 0.1,0.5,0.9",
      list("numbers from 0 to 1, as 0.1,0.5,0.9", (p) => p >= 0 && p <= 1),
    )
    .option(
      "--start-offsets <n,..>",
      "members of an ensemble start so many frames earlier, one after the other: 0,1,2",
      list("whole numbers from 0, as 0,1,2", (n) => Number.isInteger(n) && n >= 0),
    )
    .option(
      "--also-checkpoint <file|folder|url|hf:..>",
      "a further checkpoint whose network members of an ensemble use; may be given several times",
      (text: string, before: string[] = []) => [...before, text],
    )
    .option("--average <n>", "each step is the mean of n draws: n times the work", wholeNumber(1, 256), 1);
}

/**
 * Refuses what belongs to an ensemble where there is none.
 *
 * @throws RangeError naming the option
 */
export function checkEnsemble({ ensemble, quantiles, startOffsets, alsoCheckpoint }: EnsembleChoices): void {
  const [given] = [
    quantiles.length > 0 && "--quantiles",
    startOffsets !== ALONE.startOffsets && "--start-offsets",
    alsoCheckpoint.length > 0 && "--also-checkpoint",
  ].filter((name) => name !== false);
  if (ensemble !== undefined || !given) return;
  throw new RangeError(`${given} is for ensembles: say how many members, as --ensemble 8`);
}
