// The option of all commands that read data: which fields are masks, besides those of the usual names.

import { InvalidArgumentError, Option } from "commander";
import type { MaskKind, Masks } from "walrus/data";

const KINDS: readonly MaskKind[] = ["hidden", "kept"];

function parse(text: string, before: Masks = {}): Masks {
  const [, field, kind] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  const known = KINDS.find((name) => name === kind);
  if (!field || !known) throw new InvalidArgumentError("wanted FIELD=hidden or FIELD=kept");
  return { ...before, [field]: known };
}

/** `--mask FIELD=hidden|kept`, as often as there are masks. */
export function maskOption(): Option {
  return new Option(
    "--mask <field=kind>",
    "constant field that is 1 where cells are hidden, or kept (default: mask hides; fluid, valid keep)",
  ).argParser(parse);
}
