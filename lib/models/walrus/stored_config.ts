// A network's configuration as JSON in the state of a run, checked when it is read back.

import * as v from "valibot";
import type { WalrusConfig } from "./config.ts";
import { parseConfig } from "./extended_config.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rotary = v.picklist(["fixed", "shared", "per_axis"]);
const apeShape = v.nullable(v.tuple([count, count, count]));

const schema = v.strictObject({
  hiddenDim: count,
  intermediateDim: count,
  states: count,
  blocks: count,
  heads: count,
  mlpDim: count,
  dropPath: v.number(),
  inputFieldDrop: v.number(),
  causal: v.boolean(),
  includeD: v.array(v.picklist([1, 2, 3])),
  rotary,
  apeShape,
  jitter: v.boolean(),
  normalization: v.picklist(["rms", "meanstd", "global"]),
  epsilon: v.number(),
  prediction: v.picklist(["delta", "full"]),
  contextFrames: count,
  fields: v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0))),
});

/** As states of runs had it before they named a family: the YAML, and what it does not say. */
const early = v.object({ networkConfig: v.string(), rotary, apeShape });

/**
 * Reads a configuration back.
 *
 * @param value parsed JSON
 * @throws SyntaxError naming the entry that is wrong
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RELEASED_CONFIG } from "./config.ts";
 * assert.deepEqual(readStored(JSON.parse(JSON.stringify(RELEASED_CONFIG))), RELEASED_CONFIG);
 * assert.throws(() => readStored({ ...RELEASED_CONFIG, heads: "2" }), /heads/);
 * ```
 */
export function readStored(value: unknown): WalrusConfig {
  const before = v.safeParse(early, value);
  if (before.success) {
    const { networkConfig, ...rest } = before.output;
    return { ...parseConfig(networkConfig, "networkConfig").config, ...rest };
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = issue.path?.map((part) => String(part.key)).join(".") || "all of it";
  throw new SyntaxError(`Cannot read the network's configuration: ${path}: ${issue.message}`);
}
