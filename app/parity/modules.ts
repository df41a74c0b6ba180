// Section A: single modules. Each kind builds a graph from the case's tensors and names what must come out.

import { layerNorm } from "../../lib/ir/fused/layer_norm.ts";
import { rope } from "../../lib/ir/fused/rope.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { add, broadcastTo, constant, permute, reshape, sliceAxis } from "../../lib/ir/tensor.ts";
import { type Graph, trace } from "../../lib/ir/trace.ts";
import type { Type } from "../../lib/ir/types.ts";
import { swiglu } from "../../lib/nn/activation.ts";
import { bucket, MASKED, relativeBias } from "../../lib/nn/bias.ts";
import { rmsNorm } from "../../lib/nn/norm.ts";
import { axialTables, positions } from "../../lib/nn/rope.ts";
import { spaceMixing, timeMixing } from "../../lib/models/walrus/block.ts";
import { decode } from "../../lib/models/walrus/decoder.ts";
import { encode } from "../../lib/models/walrus/encoder.ts";
import { frame, unframe } from "../../lib/models/walrus/frame.ts";
import { type Geometry, geometryOf, jitterFeeds } from "../../lib/models/walrus/geometry.ts";
import { jitterSignature } from "../../lib/models/walrus/model.ts";
import { denormalizeDelta, normalize, windowStatistics } from "../../lib/models/walrus/normalize.ts";
import { resample } from "../../lib/models/walrus/resample.ts";
import { KERNELS } from "../../lib/models/walrus/strides.ts";
import { alignFields } from "../../lib/models/walrus/align_fields.ts";
import { recordParameters } from "../../lib/nn/parameters.ts";
import { configOf, type GoldenCase, type Numbers } from "./golden.ts";
import { type Backend, type Feeds, type Results, runOnce } from "./run.ts";

/** Tensors of a case's file and weights by name. */
export type Tensors = Readonly<Record<string, Numbers>>;

/** What a kind yields: values to compare, by the names of the case's tensors. */
export type Check = (
  golden: GoldenCase,
  tensors: Tensors,
  weights: Tensors,
  backend: Backend,
) => Promise<Results>;

/** A tensor of the case, or an error that names it. */
export function need(tensors: Tensors, name: string): Numbers {
  const found = tensors[name];
  if (!found) throw new RangeError(`The case has no tensor "${name}"`);
  return found;
}

/** Signature and feeds for tensors given as numbers. */
export function feedsFor(
  tensors: Tensors,
  prefix = "",
): { types: Record<string, Type>; feeds: Record<string, Float32Array> } {
  const types: Record<string, Type> = {};
  const feeds: Record<string, Float32Array> = {};
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    types[name] = { dtype: "f32", shape };
    feeds[prefix + name] = data;
  }
  return { types, feeds };
}

/** Runs a function of the case's tensors once. */
async function runOn(
  backend: Backend,
  tensors: Tensors,
  f: (t: Readonly<Record<string, Tensor>>) => Record<string, Tensor>,
  more: Feeds = {},
  moreTypes: Record<string, Type> = {},
): Promise<Results> {
  const { types, feeds } = feedsFor(tensors);
  const graph: Graph = trace(
    { ...types, ...moreTypes } as Record<string, Type>,
    (t) => f(t as Readonly<Record<string, Tensor>>),
  );
  return await runOnce(backend, graph, { ...feeds, ...more });
}

function get(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = tensors[name];
  if (!found) throw new RangeError(`The case has no tensor "${name}"`);
  return found;
}

/** Channels of axis 1 moved last. */
function channelsLast(x: Tensor): Tensor {
  return permute(x, [0, ...x.shape.map((_, i) => i).slice(2), 1]);
}

/** The last axis moved to axis 1. */
function channelsSecond(x: Tensor): Tensor {
  const rank = x.shape.length;
  return permute(x, [0, rank - 1, ...x.shape.map((_, i) => i).slice(1, -1)]);
}

/** Frames and samples `[T, B, ..]` as one axis. */
function flatten(x: Tensor): Tensor {
  const [T = 1, B = 1, ...rest] = x.shape;
  return reshape(x, [T * B, ...rest]);
}

/** Shape padded to three spatial axes. */
export function padAxes(shape: readonly number[], rank: number): number[] {
  return [...shape, ...new Array<number>(Math.max(0, rank - shape.length)).fill(1)];
}

function select(tensors: Tensors, names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => [name, need(tensors, name)]));
}

/** Geometry of a codec case, whose grid is given by its tokens or its framed points. */
function codecGeometry(golden: GoldenCase, singleton: readonly boolean[]): Geometry {
  const strides = golden.params.strides ?? [];
  const points = singleton.map((thin, i) => thin ? 1 : 4 * (strides[i]?.[0] ?? 1) * (strides[i]?.[1] ?? 1));
  const bcs = golden.params.bcs ?? [[2, 2], [2, 2], [2, 2]];
  return geometryOf(points as [number, number, number], bcs, false, strides);
}

