// The option that says what kinds of boundary are taken for that the library does not know.

import { Option } from "commander";
import type { Boundary } from "walrus/data";
import { keyedKind } from "./pairs.ts";

const KINDS: readonly Boundary[] = ["wall", "open", "periodic"];

/** `--boundary NAME=wall|open|periodic`, as often as there are names. */
export function boundaryOption(): Option {
  return new Option(
    "--boundary <name=kind>",
    "what a kind of boundary of that name is taken for; unstated=..: where the data do not say",
  ).argParser(keyedKind("NAME", KINDS));
}
