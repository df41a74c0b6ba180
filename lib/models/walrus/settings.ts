// The settings of a run's `model` section that are this network's own. Null leaves a setting as the checkpoint or the
// released model has it.

import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const nullable = <S extends v.GenericSchema>(schema: S) => v.optional(v.nullable(schema), null);

const schema = v.strictObject({
  /** Width of a token; from scratch only, as the next six. */
  hidden_dim: v.optional(count, 96),
  /** Channels between the convolutions of encoder and decoder. */
  intermediate_dim: v.optional(count, 32),
  /** Transformer blocks. */
  blocks: v.optional(count, 4),
  /** Attention heads. */
  heads: v.optional(count, 4),
  /** Width of the gated MLP before gating; null: four times `hidden_dim`. */
  mlp_dim: nullable(count),
  /** Numbers of non-singleton axes that get an encoder and a decoder. */
  include_d: v.optional(v.pipe(v.array(v.picklist([1, 2, 3])), v.minLength(1)), [2, 3]),
  /** Largest stochastic-depth probability. */
  drop_path: nullable(share),
  /** Expected number of dropped fields. */
  input_field_drop: nullable(v.pipe(v.number(), v.minValue(0))),
  /** Whether the grid is shifted at random. */
  jitter: nullable(v.boolean()),
  /** Normalisation of input and output. */
  normalization: nullable(v.picklist(["rms", "meanstd", "global"])),
  /** Smallest standard deviation that is divided by. */
  epsilon: nullable(v.pipe(v.number(), v.gtValue(0))),
  /** Frames of a window in 2D. */
  context: nullable(count),
  /** Whether time attention sees only the past. */
  causal: v.optional(v.boolean(), true),
  /** Rotary frequencies: as they are, or trained, one vector a block or one an axis. */
  rotary: nullable(v.picklist(["fixed", "shared", "per_axis"])),
  /** Token grid of a trained table of positions. */
  ape: nullable(v.tuple([count, count, count])),
});

/** Checked settings with all defaults. */
export type WalrusSettings = v.InferOutput<typeof schema>;

/** A value in a message: short, and told apart from text. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

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
    : `is ${shown(issue.input)}, wanted ${issue.expected ?? issue.message}`;
  throw new SyntaxError(`Cannot read "${name}": ${path} ${why}`);
}
