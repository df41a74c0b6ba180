// A network of nothing that the library has: two matrices over the fields of one frame and a lead time, which predict the
// next frame. It is registered where it is needed; no line of the library knows it.

import type { Sample, SampleInfo } from "../../lib/data/dataset.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { abs, add, concat, mean, reshape, sub } from "../../lib/ir/tensor.ts";
import type { Shape, Type } from "../../lib/ir/types.ts";
import type { Model, ModelEntry, ModelFamily, Parameters } from "../../lib/models/model.ts";
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

/** Fields side by side `[B, N, C]`, of frame `t`. */
function stacked(samples: readonly Sample[], t: number): Float32Array {
  return Float32Array.from(samples.flatMap(({ values, times }) => {
    const points = values[0]!.length / times.length;
    return Array.from({ length: points }, (_, p) => values.map((v) => v[t * points + p]!)).flat();
  }));
}

function toyModel(C: number, hidden: number): Model<ToyShape> {
  const lead = (samples: number, points: number, value: number) =>
    new Float32Array(samples * points).fill(value);
  return {
    family: "toy",
    description: `${C} fields, ${hidden} hidden numbers`,
    config: { fields: C, hidden },
    parameters: new Map([["toy.in", matrix(hidden, C + 1)], ["toy.out", matrix(C, hidden)]]),
    contextFrames: () => ({ usual: 1, least: 1, most: 1 }),
    fields: ({ fields }) => fields.map((_, i) => ({ columns: [i], learnt: true })),
    shape(info: SampleInfo, { samples }) {
      const points = info.grid.shape.reduce((n, size) => n * size, 1);
      if (info.fields.length === C && info.fields.every((f) => f.order === 0)) return [samples, points, C];
      throw new TypeError(`Got ${info.fields.length} fields, wanted ${C} scalars`);
    },
    inputs: (samples) => ({
      "state/frame": stacked(samples, 0),
      ...(samples[0]!.times.length > 1 ? { target: stacked(samples, 1) } : {}),
    }),
    stepInputs: ([B, N], place) => ({ lead: lead(B, N, place.lead) }),
    frames(output, [B, N]) {
      const field = (b: number, c: number) =>
        Float32Array.from({ length: N }, (_, p) => output[(b * N + p) * C + c]!);
      return Array.from(
        { length: B },
        (_, b) => [Array.from({ length: C }, (_, c) => field(b, c))],
      );
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
    files: () => ({ "toy.json": JSON.stringify({ fields: C, hidden }) }),
    weightsFile: "toy.safetensors",
  };
}

const family: ModelFamily = {
  family: "toy",
  recipe: () => ({ optimizer: { lr: 1e-2 }, schedule: { kind: "constant" } }),
  settings: (section) => ({ hidden: 8, ...section as object }),
  fromCheckpoint(shapes: ReadonlyMap<string, Shape>) {
    const [hidden = 1, inputs = 2] = shapes.get("toy.in") ?? [];
    return { model: toyModel(inputs - 1, hidden), warnings: [] };
  },
  fromFiles: ({ "toy.json": text = '{"fields":2,"hidden":8}' }) => family.fromConfig(JSON.parse(text)),
  fromConfig: (config) => {
    const { fields, hidden } = config as { fields: number; hidden: number };
    return toyModel(fields, hidden);
  },
  create(settings, data, _map, from) {
    const { hidden } = settings as { hidden: number };
    return {
      model: from ?? toyModel(data[0]?.fields.length ?? 2, hidden),
      notes: [],
      carry: (name, old, fresh) => old(name) ?? fresh(),
    };
  },
};

/** How a registry finds it. */
export const entry: ModelEntry = {
  family: "toy",
  configFiles: ["toy.json"],
  claims: (names) => names.has("toy.in"),
  load: () => Promise.resolve(family),
  module: import.meta.url,
};
