// Start values of the network's tensors when training from scratch (model.md section 2): ranges and distributions of
// the released recipe, drawn on the host so that a seed means the same everywhere.

import type { RandomSource } from "../../random/random_source.ts";
import { type Shape, sizeOf } from "../../ir/types.ts";
import type { WalrusConfig } from "./config.ts";
import { KERNELS } from "./strides.ts";
import { frequencyCount } from "./parameters.ts";

/** Residual branches start almost switched off. */
const GAIN = Math.sqrt(6 / (1 + 5e12));
/** Bias of a branch that starts switched off. */
const SMALL = 1e-6;
/** Spread of a position table. */
const TABLE = 0.005;

/** How a tensor starts: one value, uniform within a bound, or normal with a deviation. */
type Start =
  | { readonly kind: "value"; readonly value: number }
  | { readonly kind: "uniform" | "normal"; readonly size: number };

/** What a tensor starts with, by its name. */
function startOf(name: string, shape: Shape, config: WalrusConfig): Start {
  const { hiddenDim: h, intermediateDim: i, states: n, mlpDim: m } = config;
  const [wide, narrow] = [KERNELS[0] ** 3, KERNELS[1] ** 3];
  const uniform = (size: number): Start => ({ kind: "uniform", size });
  if (name === "ape") return { kind: "normal", size: TABLE };
  if (name.includes("relative_attention_bias")) return { kind: "normal", size: 1 };
  if (/^(?:embed\.\d\.proj1|debed\.\d\.proj2)\./.test(name)) return uniform(1 / Math.sqrt(wide * n));
  if (/^(?:embed\.\d\.proj2|debed\.\d\.proj1)\./.test(name)) return uniform(1 / Math.sqrt(narrow * i));
  if (/fused_ff_qkv|input_head/.test(name)) return uniform(1 / Math.sqrt(h));
  if (/ff_out/.test(name)) return uniform((name.endsWith("bias") ? SMALL : GAIN) / Math.sqrt(m / 2));
  if (/attn_out|output_head/.test(name)) {
    return uniform((name.endsWith("bias") ? SMALL : GAIN) / Math.sqrt(h));
  }
  // Norms and the dummy factor.
  if (shape.length === 1) return { kind: "value", value: name.endsWith("bias") ? 0 : 1 };
  throw new RangeError(`Tensor "${name}" has no start value`);
}

/** Rotary frequencies at the start: `pi linspace(1, 128, f)`. */
export function startFrequencies(config: WalrusConfig): Float32Array {
  const f = frequencyCount(config);
  return Float32Array.from({ length: f }, (_, i) => Math.PI * (f === 1 ? 1 : 1 + 127 * i / (f - 1)));
}

/**
 * Numbers of a tensor at the start.
 *
 * @param name as in the checkpoint
 * @param shape of the tensor
 * @param config the network
 * @param random draws of the tensor
 */
export function startNumbers(
  name: string,
  shape: Shape,
  config: WalrusConfig,
  random: RandomSource,
): Float32Array {
  if (name.includes("rotary_emb.freqs")) return startFrequencies(config);
  const start = startOf(name, shape, config);
  const count = sizeOf(shape);
  if (start.kind === "value") return new Float32Array(count).fill(start.value);
  const { size } = start;
  if (start.kind === "uniform") {
    return Float32Array.from(random.uniform("weights", count), (u) => size * (2 * u - 1));
  }
  // Scaled before the cosine: the bits of a seed depend on the order.
  const draws = random.uniform("weights", 2 * count);
  return Float32Array.from(
    { length: count },
    (_, i) => size * Math.sqrt(-2 * Math.log(draws[2 * i]!)) * Math.cos(2 * Math.PI * draws[2 * i + 1]!),
  );
}
