// What a request may ask for besides its window: members of a JSON body, or the query string of a binary one.

import type { FieldTransforms } from "../../data/transforms.ts";
import type { FieldMap, GridTreatment } from "../../models/model.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { checked } from "./mistakes.ts";
import { OPTIONS, REFERENCE } from "./option_schemas.ts";

/** Which frames of what was sent, or of a data set, are the window. */
export interface WindowOptions {
  /** Of a file that is divided; its first unless given. */
  readonly split?: string;
  /** From 0; the first unless given. */
  readonly trajectory?: number;
  /** First frame, 0 unless given; negative ones are counted from the end. */
  readonly start?: number;
  /** From one frame to the next, 1 unless given. */
  readonly stride?: number;
  /** How many; all that are left unless given. */
  readonly frames?: number;
}

/** What a request asks for. */
export interface ForecastOptions extends WindowOptions {
  /** Name of a network of this service; its first unless given. */
  readonly model?: string;
  /** Frames to forecast. */
  readonly steps: number;
  /** Of the random draws. */
  readonly seed: number;
  /** Whether there are any; the network decides unless given. */
  readonly draws?: boolean;
  /** Whether keys and values of past frames are kept. */
  readonly kvCache: boolean;
  /** Time to predict ahead. */
  readonly lead?: number;
  /** Names of fields in the network's table. */
  readonly map?: FieldMap;
  /** Fields that the network takes in another form. */
  readonly transforms?: FieldTransforms;
  /** What is done with a grid of an unusual size. */
  readonly grid?: GridTreatment;
  /** Names of the fields that are answered; all unless given. */
  readonly outputs?: readonly string[];
  /** Draws that each step is the mean of, 1 unless given. */
  readonly average?: number;
  /** Members of an ensemble; what asks for no ensemble has none. */
  readonly members?: number;
  /** Probabilities of the quantiles of an ensemble that are answered. */
  readonly quantiles?: readonly number[];
  /** How JSON has the numbers of fields. */
  readonly numbers: "decimal" | "base64";
}

/** A window of a data set that the service has. */
export interface DataReference extends WindowOptions {
  /** Name of the data set. */
  readonly dataset: string;
}

/** The query's name of an answer's form, which is no option of a forecast. */
const FORMAT = "format";

const pairs = (given: string): unknown => {
  const list = given.split(",").map((pair) => pair.split("="));
  return list.every(({ length }) => length === 2) ? Object.fromEntries(list) : given;
};
const truthOf = (given: string): unknown => given === "true" ? true : given === "false" ? false : given;
const numberOf = (given: string): unknown =>
  /^[-+]?[\d.]+(?:e[-+]?\d+)?$/i.test(given) ? Number(given) : given;

/** How the text of a query becomes what JSON has; text where it is not here. */
const FROM_TEXT: Readonly<Record<string, (given: string) => unknown>> = {
  trajectory: numberOf,
  start: numberOf,
  stride: numberOf,
  frames: numberOf,
  steps: numberOf,
  seed: numberOf,
  lead: numberOf,
  average: numberOf,
  members: numberOf,
  quantiles: (given) => given.split(",").map(numberOf),
  draws: truthOf,
  kvCache: truthOf,
  map: pairs,
  transforms: pairs,
  outputs: (given) => given.split(","),
};

/** The query string as JSON would have it. */
function fromQuery(query: URLSearchParams): Record<string, unknown> {
  const found: Record<string, unknown> = Object.create(null);
  for (const [name, given] of query) {
    if (name === FORMAT) continue;
    if (name in found) throw new Refusal("malformed", `Cannot take the options: ${name} is given twice`);
    found[name] = Object.hasOwn(FROM_TEXT, name) ? FROM_TEXT[name]!(given) : given;
  }
  return { ...found };
}

/**
 * Options of a request.
 *
 * @param input members of a JSON body, or a query string: `steps=3&outputs=A,B&map=rho=density`
 * @param limits of steps
 * @throws Refusal naming every mistake, and the names there are
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(parseOptions(new URLSearchParams("steps=3&seed=1")).steps, 3);
 * assert.throws(() => parseOptions({ steps: 0, sead: 1 }), /steps is 0, wanted an integer from 1; "sead" is not known/);
 * ```
 */
export function parseOptions(input: unknown, limits: Limits = LIMITS): ForecastOptions {
  const given = input instanceof URLSearchParams ? fromQuery(input) : input;
  const options = checked(OPTIONS, given, "the options");
  if (options.steps > limits.steps) {
    throw new Refusal(
      "too_large",
      `steps is ${options.steps}, this service forecasts at most ${limits.steps} at once`,
    );
  }
  return options;
}

/**
 * A window of a data set by name.
 *
 * @param input the member `data` of a JSON body
 * @throws Refusal naming every mistake
 */
export function parseReference(input: unknown): DataReference {
  return checked(REFERENCE, input, "data");
}
