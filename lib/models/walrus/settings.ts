// The settings of a run's `model` section that are this network's own. Null leaves a setting as the checkpoint or the
// released model has it.

import * as v from "valibot";
import { valueWords } from "../../io/yaml_references.ts";
import type { NormalizationKind, RotaryKind } from "./config.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const nullable = <S extends v.GenericSchema>(schema: S) => v.optional(v.nullable(schema), null);

/** Checked settings with all defaults; null leaves a setting as it is. */
export interface WalrusSettings {
  /** Width of a token; from scratch only, as the next six. */
  readonly hidden_dim: number;
  /** Channels between the convolutions of encoder and decoder. */
  readonly intermediate_dim: number;
  /** Transformer blocks. */
  readonly blocks: number;
  /** Attention heads. */
  readonly heads: number;
  /** Width of the gated MLP before gating; null: four times `hidden_dim`. */
  readonly mlp_dim: number | null;
  /** Numbers of non-singleton axes that get an encoder and a decoder. */
  readonly include_d: readonly (1 | 2 | 3)[];
  /** Largest stochastic-depth probability. */
  readonly drop_path: number | null;
  /** Expected number of dropped fields. */
  readonly input_field_drop: number | null;
  /** Whether the grid is shifted at random. */
  readonly jitter: boolean | null;
  /** Normalisation of input and output. */
  readonly normalization: NormalizationKind | null;
  /** Smallest standard deviation that is divided by. */
  readonly epsilon: number | null;
  /** Frames of a window in 2D. */
  readonly context: number | null;
  /** Whether time attention sees only the past. */
  readonly causal: boolean;
  /** Rotary frequencies: as they are, or trained, one vector a block or one an axis. */
  readonly rotary: RotaryKind | null;
  /** Token grid of a trained table of positions. */
  readonly ape: readonly [number, number, number] | null;
}

const schema: v.GenericSchema<unknown, WalrusSettings> = v.strictObject({
  hidden_dim: v.optional(count, 96),
  intermediate_dim: v.optional(count, 32),
  blocks: v.optional(count, 4),
  heads: v.optional(count, 4),
  mlp_dim: nullable(count),
  include_d: v.optional(v.pipe(v.array(v.picklist([1, 2, 3])), v.minLength(1)), [2, 3]),
  drop_path: nullable(share),
  input_field_drop: nullable(v.pipe(v.number(), v.minValue(0))),
  jitter: nullable(v.boolean()),
  normalization: nullable(v.picklist(["rms", "meanstd", "global"])),
  epsilon: nullable(v.pipe(v.number(), v.gtValue(0))),
  context: nullable(count),
  causal: v.optional(v.boolean(), true),
  rotary: nullable(v.picklist(["fixed", "shared", "per_axis"])),
  ape: nullable(v.tuple([count, count, count])),
});

/**
 * Checks settings and fills in defaults.
 *
 * @param section of the run's configuration, without what it says about checkpoints
 * @param name of the configuration, for messages
 * @throws SyntaxError naming the key, its value and what was wanted
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(checkSettings({ blocks: 2 }, "run.yaml").hidden_dim, 96);
 * assert.throws(() => checkSettings({ block: 2 }, "run.yaml"), /"run.yaml": model.block is not known/);
 * ```
 */
export function checkSettings(section: unknown, name: string): WalrusSettings {
  const result = v.safeParse(schema, section ?? {});
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = ["model", ...issue.path?.map((part) => String(part.key)) ?? []].join(".");
  const why = issue.expected === "never"
    ? "is not known"
    : `is ${valueWords(issue.input)}, wanted ${issue.expected ?? issue.message}`;
  throw new SyntaxError(`Cannot read "${name}": ${path} ${why}`);
}
