// What options of a request have to be: checked when they are read, told in the OpenAPI document.

import * as v from "valibot";

const text = v.pipe(v.string("text"), v.minLength(1, "text of at least 1 character"));
const whole = (least: number) => {
  const words = `an integer from ${least}`;
  return v.pipe(v.number(words), v.safeInteger(words), v.minValue(least, words));
};
const upTo = (least: number, most: number) => {
  const words = `an integer from ${least} to ${most}`;
  return v.pipe(v.number(words), v.safeInteger(words), v.minValue(least, words), v.maxValue(most, words));
};
const integer = v.pipe(v.number("an integer"), v.safeInteger("an integer"));
const positive = v.pipe(
  v.number("a number above 0"),
  v.finite("a number above 0"),
  v.gtValue(0, "a number above 0"),
);
const PROBABILITIES = "1 to 16 numbers from 0 to 1";
const probability = v.pipe(
  v.number("a number from 0 to 1"),
  v.minValue(0, "a number from 0 to 1"),
  v.maxValue(1, "a number from 0 to 1"),
);
const truth = v.boolean("true or false");
const choice = <const T extends readonly string[]>(names: T) => v.picklist(names, names.join(" or "));

const FRAME_ENTRIES = {
  split: v.exactOptional(text),
  trajectory: v.exactOptional(whole(0)),
  start: v.exactOptional(integer),
  stride: v.exactOptional(whole(1)),
  frames: v.exactOptional(whole(1)),
};

const ENTRIES = {
  ...FRAME_ENTRIES,
  model: v.exactOptional(text),
  steps: v.optional(whole(1), 1),
  seed: v.optional(whole(0), 0),
  draws: v.exactOptional(truth),
  kvCache: v.optional(truth, false),
  lead: v.exactOptional(positive),
  map: v.exactOptional(v.record(text, text, "names by field")),
  transforms: v.exactOptional(
    v.record(text, choice(["log10", "zeros_like"]), "log10 or zeros_like by field"),
  ),
  grid: v.exactOptional(choice(["auto", "native", "resample", "refuse"])),
  outputs: v.exactOptional(v.pipe(v.array(text, "names of fields"), v.minLength(1, "names of fields"))),
  average: v.exactOptional(upTo(1, 256)),
  members: v.exactOptional(whole(1)),
  quantiles: v.exactOptional(
    v.pipe(
      v.array(probability, PROBABILITIES),
      v.minLength(1, PROBABILITIES),
      v.maxLength(16, PROBABILITIES),
    ),
  ),
  numbers: v.optional(choice(["decimal", "base64"]), "decimal"),
};

/** What requests may ask for. */
export const OPTIONS = v.strictObject(ENTRIES, "an object");
/** A window by name. */
export const REFERENCE = v.strictObject({ dataset: text, ...FRAME_ENTRIES }, "an object");

/** Names of all options. */
export const OPTION_NAMES: readonly string[] = Object.keys(ENTRIES);
