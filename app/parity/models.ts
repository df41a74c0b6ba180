// Sections B, C, E and F: whole models, gradients, rollouts and checkpoints.

import { quantizeRows } from "../../lib/weights/read.ts";
import { grad } from "../../lib/autodiff/grad.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { narrowToHalf } from "../../lib/io/numbers.ts";
import { add, mul, permute, reshape, sliceAxis, sqrt, sum } from "../../lib/ir/tensor.ts";
import { trace, type Tree } from "../../lib/ir/trace.ts";
import { at, type HostArray, sizeOf, type Type } from "../../lib/ir/types.ts";
import { trainingLoss } from "../../lib/models/walrus/loss.ts";
import type { WalrusConfig } from "../../lib/models/walrus/config.ts";
import {
  chooseStrides,
  type Geometry,
  geometryOf,
  jitterFeeds,
  RELEASED_STRIDES,
  type Shifts,
} from "../../lib/models/walrus/geometry.ts";
import { jitterSignature, type ModelOptions, walrus } from "../../lib/models/walrus/model.ts";
import { isBlockMatrix, mayBeHalf, scaleName } from "../../lib/models/walrus/parameters.ts";
import { RESAMPLED } from "../../lib/models/walrus/resample.ts";
import { recordParameters } from "../../lib/nn/parameters.ts";
import { forecastStep, type StepInputs, stepSignature } from "../../lib/models/walrus/step.ts";
import { configOf, type GoldenCase, type GoldenShifts } from "./golden.ts";
import { type Check, feedsFor, need, padAxes, type Tensors } from "./modules.ts";
import { type ModelWeights, runOnce } from "./run.ts";

type Triple = [number, number, number];

function one(shifts: GoldenCase["params"]["shifts"]): Shifts | null {
  return shifts && !Array.isArray(shifts) ? shifts as GoldenShifts : null;
}

/** Geometry of a case's grid. */
export function goldenGeometry(
  params: Pick<GoldenCase["params"], "dataset" | "bcs">,
  points: Triple,
  jitter: boolean,
): Geometry {
  const resampled = RESAMPLED[params.dataset ?? ""];
  const used: Triple = resampled && points[2] === resampled[0]
    ? [points[0], points[1], resampled[1]]
    : points;
  const strides = chooseStrides(used, RELEASED_STRIDES);
  return geometryOf(used, params.bcs ?? [], jitter, strides);
}

function fieldsFeed(golden: GoldenCase): Int32Array {
  return Int32Array.from(golden.params.fields ?? []);
}

/** Drop factors as inputs: time `[T]` and space `[T, B]` of each block that has some. */
function pathKeep(golden: GoldenCase, T: number, B: number) {
  const types: Record<string, Type> = {};
  const feeds: Record<string, HostArray> = {};
  golden.params.path_keep?.forEach((pair, b) => {
    if (!pair) return;
    types[`time${b}`] = { dtype: "f32", shape: [T] };
    types[`space${b}`] = { dtype: "f32", shape: [T, B] };
    feeds[`keep/time${b}`] = Float32Array.from(pair[0]);
    feeds[`keep/space${b}`] = Float32Array.from(pair[1]);
  });
  const options = (t: Readonly<Record<string, Tensor>>): NonNullable<ModelOptions["pathKeep"]> =>
    (golden.params.path_keep ?? []).map((pair, b) => {
      const [time, space] = [t[`time${b}`], t[`space${b}`]];
      return pair && time && space ? { time, space } : undefined;
    });
  return { types, feeds, options };
}

/** Every eighth channel of tokens `[T, B, x, y, z, h]`, channels third, as the golden taps. */
function tapped(tokens: Tensor): Tensor {
  const [T = 1, B = 1, x = 1, y = 1, z = 1, h = 1] = tokens.shape;
  const grouped = reshape(tokens, [T, B, x, y, z, h / 8, 8]);
  const first = permute(grouped, [6, 0, 1, 5, 2, 3, 4]);
  return reshape(sliceAxis(first, 0, 0, 1), [T, B, h / 8, x, y, z]);
}

