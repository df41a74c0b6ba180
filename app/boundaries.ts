// The option that says what kinds of boundary are taken for that the library does not know.

import { InvalidArgumentError, Option } from "commander";
import type { Boundary, BoundaryNames } from "walrus/data";

const KINDS: readonly Boundary[] = ["wall", "open", "periodic"];

function parse(text: string, before: BoundaryNames = {}): BoundaryNames {
  const [, name, kind] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  const known = KINDS.find((each) => each === kind);
  if (!name || !known) throw new InvalidArgumentError("wanted NAME=wall, NAME=open or NAME=periodic");
  return { ...before, [name]: known };
}

/** `--boundary NAME=wall|open|periodic`, as often as there are names. */
export function boundaryOption(): Option {
  return new Option(
    "--boundary <name=kind>",
    "what a kind of boundary of that name is taken for; unstated=..: where the data do not say",
  ).argParser(parse);
}
