// The option of all commands that read data: which fields are masks, besides those of the usual names.

import { Option } from "commander";
import type { MaskKind } from "walrus/data";
import { keyedKind } from "./pairs.ts";

const KINDS: readonly MaskKind[] = ["hidden", "kept"];

/** `--mask FIELD=hidden|kept`, as often as there are masks. */
export function maskOption(): Option {
  return new Option(
    "--mask <field=kind>",
    "constant field that is 1 where cells are hidden, or kept (default: mask hides; fluid, valid keep)",
  ).argParser(keyedKind("FIELD", KINDS));
}
