// The option of all commands that hold data against a network: what is done with a grid of an unusual size.

import type { Option } from "commander";
import { choice } from "./cli.ts";

/** `--grid auto|native|resample|refuse`. */
export function gridOption(): Option {
  return choice(
    "--grid <treatment>",
    "unusual sizes: auto, strides that fit, else resampling; native, resample: one of them",
    ["auto", "native", "resample", "refuse"],
    "auto",
  );
}