/** What the released decoder gives of a result: it leaves out points where a stride does not divide the last kernel. */
function asReleased(x: Tensor, geometry: Geometry): Tensor {
  return geometry.reduce((t, { periodic, singleton, strides: [first] }, i) => {
    const cut = periodic && !singleton ? KERNELS[0] % first : 0;
    return cut === 0 ? t : sliceAxis(t, i + 1, cut, t.shape[i + 1]! - 2 * cut);
  }, x);
}

/** Section A by kind. */
export const modules: Readonly<Record<string, Check>> = {
  rms_group_norm: (_, tensors, __, backend) =>
    runOn(backend, select(tensors, ["x", "weight"]), (t) => {
      const x = channelsLast(get(t, "x"));
      const space = x.shape.map((_, i) => i).slice(1, -1);
      return { y: channelsSecond(rmsNorm(x, space, get(t, "weight"))) };
    }),

  layer_norm: (golden, tensors, _, backend) =>
    runOn(backend, select(tensors, ["x", "weight", "bias"]), (t) => ({
      y: layerNorm(get(t, "x"), get(t, "weight"), get(t, "bias"), golden.params.eps ?? 1e-5),
    })),

  swiglu: (_, tensors, __, backend) =>
    runOn(backend, select(tensors, ["x"]), (t) => ({ y: swiglu(get(t, "x")) })),

  rope: async (golden, tensors, _, backend) => {
    const results: Record<string, ArrayLike<number>> = {};
    for (const name of Object.keys(golden.inputs)) {
      if (name.startsWith("positions.")) results[name] = positions(Number(name.slice(10)));
    }
    for (const e of golden.params.head_dims ?? []) {
      for (const grid of golden.params.grids ?? []) {
        const id = `${e}.${grid.join("x")}`;
        const own = await runOn(backend, select(tensors, [`freqs.${e}`, `t.${id}`]), (t) => {
          const freqs = get(t, `freqs.${e}`);
          const { cosine, sine } = axialTables(grid, [freqs, freqs, freqs]);
          const [S = 1, pairs = 1] = cosine.shape;
          const given = get(t, `t.${id}`);
          const x = reshape(given, [given.shape[0]!, S, e]);
          const spread = (table: Tensor) => broadcastTo(table, [x.shape[0]!, S, pairs]);
          // The golden tables repeat each angle for the two features it rotates.
          const twice = (table: Tensor) => broadcastTo(reshape(table, [S, pairs, 1]), [S, pairs, 2]);
          return {
            [`cos.${id}`]: twice(cosine),
            [`sin.${id}`]: twice(sine),
            [`rotated.${id}`]: rope(x, spread(cosine), spread(sine)),
          };
        });
        Object.assign(results, own);
      }
    }
    return results;
  },

  relative_bias: async (_, tensors, __, backend) => {
    const results: Record<string, ArrayLike<number>> = {};
    for (const [kind, causal] of [["causal", true], ["bi", false]] as const) {
      const n = need(tensors, `buckets.${kind}`).shape[0]!;
      results[`buckets.${kind}`] = Array.from(
        { length: n * n },
        (_, i) => bucket(Math.floor(i / n) - (i % n), causal),
      );
      for (const name of Object.keys(tensors).filter((t) => t.startsWith(`bias.${kind}.`))) {
        const own = await runOn(backend, select(tensors, ["table"]), (t) => ({
          y: relativeBias(get(t, "table"), need(tensors, name).shape[1]!, causal),
        }));
        // Masked scores are finite here; the golden tensor writes minus infinity.
        results[name] = Array.from(own.y!, (v) => v <= MASKED / 2 ? -Infinity : v);
      }
    }
    return results;
  },

  space_mixing: (golden, tensors, _, backend) =>
    runOn(backend, select(tensors, Object.keys(golden.inputs)), (t) => {
      const x = channelsLast(get(t, "x"));
      const [N = 1, , , , h = 1] = x.shape;
      const grid = golden.params.sizes!;
      const S = grid[0] * grid[1] * grid[2];
      const mlpDim = get(t, "blocks.0.space_mixing.fused_ff_qkv.weight").shape[0]! - 3 * h;
      const config = { ...configOf(golden), mlpDim };
      const keep = t.keep ? reshape(t.keep, [N, 1]) : undefined;
      const y = spaceMixing(recordParameters(t), 0, reshape(x, [N, 1, S, h]), grid, config, keep);
      return { y: channelsSecond(reshape(y, [N, ...grid, h])) };
    }),

  time_mixing: (golden, tensors, _, backend) =>
    runOn(backend, select(tensors, Object.keys(golden.inputs)), (t) => {
      const x = permute(get(t, "x"), [0, 1, 3, 4, 5, 2]);
      const [T = 1, B = 1, gx = 1, gy = 1, gz = 1, h = 1] = x.shape;
      const config = { ...configOf(golden), causal: golden.params.causal !== false };
      const y = timeMixing(recordParameters(t), 0, reshape(x, [T, B, gx * gy * gz, h]), config, t.keep);
      return { y: permute(reshape(y, x.shape), [0, 1, 5, 2, 3, 4]) };
    }),

  encoder: (golden, tensors, weights, backend) =>
    runOn(backend, { ...weights, ...select(tensors, ["x"]) }, (t) => {
      const x = get(t, "x");
      const geometry = codecGeometry(golden, x.shape.slice(3).map((n) => n === 1));
      const fields = constant(Int32Array.from(golden.params.fields!), [golden.params.fields!.length], "i32");
      const y = encode(recordParameters(t), channelsLast(flatten(x)), fields, geometry);
      const [T = 1, B = 1] = x.shape;
      const out = channelsSecond(y);
      return { y: reshape(out, [T, B, ...out.shape.slice(1)]) };
    }),

  decoder: (golden, tensors, weights, backend) =>
    runOn(backend, { ...weights, ...select(tensors, ["x"]) }, (t) => {
      const x = get(t, "x");
      const geometry = codecGeometry(golden, x.shape.slice(3).map((n) => n === 1));
      const fields = constant(Int32Array.from(golden.params.fields!), [golden.params.fields!.length], "i32");
      const whole = decode(recordParameters(t), channelsLast(flatten(x)), fields, geometry);
      const y = channelsSecond(asReleased(whole, geometry));
      const [T = 1, B = 1] = x.shape;
      return { y: reshape(y, [T, B, ...y.shape.slice(1)]) };
    }),

  frame: (golden, tensors, _, backend) => {
    const [T = 1, B = 1, , ...grid] = need(tensors, "x").shape;
    const shape = padAxes(grid, 3) as [number, number, number];
    const jitter = golden.params.jitter === true;
    const geometry = geometryOf(shape, golden.params.bcs!, jitter, golden.params.strides);
    const feeds: Record<string, Int32Array> = {};
    const types: Record<string, Type> = {};
    if (jitter) {
      for (const [name, type] of Object.entries(jitterSignature(geometry, 0))) types[`jitter/${name}`] = type;
      for (const [name, data] of jitterFeeds(geometry, { patch: golden.params.shift!, blocks: [] })) {
        feeds[name] = data;
      }
    }
    return runOn(
      backend,
      select(tensors, ["x", "back_in"]),
      (t) => {
        const inputs = jitter
          ? Object.fromEntries(Object.keys(types).map((name) => [name.slice(7), get(t, name)]))
          : null;
        const open = (name: string) => channelsLast(flatten(get(t, name)));
        const close = (y: Tensor) => {
          const out = channelsSecond(y);
          return reshape(out, [T, B, ...out.shape.slice(1)]);
        };
        return {
          framed: close(frame(open("x"), geometry, inputs)),
          back_out: close(unframe(open("back_in"), geometry, inputs)),
        };
      },
      feeds,
      types,
    );
  },

  revnorm: (golden, tensors, _, backend) =>
    runOn(backend, select(tensors, ["x", "y"]), (t) => {
      const open = (x: Tensor) => {
        const [T = 1, B = 1, C = 1, ...grid] = x.shape;
        return permute(reshape(x, [T, B, C, ...padAxes(grid, 3)]), [0, 1, 3, 4, 5, 2]);
      };
      const x = open(get(t, "x"));
      const s = windowStatistics(x, golden.params.mode ?? "rms", golden.params.eps ?? 1e-5);
      const close = (y: Tensor) => permute(y, [0, 1, 5, 2, 3, 4]);
      const last = sliceAxis(x, 0, -1, 1);
      return {
        mean: close(s.mean),
        std: close(s.std),
        delta_mean: close(s.deltaMean),
        delta_std: close(s.deltaStd),
        normalised: close(normalize(x, s)),
        next: close(add(last, denormalizeDelta(open(get(t, "y")), s))),
      };
    }),

  resample: (_, tensors, __, backend) =>
    runOn(backend, select(tensors, ["x"]), (t) => {
      const x = get(t, "x");
      const flat = channelsLast(flatten(x));
      const y64 = resample(flat, 64);
      return { y64: channelsSecond(y64), y66: channelsSecond(resample(y64, 66)) };
    }),

  align_fields: (golden, tensors) => {
    const results: Record<string, ArrayLike<number>> = {};
    for (const name of Object.keys(golden.inputs).filter((n) => n.startsWith("result."))) {
      const key = name.slice(7);
      const old = need(tensors, `old.${key}`);
      const fresh = need(tensors, `fresh.${key}`);
      results[name] = alignFields(
        key,
        old.shape,
        old.data,
        fresh.data,
        golden.params.old!,
        golden.params.new!,
      );
    }
    return Promise.resolve(results);
  },
};