/** Parameters as a device keeps them with this storage of matrices. */
function stored(
  { types, feeds }: ReturnType<typeof feedsFor>,
  weights: ModelWeights,
): { types: Record<string, Type>; feeds: Record<string, HostArray> } {
  const kept: Record<string, Type> = { ...types };
  const numbers: Record<string, HostArray> = { ...feeds };
  if (weights === "f32") return { types: kept, feeds: numbers };
  for (const [name, { shape }] of Object.entries(types)) {
    if (weights !== "f16" && isBlockMatrix(name)) {
      const rows = at(shape, 0);
      const { values, scales } = quantizeRows(feeds[`params/${name}`]!, sizeOf(shape) / rows);
      kept[name] = { dtype: "i8", shape };
      kept[scaleName(name)] = { dtype: "f32", shape: [rows] };
      numbers[`params/${name}`] = values;
      numbers[`params/${scaleName(name)}`] = scales;
    } else if (mayBeHalf(name)) {
      kept[name] = { dtype: "f16", shape };
      numbers[`params/${name}`] = narrowToHalf(feeds[`params/${name}`]!);
    }
  }
  return { types: kept, feeds: numbers };
}

/** Runs the network of a case with given weights; `outputs` are named y and tap.*. */
export async function forward(
  golden: GoldenCase,
  x: Tensors[string],
  weights: Tensors,
  backend: Parameters<Check>[3],
) {
  const config = configOf(golden);
  const [T = 1, B = 1, C = 1, X = 1, Y = 1, Z = 1] = padAxes(x.shape, 6);
  const shifts = one(golden.params.shifts);
  const geometry = goldenGeometry(golden.params, [X, Y, Z], shifts !== null);
  const params = stored(feedsFor(weights, "params/"), backend.weights ?? "f32");
  const keep = pathKeep(golden, T, B);
  const fieldKeep = golden.params.field_keep;
  const signature: Record<string, Tree<Type>> = {
    params: params.types,
    x: { dtype: "f32", shape: [T, B, C, X, Y, Z] },
    fields: { dtype: "i32", shape: [C] },
    keep: keep.types,
  };
  if (shifts) signature.jitter = jitterSignature(geometry, config.blocks);
  if (fieldKeep) signature.fieldKeep = { dtype: "f32", shape: [B, C] };
  const taps = Object.keys(golden.outputs).filter((name) => name.startsWith("tap."));
  const graph = trace(signature, (inputs) => {
    const t = inputs as unknown as {
      params: Record<string, Tensor>;
      x: Tensor;
      fields: Tensor;
      keep: Record<string, Tensor>;
      jitter?: Record<string, Tensor>;
      fieldKeep?: Tensor;
    };
    const outputs: Record<string, Tensor> = {};
    const y = walrus(
      recordParameters(t.params),
      permute(t.x, [0, 1, 3, 4, 5, 2]),
      t.fields,
      config,
      geometry,
      {
        jitter: t.jitter ?? null,
        pathKeep: keep.options(t.keep),
        ...(t.fieldKeep ? { fieldKeep: t.fieldKeep } : {}),
        ...(taps.length > 0
          ? {
            tap: (name: string, tokens: Tensor) => {
              if (taps.includes(`tap.${name}`)) outputs[`tap.${name}`] = tapped(tokens);
            },
          }
          : {}),
      },
    );
    outputs.y = permute(y, [0, 1, 5, 2, 3, 4]);
    return outputs;
  });
  return await runOnce(backend, graph, {
    ...params.feeds,
    ...keep.feeds,
    x: x.data,
    fields: fieldsFeed(golden),
    ...(shifts ? Object.fromEntries(jitterFeeds(geometry, shifts)) : {}),
    ...(fieldKeep ? { fieldKeep: Float32Array.from(fieldKeep.flat()) } : {}),
  });
}

/** Step inputs of a batch in the loader's layout `[B, T, grid, C]`. */
function batchOf(golden: GoldenCase, tensors: Tensors, config: WalrusConfig, jitter: boolean) {
  const input = need(tensors, "input");
  const [B = 1, T = 1, ...rest] = input.shape;
  const C = rest.at(-1) ?? 1;
  const points = padAxes(rest.slice(0, -1), 3) as Triple;
  const geometry = goldenGeometry(golden.params, points, jitter);
  const constant = tensors.constant;
  const constants = constant ? constant.shape.at(-1)! : 0;
  const shape = { frames: T, samples: B, points, channels: C, constants, hidden: false, jitter };
  const signature = stepSignature(config, shape, geometry) as Record<string, Tree<Type>>;
  return { B, T, C, points, geometry, signature, constant, input };
}

