// Names and shapes of the network's tensors: the released checkpoint's keys (model.md section 2).

import type { Shape } from "../../ir/types.ts";
import type { WalrusConfig } from "./config.ts";
import { KERNELS } from "./strides.ts";

export { scaleName } from "../../nn/parameters.ts";

/** Width of a head. */
export function headDim(config: WalrusConfig): number {
  return config.hiddenDim / config.heads;
}

/** Rotary frequencies of an axis. */
export function frequencyCount(config: WalrusConfig): number {
  return Math.floor(Math.floor(headDim(config) / 4) / 2);
}

/**
 * Shapes of all tensors in the checkpoint's order.
 *
 * @param config the network
 * @param dimensions encoder/decoder pairs to list; all of `includeD` unless given. A forecast needs the pair of
 *   its data only
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RELEASED_CONFIG } from "./config.ts";
 * const shapes = parameterShapes(RELEASED_CONFIG);
 * assert.equal(shapes.size, 857);
 * assert.deepEqual(shapes.get("embed.2.proj1.weight"), [352, 67, 8, 8, 8]);
 * ```
 */
export function parameterShapes(
  config: WalrusConfig,
  dimensions: readonly number[] = config.includeD,
): Map<string, Shape> {
  const { hiddenDim: h, intermediateDim: i, states: n, mlpDim: m, heads } = config;
  const e = headDim(config);
  const cube = (k: number) => [k, k, k];
  const shapes = new Map<string, Shape>([["encoder_dummy", [1]]]);
  const put = (prefix: string, entries: Readonly<Record<string, Shape>>) => {
    for (const [name, shape] of Object.entries(entries)) shapes.set(`${prefix}.${name}`, shape);
  };
  for (const d of dimensions) {
    put(`embed.${d}`, {
      "proj1.weight": [i, n, ...cube(KERNELS[0])],
      "norm1.weight": [i],
      "proj2.weight": [h, i, ...cube(KERNELS[1])],
      "norm2.weight": [h],
    });
  }
  for (let b = 0; b < config.blocks; b++) {
    put(`blocks.${b}.space_mixing`, {
      "norm1.weight": [h],
      "fused_ff_qkv.weight": [m + 3 * h, h],
      "fused_ff_qkv.bias": [m + 3 * h],
      "ff_out.weight": [h, m / 2],
      "ff_out.bias": [h],
      "attn_out.weight": [h, h],
      "q_norm.weight": [e],
      "q_norm.bias": [e],
      "k_norm.weight": [e],
      "k_norm.bias": [e],
    });
    for (const name of frequencyNames(config, b)) shapes.set(name, [frequencyCount(config)]);
    put(`blocks.${b}.time_mixing`, {
      "norm1.weight": [h],
      "input_head.weight": [3 * h, h, 1, 1, 1],
      "input_head.bias": [3 * h],
      "output_head.weight": [h, h, 1, 1, 1],
      "output_head.bias": [h],
      "qnorm.weight": [e],
      "qnorm.bias": [e],
      "knorm.weight": [e],
      "knorm.bias": [e],
      "rel_pos_bias.relative_attention_bias.weight": [32, heads],
    });
  }
  for (const d of dimensions) {
    put(`debed.${d}`, {
      "proj1.weight": [h, i, ...cube(KERNELS[1])],
      "norm1.weight": [i],
      "proj2.weight": [i, n, ...cube(KERNELS[0])],
      "proj2.bias": [n],
    });
  }
  if (config.apeShape) shapes.set("ape", [1, 1, h, ...config.apeShape]);
  return shapes;
}

/** Names of a block's rotary frequencies: one, or one an axis in finetuned checkpoints. */
export function frequencyNames(config: WalrusConfig, block: number): string[] {
  const name = `blocks.${block}.space_mixing.rotary_emb.freqs`;
  return config.rotary === "per_axis" ? [0, 1, 2].map((axis) => `${name}.${axis}`) : [name];
}

const MATRIX = /\.(fused_ff_qkv|ff_out|attn_out|input_head|output_head|proj[12])\.weight$/;

/**
 * Whether a tensor may be kept as fp16 on a device: those of linear maps and convolutions, nearly all the
 * numbers of a network, which kernels widen as they read them.
 *
 * @param name as in the checkpoint
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.ok(mayBeFp16("blocks.3.space_mixing.ff_out.weight"));
 * assert.ok(!mayBeFp16("blocks.3.space_mixing.norm1.weight"));
 * ```
 */
export function mayBeFp16(name: string): boolean {
  return MATRIX.test(name);
}

const BLOCK_MATRIX = /\.(fused_ff_qkv|ff_out|attn_out|input_head|output_head)\.weight$/;

/**
 * Whether a tensor is a matrix of a block: most of a large network, and always the second operand of a product. These may
 * be kept as whole numbers of 8 bits with a scale for each output; encoder and decoder see the data's units first and
 * last and stay finer.
 *
 * @param name as in the checkpoint
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.ok(isBlockMatrix("blocks.3.space_mixing.ff_out.weight"));
 * assert.ok(!isBlockMatrix("embed.2.proj1.weight"));
 * ```
 */
export function isBlockMatrix(name: string): boolean {
  return BLOCK_MATRIX.test(name);
}
