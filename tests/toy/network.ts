// A network of nothing that the library has: two matrices over the fields of one frame and a lead time, which predict the
// next frame.

import { frameFromEnd, pointCount } from "../../lib/data/components.ts";
import type { Sample } from "../../lib/data/dataset.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { abs, add, concat, mean, reshape, sub } from "../../lib/ir/tensor.ts";
import type { Type } from "../../lib/ir/types.ts";
import type { Model, Parameters } from "../../lib/models/model.ts";
import type { RandomSource } from "../../lib/random/random_source.ts";
import { silu } from "../../lib/nn/activation.ts";
import { linear } from "../../lib/nn/linear.ts";

/** Samples, points and fields. */
type ToyShape = readonly [number, number, number];

const f32 = (...shape: number[]): Type => ({ dtype: "f32", shape });
const matrix = (...shape: number[]) => ({
  shape,
  narrow: "i8" as const,
  use: "trained" as const,
  start: (random: RandomSource) =>
    Float32Array.from(random.normal("weights", shape[0]! * shape[1]!), (v) => 0.1 * v),
});

/** The frame after `x` `[B, N, C]`, given the lead time. */
function next(parameters: Parameters, x: Tensor, lead: Tensor, hidden: number): Tensor {
  const [B = 1, N = 1, C = 1] = x.shape;
  const seen = concat([x, lead], 2);
  const inner = silu(linear(parameters, "bni,hi->bnh", seen, "toy.in", [hidden, C + 1]));
  return add(x, reshape(linear(parameters, "bnh,ch->bnc", inner, "toy.out", [C, hidden]), [B, N, C]));
}

/** Fields side by side `[B, N, C]`, of the frame so many before the last. */
function stacked(samples: readonly Sample[], back: number): Float32Array {
  return Float32Array.from(samples.flatMap((sample) => {
    const fields = frameFromEnd(sample, back);
    return [...fields[0]!.keys()].flatMap((p) => fields.map((field) => field[p]!));
  }));
}

/** The network of so many fields and hidden numbers. */
export function toyModel(C: number, hidden: number): Model<ToyShape> {
  return {
    family: "toy",
    description: `${C} fields, ${hidden} hidden numbers`,
    config: { fields: C, hidden },
    parameters: new Map([["toy.in", matrix(hidden, C + 1)], ["toy.out", matrix(C, hidden)]]),
    contextFrames: () => ({ usual: 1, least: 1, most: 1 }),
    fields: ({ fields }) => fields.map((_, i) => ({ columns: [i], learnt: true })),
    shape(info, { samples }) {
      if (info.fields.length !== C || info.fields.some((f) => f.order > 0)) {
        throw new TypeError(`Got ${info.fields.length} fields, wanted ${C} scalars`);
      }
      return [samples, pointCount(info.grid), C];
    },
    inputs(samples) {
      const last = samples[0]!.times.length - 1;
      return { "state/frame": stacked(samples, last), ...last > 0 && { target: stacked(samples, last - 1) } };
    },
    stepInputs: ([B, N], { lead }) => ({ lead: new Float32Array(B * N).fill(lead) }),
    frames(output, [, N], samples) {
      const field = (b: number, c: number) =>
        Float32Array.from({ length: N }, (_, p) => output[(b * N + p) * C + c]!);
      return samples.map((_, b) => [Array.from({ length: C }, (_, c) => field(b, c))]);
    },
    forecast: {
      types: ([B, N]) => ({ "state/frame": f32(B, N, C), lead: f32(B, N, 1) }),
      trace(parameters, { "state/frame": x, lead }) {
        const frame = next(parameters, x!, lead!, hidden);
        return { frames: frame, "state/frame": frame };
      },
    },
    loss: {
      types: ([B, N]) => ({ "state/frame": f32(B, N, C), lead: f32(B, N, 1), target: f32(B, N, C) }),
      trace(parameters, { "state/frame": x, lead, target }) {
        return {
          loss: reshape(mean(abs(sub(next(parameters, x!, lead!, hidden), target!)), [0, 1, 2]), []),
        };
      },
    },
    examples: (steps) => Array.from({ length: Math.max(0, steps - 1) }, (_, i) => [i, i + 1]),
    files: () => Promise.resolve({ "toy.json": JSON.stringify({ fields: C, hidden }) }),
    weightsFile: "toy.safetensors",
  };
}
