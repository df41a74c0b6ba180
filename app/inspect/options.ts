// Options of the inspect command.

import type { FieldMap, FieldTransforms, GridTreatment } from "walrus";
import type { BoundaryNames, Masks } from "walrus/data";
import type { Command } from "commander";
import type { HubOptions } from "walrus/hub";
import { choice, wholeNumber } from "../cli.ts";
import { gridOption } from "../grid.ts";
import { boundaryOption } from "../boundaries.ts";
import { maskOption } from "../masks.ts";
import { pair, transform } from "../pairs.ts";
import { type Backend, BACKENDS } from "./steps.ts";

/** As they are declared. */
export interface InspectOptions {
  readonly checkpoint?: string;
  readonly config?: string;
  readonly family?: string;
  readonly split?: string;
  readonly trajectory?: number;
  readonly frames?: number;
  readonly map?: FieldMap;
  readonly transform?: FieldTransforms;
  readonly mask?: Masks;
  readonly boundary?: BoundaryNames;
  readonly grid: GridTreatment;
  readonly backend?: Backend;
  readonly time: boolean;
  readonly values: boolean;
  readonly check: boolean;
  readonly fields: boolean;
  readonly tensors: boolean;
  readonly json: boolean;
  /** How a Hub is reached, as the environment says; absent where nothing is named on one. */
  readonly hub?: HubOptions;
}

/** Declares them. */
export function declareOptions(reader: Command): void {
  reader
    .argument("[what]", "file, folder, checkpoint, URL or hf:.. (default: a shipped simulation)")
    .option(
      "--checkpoint <file|url|hf:..>",
      "network that data are held against (default: the shipped model)",
    )
    .option("--config <file|url|hf:..>", "its configuration (default: beside the checkpoint)")
    .option("--family <name>", "family of a configuration without a checkpoint (default: the first)")
    .option("--split <name>", "split of a data set (default: its first; --values and --check: all)")
    .option("--trajectory <i>", "which trajectory (default: 0; --values and --check: all)", wholeNumber(0))
    .option("--frames <n>", "input frames (default: as the network takes them)", wholeNumber(1))
    .option("--map <field=name>", "field of the file = name in the model's table", pair("FIELD=NAME"))
    .option("--transform <field=kind>", "log10 or zeros_like; none (default: as released)", transform)
    .addOption(maskOption())
    .addOption(boundaryOption())
    .addOption(gridOption())
    .addOption(choice("--backend <name>", "the only backend to plan for (default: all)", BACKENDS))
    .option("--time", "run a step on each backend instead of estimating it", false)
    .option("--values", "read all numbers: ranges, means, NaN", false)
    .option("--check", "name every fault, with what would mend it; exit code 1 where there is one", false)
    .option("--fields", "the whole field table of the network", false)
    .option("--tensors", "every tensor of a checkpoint", false)
    .option("--json", "the report as JSON", false);
}
