// One transformer block: time mixing over the frames of each token, then space mixing over the tokens of each
// frame (model.md sections 7 and 8). Tokens are channels-last and flat: `[T, B, S, h]`.

import { attention } from "../../ir/fused/attention.ts";
import { layerNorm } from "../../ir/fused/layer_norm.ts";
import { rope } from "../../ir/fused/rope.ts";
import type { Tensor } from "../../ir/node.ts";
import { add, broadcastTo, mul, permute, reshape, sliceAxis } from "../../ir/tensor.ts";
import { namedScope } from "../../ir/trace.ts";
import { at, type Shape } from "../../ir/types.ts";
import { swiglu } from "../../nn/activation.ts";
import { bucketBias, relativeBias } from "../../nn/bias.ts";
import type { Triple } from "../../nn/conv.ts";
import { linear } from "../../nn/linear.ts";
import { rmsNorm } from "../../nn/norm.ts";
import type { Parameters } from "../../nn/parameters.ts";
import { axialTables } from "../../nn/rope.ts";
import type { WalrusConfig } from "./config.ts";
import { frequencyNames } from "./parameters.ts";

const LAYER_NORM_EPSILON = 1e-5;

/** Splits the last axis into heads of equal width. */
function splitHeads(x: Tensor, heads: number): Tensor {
  return reshape(x, [...x.shape.slice(0, -1), heads, at(x.shape, -1) / heads]);
}

/** What time mixing attends to: `[B, S, frames, heads, e]`. */
export interface Attended {
  readonly keys: Tensor;
  readonly values: Tensor;
  /** Bucket of the distance to each frame, i32 `[frames]`; left out when they are the frames of the input. */
  readonly buckets?: Tensor;
}

/** Where a KV cache comes in: takes the keys and values of a block's input, gives those to attend to. */
export type CacheHook = (keys: Tensor, values: Tensor) => Attended;

/**
 * Attention over the frames of every token.
 *
 * @param parameters of the network
 * @param index which block
 * @param x `[T, B, S, h]`
 * @param config heads and causality
 * @param keep factor of the branch for each frame `[T]`, for stochastic depth
 * @param cache gives other frames to attend to than those of `x`
 */
export function timeMixing(
  parameters: Parameters,
  index: number,
  x: Tensor,
  config: WalrusConfig,
  keep?: Tensor,
  cache: CacheHook = (keys, values) => ({ keys, values }),
): Tensor {
  return namedScope("time", () => {
    const path = `blocks.${index}.time_mixing`;
    const get = (name: string) => parameters(`${path}.${name}`);
    const [T = 1, B = 1, S = 1, h = 1] = x.shape;
    const { heads } = config;
    const e = h / heads;
    const y = rmsNorm(x, [2], get("norm1.weight"));
    // Frames of a token lie together, so that devices which bind little at once can cut along tokens.
    const projected = add(
      linear(parameters, "tbsi,oi->bsto", y, `${path}.input_head.weight`, [3 * h, h]),
      get("input_head.bias"),
    );
    // Heads are outermost here: head, then query, key, value.
    const split = reshape(projected, [B, S, T, heads, 3, e]);
    const part = (i: number) => reshape(sliceAxis(split, 4, i, 1), [B, S, T, heads, e]);
    const byHead = (t: Tensor) => permute(t, [0, 1, 3, 2, 4]);
    const q = layerNorm(part(0), get("qnorm.weight"), get("qnorm.bias"), LAYER_NORM_EPSILON);
    const k = layerNorm(part(1), get("knorm.weight"), get("knorm.bias"), LAYER_NORM_EPSILON);
    const { keys, values, buckets } = cache(k, part(2));
    const table = get("rel_pos_bias.relative_attention_bias.weight");
    const bias = buckets ? bucketBias(table, buckets, 1) : relativeBias(table, T, config.causal);
    const scores = broadcastTo(bias, [B, S, heads, T, at(keys.shape, 2)]);
    const mixed = attention(byHead(q), byHead(keys), byHead(values), 1 / Math.sqrt(e), scores);
    const back = linear(parameters, "bsate,oae->tbso", mixed, `${path}.output_head.weight`, [h, heads, e]);
    const out = add(back, get("output_head.bias"));
    return add(x, keep ? mul(out, reshape(keep, [T, 1, 1, 1])) : out);
  });
}

/**
 * Attention over the tokens of every frame beside a gated MLP.
 *
 * @param parameters of the network
 * @param index which block
 * @param x `[T, B, S, h]`
 * @param grid tokens of the three axes, S in all
 * @param config heads, MLP width and rotary kind
 * @param keep factor of the branch for each frame and sample `[T, B]`, for stochastic depth
 */
export function spaceMixing(
  parameters: Parameters,
  index: number,
  x: Tensor,
  grid: Triple,
  config: WalrusConfig,
  keep?: Tensor,
): Tensor {
  return namedScope("space", () => {
    const path = `blocks.${index}.space_mixing`;
    const get = (name: string) => parameters(`${path}.${name}`);
    const affine = (x: Tensor, name: string, shape: Shape) =>
      add(linear(parameters, "tbsi,oi->tbso", x, `${path}.${name}.weight`, shape), get(`${name}.bias`));
    const [T = 1, B = 1, S = 1, h = 1] = x.shape;
    const { heads, mlpDim: m } = config;
    const e = h / heads;
    const y = rmsNorm(x, [2], get("norm1.weight"));
    const projected = affine(y, "fused_ff_qkv", [m + 3 * h, h]);
    const part = (i: number) => splitHeads(sliceAxis(projected, 3, m + i * h, h), heads);
    const byHead = (t: Tensor) => permute(t, [0, 1, 3, 2, 4]);

    const names = frequencyNames(config, index);
    const frequencies = [0, 1, 2].map((axis) => parameters(names[axis] ?? at(names, 0)));
    const { cosine, sine } = axialTables(grid, frequencies as [Tensor, Tensor, Tensor]);
    const shared = (t: Tensor) =>
      broadcastTo(reshape(t, [1, 1, S, 1, at(t.shape, 1)]), [T, B, S, heads, at(t.shape, 1)]);
    const rotate = (t: Tensor, name: string) => {
      const normal = layerNorm(t, get(`${name}.weight`), get(`${name}.bias`), LAYER_NORM_EPSILON);
      return byHead(rope(normal, shared(cosine), shared(sine)));
    };
    const mixed = attention(
      rotate(part(0), "q_norm"),
      rotate(part(1), "k_norm"),
      byHead(part(2)),
      1 / Math.sqrt(e),
    );
    const attended = linear(parameters, "tbase,oae->tbso", mixed, `${path}.attn_out.weight`, [h, heads, e]);
    const gated = swiglu(sliceAxis(projected, 3, 0, m));
    const branch = add(affine(gated, "ff_out", [h, m / 2]), attended);
    return add(x, keep ? mul(branch, reshape(keep, [T, B, 1, 1])) : branch);
  });
}