/** `[B, T, ..]` to `[T, B, ..]` on the host. */
export function framesFirst(data: Float32Array, B: number, T: number): Float32Array {
  const size = data.length / (B * T);
  const out = new Float32Array(data.length);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      out.set(data.subarray((b * T + t) * size, (b * T + t + 1) * size), (t * B + b) * size);
    }
  }
  return out;
}

/** Weights a graph takes: those of the data's dimensionality. */
export function weightFeeds(
  weights: Tensors,
  signature: Record<string, Tree<Type>>,
): Record<string, Float32Array> {
  const names = Object.keys(signature.params as Record<string, Type>);
  return Object.fromEntries(names.map((name) => [`params/${name}`, need(weights, name).data]));
}

const gradient: Check = async (golden, tensors, weights, backend) => {
  const config = configOf(golden);
  const shifts = one(golden.params.shifts);
  const { B, T, C, points, geometry, signature, constant, input } = batchOf(
    golden,
    tensors,
    config,
    !!shifts,
  );
  const output = need(tensors, "output");
  const keep = pathKeep(golden, T, B);
  const full: Record<string, Tree<Type>> = {
    ...signature,
    target: { dtype: "f32", shape: [1, B, ...points, C] },
    keep: keep.types,
  };
  const graph = trace(full, (inputs) => {
    const t = inputs as unknown as StepInputs & { target: Tensor; keep: Record<string, Tensor> };
    const loss = trainingLoss(t, config, geometry, {
      multiplier: golden.params.multiplier ?? 100,
      minimumContext: golden.params.minimum_context ?? 1,
    }, { pathKeep: keep.options(t.keep) });
    const trained = Object.entries(t.params).filter(([name]) =>
      config.rotary !== "fixed" || !name.includes("rotary_emb.freqs")
    );
    const gradients = grad(loss, Object.fromEntries(trained));
    const squares = Object.values(gradients).map((g) => sum(mul(g, g), g.shape.map((_, i) => i)));
    const total = squares.map((s) => reshape(s, [1])).reduce((x, y) => add(x, y));
    const outputs: Record<string, Tensor> = { loss, grad_norm: reshape(sqrt(total), []) };
    for (const [name, g] of Object.entries(gradients)) outputs[`grad.${name}`] = g;
    return outputs;
  });
  return await runOnce(backend, graph, {
    ...weightFeeds(weights, signature),
    ...keep.feeds,
    window: framesFirst(input.data, B, T),
    target: framesFirst(output.data, B, 1),
    fields: fieldsFeed(golden),
    mask: need(tensors, "mask").data,
    ...(constant ? { constants: constant.data } : {}),
    ...(shifts ? Object.fromEntries(jitterFeeds(geometry, shifts)) : {}),
  });
};

const rollout: Check = async (golden, tensors, weights, backend) => {
  const config = configOf(golden);
  const all = golden.params.shifts as readonly GoldenShifts[] | undefined;
  const { B, T, geometry, signature, constant, input } = batchOf(golden, tensors, config, !!all);
  const graph = trace(
    signature,
    (inputs) => ({ next: forecastStep(inputs as unknown as StepInputs, config, geometry) }),
  );
  using runnable = await backend.prepare(graph);
  let window = framesFirst(input.data, B, T);
  const frameSize = window.length / T;
  const frames: Float32Array[] = [];
  const fixed = {
    ...weightFeeds(weights, signature),
    fields: fieldsFeed(golden),
    mask: need(tensors, "mask").data,
    ...(constant ? { constants: constant.data } : {}),
  };
  for (let step = 0; step < golden.params.steps!; step++) {
    const shifts = all?.[step];
    const results = await runnable.run({
      ...fixed,
      window,
      ...(shifts ? Object.fromEntries(jitterFeeds(geometry, shifts)) : {}),
    });
    const next = Float32Array.from(results.next!);
    frames.push(next);
    const moved = new Float32Array(window.length);
    moved.set(window.subarray(frameSize));
    moved.set(next, window.length - frameSize);
    window = moved;
  }
  // [steps, B, ..] to [B, steps, ..], as the golden tensor.
  const stacked = new Float32Array(frames.length * frameSize);
  frames.forEach((f, i) => stacked.set(f, i * frameSize));
  return { y: framesFirst(stacked, frames.length, B) };
};

/** Sections B to F by kind. */
export const models: Readonly<Record<string, Check>> = {
  model: (golden, tensors, weights, backend) => forward(golden, need(tensors, "x"), weights, backend),
  gradient,
  rollout,
};
