// The network: one forward pass, tensors in, tensors out (model.md section 3).

import type { Tensor } from "../../ir/node.ts";
import { add, gather, mul, permute, reshape, sliceAxis } from "../../ir/tensor.ts";
import { namedScope } from "../../ir/trace.ts";
import type { Type } from "../../ir/types.ts";
import { at } from "../../ir/types.ts";
import { type CacheHook, spaceMixing, timeMixing } from "./block.ts";
import type { WalrusConfig } from "./config.ts";
import { decode } from "./decoder.ts";
import type { Parameters } from "../../nn/parameters.ts";
import { codecKey, encode } from "./encoder.ts";
import { frame, type JitterInputs, unframe } from "./frame.ts";
import { type Geometry, tokenGrid } from "./geometry.ts";
import { resample } from "./resample.ts";

/** Parts of a forward pass that are there or not. */
export interface ModelOptions {
  /** Run-time indices by name (see {@link jitterSignature}); null switches jitter off. */
  readonly jitter?: JitterInputs;
  /** Factors of each sample's and channel's field dropout, `[B, C]`. */
  readonly fieldKeep?: Tensor;
  /** Factors of each block's branches: time mixing `[T]`, space mixing `[T, B]`; undefined keeps. */
  readonly pathKeep?: readonly ({ readonly time: Tensor; readonly space: Tensor } | undefined)[];
  /** KV cache of each block, by its number. */
  readonly cache?: (block: number) => CacheHook;
  /** Predictions wanted: of every frame, or of the last one only. Not causal: always the last. */
  readonly outputs?: "all" | "last";
  /** Receives tokens `[T, B, x, y, z, h]` after the encoder (`"encoder"`) and each block (`"block0"`). */
  readonly tap?: (name: string, tokens: Tensor) => void;
}

/**
 * Types of a program's jitter inputs, by name; `jitterFeeds` makes their contents.
 *
 * @param geometry made with jitter on
 * @param blocks blocks of the network
 */
export function jitterSignature(geometry: Geometry, blocks: number): Record<string, Type> {
  const signature: Record<string, Type> = {};
  const indices = (n: number): Type => ({ dtype: "i32", shape: [n] });
  geometry.forEach((axis, i) => {
    if (axis.singleton) return;
    signature[`frame/${i}`] = indices(axis.framed);
    signature[`unframe/${i}`] = indices(axis.points);
    if (!axis.periodic) return;
    for (let b = 0; b < blocks; b++) signature[`roll/${b}/${i}`] = indices(axis.tokens);
    signature[`unroll/${i}`] = indices(axis.tokens);
  });
  return signature;
}

/**
 * Predicts normalised increments (or frames) from normalised frames.
 *
 * @param parameters by the checkpoint's names
 * @param x `[T, B, X, Y, Z, C]`, normalised
 * @param fields columns of the channels, i32 `[C]`
 * @param config the network
 * @param geometry of the grid; its axes may be shorter than x's last one, which is then resampled there and back
 * @returns `[T, B, X, Y, Z, C]`, or one frame with `outputs: "last"` or a network that is not causal
 */
export function walrus(
  parameters: Parameters,
  x: Tensor,
  fields: Tensor,
  config: WalrusConfig,
  geometry: Geometry,
  options: ModelOptions = {},
): Tensor {
  const [T = 1, B = 1, X = 1, Y = 1, Z = 1, C = 1] = x.shape;
  const jitter = options.jitter ?? null;
  const dropped = options.fieldKeep ? mul(x, reshape(options.fieldKeep, [1, B, 1, 1, 1, C])) : x;
  const flat = reshape(dropped, [T * B, X, Y, Z, C]);
  const grid = flat.shape[3] === geometry[2].points ? flat : resample(flat, geometry[2].points);
  const framed = namedScope("frame", () => frame(grid, geometry, jitter));

  const [gx, gy, gz] = tokenGrid(geometry);
  const h = config.hiddenDim;
  const pair = codecKey(geometry, config.includeD);
  const encoded = encode(parameters, framed, fields, geometry, parameters("encoder_dummy"), pair);
  let tokens = reshape(encoded, [T, B, gx * gy * gz, h]);
  if (config.apeShape) {
    const table = permute(parameters("ape"), [0, 1, 3, 4, 5, 2]);
    tokens = add(tokens, reshape(table, [1, 1, gx * gy * gz, h]));
  }
  options.tap?.("encoder", reshape(tokens, [T, B, gx, gy, gz, h]));

  const last = options.outputs === "last" || !config.causal;
  for (let b = 0; b < config.blocks; b++) {
    tokens = namedScope(`block${b}`, () => {
      const rolled = roll(tokens, [gx, gy, gz], (axis) => jitter?.[`roll/${b}/${axis}`]);
      const keep = options.pathKeep?.[b];
      const mixed = timeMixing(parameters, b, rolled, config, keep?.time, options.cache?.(b));
      // Space mixing treats frames apart, so after the last time mixing the others are no longer needed.
      const cut = last && !options.tap && !keep && b === config.blocks - 1;
      const needed = cut ? sliceAxis(mixed, 0, T - 1, 1) : mixed;
      return spaceMixing(parameters, b, needed, [gx, gy, gz], config, keep?.space);
    });
    options.tap?.(`block${b}`, reshape(tokens, [at(tokens.shape, 0), B, gx, gy, gz, h]));
  }
  const kept = last ? sliceAxis(tokens, 0, at(tokens.shape, 0) - 1, 1) : tokens;
  const unrolled = roll(kept, [gx, gy, gz], (axis) => jitter?.[`unroll/${axis}`]);
  const frames = at(kept.shape, 0);
  const grids = reshape(unrolled, [frames * B, gx, gy, gz, h]);
  const decoded = decode(parameters, grids, fields, geometry, pair);
  const back = namedScope("frame", () => unframe(decoded, geometry, jitter));
  const full = geometry[2].points === Z ? back : resample(back, Z);
  return reshape(full, [frames, B, X, Y, Z, C]);
}

/** Rolls the token grid of `[T, B, S, h]` along the axes for which there are indices. */
function roll(
  tokens: Tensor,
  grid: readonly number[],
  indices: (axis: number) => Tensor | undefined,
): Tensor {
  const [T = 1, B = 1, S = 1, h = 1] = tokens.shape;
  let rolled = reshape(tokens, [T * B, ...grid, h]);
  for (const axis of [0, 1, 2]) {
    const along = indices(axis);
    if (along) rolled = gather(rolled, along, axis + 1);
  }
  return reshape(rolled, [T, B, S, h]);
}
