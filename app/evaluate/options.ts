// Options of the evaluate command: those of its short form, and those of whole evaluations.

import type { BackendName, FieldMap } from "walrus";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Masks } from "walrus/data";
import { choice, wholeNumber } from "../cli.ts";
import { maskOption } from "../masks.ts";
import { pair } from "../pairs.ts";
import { MODEL } from "../shipped.ts";
import type { ProtocolName } from "./evaluation.ts";
import { PROTOCOLS } from "./protocol.ts";

/** Options as they are read. */
export interface Options {
  readonly checkpoint?: readonly string[];
  readonly config?: string;
  readonly stats?: string;
  readonly map: FieldMap;
  readonly split?: string;
  readonly protocol?: ProtocolName;
  readonly every: number;
  readonly rollout?: number;
  readonly jitter?: boolean;
  readonly seed: number;
  readonly seeds?: readonly number[];
  readonly ensemble: number;
  readonly processes: number;
  readonly writeForecasts: boolean;
  readonly resamples: number;
  readonly against?: "paper";
  readonly compare: boolean;
  readonly kvCache: boolean;
  readonly backend: BackendName;
  readonly threads?: number;
  readonly mask?: Masks;
  readonly out?: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** Steps of rollouts where neither an option nor the protocol says. */
export const USUAL_ROLLOUT = 10;

/** Numbers with commas between, each once. */
function seeds(text: string): number[] {
  const wanted = "wanted whole numbers from 0 with commas between, each once: 1,2,3";
  const list = text.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
      throw new InvalidArgumentError(wanted);
    }
    return value;
  });
  if (new Set(list).size < list.length) throw new InvalidArgumentError(wanted);
  return list;
}

/** Declares the options. */
export function declareOptions(reader: Command): void {
  reader
    .argument("<folders...>", "data sets, each with valid/*, or whatever --split names")
    .option(
      "--compare",
      "compare two evaluations (evaluation.json, or its folder) named in place of data sets: paired bootstrap",
      false,
    )
    .addOption(
      choice("--against <whom>", "put published numbers beside the results, and what differs", ["paper"]),
    )
    .addOption(
      new Option(
        "--checkpoint <file|folder|url|hf:..>",
        ".pt, .safetensors, shard index or folder of .distcp files; several times: side by side " +
          "(default: the shipped model)",
      ).argParser((text, before?: readonly string[]) => [...before ?? [], text]),
    )
    .option("--config <file|url|hf:..>", "configuration of the network (default: beside the checkpoint)")
    .option(
      "--stats <file|url|hf:..>",
      "stats.yaml, for networks normalised by it (default: beside the data)",
    )
    .option("--map <field=name>", "field of the data = name in the model's table", pair("FIELD=NAME"), {})
    .option("--split <name>", "train, valid or test (default: valid; of paper and well: test)")
    .addOption(
      choice("--protocol <name>", "what is forecast from where: docs/evaluation.md", Object.keys(PROTOCOLS)),
    )
    .option("--every <n>", "score every n-th window one step ahead", wholeNumber(1), 1)
    .option(
      "--rollout <steps>",
      `steps of rollouts from the first frame; 0: none (default: ${USUAL_ROLLOUT}, of paper 60, of well 30)`,
      wholeNumber(0),
    )
    .option("--jitter", "random draws in every step, as the released model does (default: paper and well)")
    .option("--no-jitter", "no random draws")
    .option("--kv-cache", "KV cache: after a prefill each rollout step decodes one frame", false)
    .option("--seed <n>", "of the draws", wholeNumber(0), 0)
    .option("--seeds <list>", "several seeds, 1,2,3: medians are means over them, with their spread", seeds)
    .option(
      "--ensemble <members>",
      "also score ensembles of so many seeds from the first on; 0: none",
      wholeNumber(0, 1024),
      0,
    )
    .option(
      "--processes <n>",
      "workers, each with a network of its own; the same bits",
      wholeNumber(1, 256),
      1,
    )
    .option("--write-forecasts", "also write every rollout as a Well file", false)
    .option("--resamples <n>", "of bootstrap intervals", wholeNumber(1, 100_000), 1000)
    .addOption(choice("--backend <name>", "where to compute", ["auto", "wasm", "webgpu"], "auto"))
    .option("--threads <n>", "threads of a process (default: all, shared by the processes)", wholeNumber(1))
    .addOption(maskOption())
    .option("--json", "scores as JSON on standard output, all else on standard error", false)
    .option(
      "--out <file.json|folder>",
      "a file: also write the short scores as JSON; a folder: the whole evaluation, evaluation.json, " +
        "which goes on there after an interruption",
    )
    .option("--force", "replace results that exist", false);
}

/**
 * Where a whole evaluation goes; null where the short form was asked for.
 *
 * @param options as read
 * @throws RangeError where a file was named for a whole evaluation
 */
export function folderOfEvaluation(options: Options): string | null {
  const { out, protocol, seeds: several, ensemble, processes, writeForecasts, against, checkpoint = [] } =
    options;
  const wanted = Object.entries({
    "--protocol": protocol !== undefined,
    "--seeds": several !== undefined,
    "--ensemble": ensemble > 0,
    "--processes": processes > 1,
    "--write-forecasts": writeForecasts,
    "--against": against !== undefined,
    "several --checkpoint": checkpoint.length > 1,
  }).flatMap(([name, given]) => given ? [name] : []);
  const isFile = out !== undefined && /\.json$/i.test(out);
  if (isFile && wanted.length > 0) {
    throw new RangeError(
      `--out "${out}" is a file, ${wanted.join(" and ")} make a whole evaluation: wanted a folder`,
    );
  }
  if (isFile || (out === undefined && wanted.length === 0)) return null;
  return (out ?? "out/evaluation").replace(/(?<=[^/\\])[/\\]+$/, "");
}

/** Checkpoints that are evaluated. */
export function checkpointsOf({ checkpoint }: Options): readonly string[] {
  return checkpoint ?? [MODEL];
}
