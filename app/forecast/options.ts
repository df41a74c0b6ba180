// Options of the forecast command: declared and checked here, defaults from the shipped example.

import type { GridTreatment, WeightStorage } from "walrus";
import { type Command, InvalidArgumentError } from "commander";
import type { BoundaryNames, Masks } from "walrus/data";
import { choice, wholeNumber } from "../cli.ts";
import { gridOption } from "../grid.ts";
import { boundaryOption } from "../boundaries.ts";
import { maskOption } from "../masks.ts";
import { pair, transform } from "../pairs.ts";
import { ALONE, declareEnsemble, type EnsembleChoices } from "./ensemble_options.ts";

/** Checked options. */
export interface ForecastOptions extends EnsembleChoices {
  readonly input: string;
  readonly checkpoint: string;
  readonly config: string | undefined;
  readonly stats: string | undefined;
  readonly steps: number;
  readonly start: number;
  readonly stride: number;
  readonly split: string | undefined;
  readonly trajectory: number;
  readonly lead: number | undefined;
  readonly seed: number;
  readonly jitter: boolean;
  readonly kvCache: boolean;
  readonly backend: "wasm" | "webgpu" | "auto";
  readonly weights: WeightStorage;
  /** Bytes the CPU backend may take. */
  readonly memory: number;
  readonly threads: number | undefined;
  /** Folder of the results; undefined: the usual one, or one beside it that is free. */
  readonly out: string | undefined;
  /** Whether files that exist may be replaced. */
  readonly force: boolean;
  /** Whether there is an animation. */
  readonly gif: boolean;
  /** Whether the scores are printed as JSON. */
  readonly json: boolean;
  /** The plane of 3D data that is drawn: name of an axis, and which of its points; undefined: the middle of the third. */
  readonly plane: { readonly axis: string; readonly index: number } | undefined;
  readonly frames: number | undefined;
  readonly grid: GridTreatment;
  readonly map: Readonly<Record<string, string>>;
  /** Fields that are masks besides those of the usual names. */
  readonly mask: Masks;
  /** What kinds of boundary that the library does not know are taken for. */
  readonly boundary: BoundaryNames;
  /** Whether the forecast ends where it is no longer finite. */
  readonly stopWhenDiverged: boolean;
  /** Undefined: those of the network for the data set. */
  readonly transforms: Readonly<Record<string, "log10" | "zeros_like">> | undefined;
}

/** Where the shipped model and data lie. */
export interface Defaults {
  readonly input: string;
  readonly checkpoint: string;
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("wanted a number above 0");
}

function plane(text: string): ForecastOptions["plane"] {
  const match = /^([^=]+)=(\d{1,9})$/.exec(text);
  if (!match?.[1]) throw new InvalidArgumentError("wanted AXIS=POINT, as z=8");
  return { axis: match[1], index: Number(match[2]) };
}

/** Options as they are read. */
export interface ReadOptions extends Partial<Omit<ForecastOptions, "memory" | "transforms">> {
  readonly memory: number;
  readonly transform?: ForecastOptions["transforms"];
}

/** Declares the options. */
export function declareOptions(reader: Command): void {
  declareForecast(reader);
  declareEnsemble(reader);
  declareResults(reader);
}

/** What is forecast, from what, with what. */
function declareForecast(reader: Command): void {
  reader
    .option("--input <file|folder|url|hf:..>", "data of any known format (default: a shipped simulation)")
    .option(
      "--checkpoint <file|folder|url|hf:..>",
      ".pt, .safetensors, shard index, folder of .distcp files (default: the shipped model)",
    )
    .option("--config <file|url|hf:..>", "configuration of the network (default: beside the checkpoint)")
    .option(
      "--stats <file|url|hf:..>",
      "stats.yaml, for networks normalised by it (default: beside the data)",
    )
    .option("--steps <n>", "frames to forecast", wholeNumber(1), 10)
    .option("--start <t>", "first frame of the input window", wholeNumber(0), 0)
    .option("--stride <n>", "frames from one input frame to the next", wholeNumber(1), 1)
    .option("--frames <n>", "input frames (default: 6, or 3 in 3D)", wholeNumber(1))
    .option("--split <name>", "split of a data set (default: its first)")
    .option("--trajectory <i>", "which trajectory of the file or split", wholeNumber(0), 0)
    .option(
      "--lead <time>",
      "time to predict ahead, for networks that take one (default: as the input frames)",
      positive,
    )
    .option("--seed <s>", "seed of the random draws (jitter)", wholeNumber(0), 0)
    .option("--no-jitter", "no random draws")
    .option(
      "--kv-cache",
      "KV cache: after a prefill each step decodes one frame; faster, a little different",
      false,
    )
    .addOption(
      choice("--backend <name>", "auto: WebGPU where there is a GPU", ["wasm", "webgpu", "auto"], "wasm"),
    )
    .addOption(
      choice(
        "--weights <kind>",
        "matrices on the device: as stored, fp16, widened, 8 bits",
        ["stored", "f16", "f32", "int8", "int8-dot"],
        "stored",
      ),
    )
    .option("--threads <n>", "CPU threads (default: all)", wholeNumber(1))
    .option(
      "--memory <gib>",
      "most the CPU backend may take; over 4 needs 64-bit addresses",
      wholeNumber(1, 16),
      4,
    )
    .addOption(maskOption())
    .addOption(boundaryOption())
    .option("--stop-when-diverged", "end the forecast at the first frame that is not finite", false)
    .option("--map <field=name>", "field of the file = name in the model's table", pair("FIELD=NAME"))
    .option(
      "--transform <field=kind>",
      "log10 or zeros_like; none (default: as released for the data set)",
      transform,
    )
    .addOption(gridOption());
}

/** What is left behind. */
function declareResults(reader: Command): void {
  reader
    .option(
      "--plane <axis=point>",
      "plane of 3D data that is drawn: z=8 (default: the middle of the third axis)",
      plane,
    )
    .option("--no-gif", "no animation: of long forecasts it takes the longest")
    .option("--json", "scores as JSON on standard output, all else on standard error", false)
    .option("--out <dir>", "folder for the results (default: out, or out-2, .. where that holds a forecast)")
    .option("--force", "replace results that exist", false);
}

/**
 * Options with what was left out.
 *
 * @param read as declared
 * @param defaults used where nothing is given
 */
export function completeOptions({ transform, ...read }: ReadOptions, defaults: Defaults): ForecastOptions {
  return {
    ...defaults,
    ...ALONE,
    map: {},
    mask: {},
    boundary: {},
    config: undefined,
    stats: undefined,
    split: undefined,
    lead: undefined,
    threads: undefined,
    frames: undefined,
    out: undefined,
    plane: undefined,
    ...read,
    memory: read.memory * 2 ** 30,
    transforms: transform,
  } as ForecastOptions;
}
