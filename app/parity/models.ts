// Sections B, C, E and F: whole models, gradients, rollouts and checkpoints.

import { quantizeRows } from "../../lib/weights/quantize.ts";
import { grad } from "../../lib/autodiff/grad.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { narrowToHalf } from "../../lib/io/numbers.ts";
import { add, mul, permute, reshape, sliceAxis, sqrt, sum } from "../../lib/ir/tensor.ts";
import { type Graph, trace, type Tree } from "../../lib/ir/trace.ts";
import { at, type HostArray, sizeOf, type Type } from "../../lib/ir/types.ts";
import { type Geometry, geometryOf, jitterFeeds, type Shifts } from "../../lib/models/walrus/geometry.ts";
import { jitterSignature, type ModelOptions, walrus } from "../../lib/models/walrus/model.ts";
import { isBlockMatrix, mayBeFp16 } from "../../lib/models/walrus/parameters.ts";
import { RESAMPLED } from "../../lib/models/walrus/resample.ts";
import { gridOf, type WalrusShape } from "../../lib/models/walrus/shape.ts";
import { chooseStrides, RELEASED_STRIDES } from "../../lib/models/walrus/strides.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { inputParameters, recordParameters, scaleName } from "../../lib/nn/parameters.ts";
import { collectedParameters } from "../../lib/train/parameters.ts";
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
    } else if (mayBeFp16(name)) {
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

/** The shape of a batch in the loader's layout `[B, T, grid, C]`. */
export function goldenShape(
  params: Pick<GoldenCase["params"], "dataset" | "bcs">,
  input: Tensors[string],
  constant: Tensors[string] | undefined,
  jitter: boolean,
): WalrusShape {
  const [samples = 1, frames = 1, ...rest] = input.shape;
  const points = padAxes(rest.slice(0, -1), 3) as Triple;
  const resampled = RESAMPLED[params.dataset ?? ""];
  return {
    frames,
    samples,
    points,
    channels: rest.at(-1) ?? 1,
    constants: constant?.shape.at(-1) ?? 0,
    hidden: false,
    jitter,
    boundaries: (params.bcs ?? []) as WalrusShape["boundaries"],
    resampled: resampled && points[2] === resampled[0] ? resampled[1] : null,
    training: null,
  };
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

/** Numbers of the weights that a graph takes. */
export function weightFeeds(weights: Tensors, graph: Graph): Record<string, Float32Array> {
  const inputs = [...graph.inputs.keys()].filter((name) => name.startsWith("params/"));
  return Object.fromEntries(inputs.map((name) => [name, need(weights, name.slice(7)).data]));
}

/** Numbers that do not change from step to step. */
function fixedFeeds(golden: GoldenCase, tensors: Tensors): Record<string, HostArray> {
  return {
    fields: fieldsFeed(golden),
    mask: need(tensors, "mask").data,
    ...(tensors.constant ? { constants: tensors.constant.data } : {}),
  };
}

/** Drop factors of all blocks but the first; 1 where a case has none. */
function dropFeeds(golden: GoldenCase, { frames: T, samples: B }: WalrusShape): Record<string, HostArray> {
  const feeds: Record<string, HostArray> = {};
  golden.params.path_keep?.forEach((pair, b) => {
    if (b === 0) return;
    feeds[`pathKeep/time${b}`] = pair ? Float32Array.from(pair[0]) : new Float32Array(T).fill(1);
    feeds[`pathKeep/space${b}`] = pair ? Float32Array.from(pair[1]) : new Float32Array(T * B).fill(1);
  });
  return feeds;
}

const gradient: Check = async (golden, tensors, weights, backend) => {
  const model = walrusModel(configOf(golden));
  const shifts = one(golden.params.shifts);
  const { params } = golden;
  const input = need(tensors, "input");
  const loss = { multiplier: params.multiplier ?? 100, minimumContext: params.minimum_context ?? 1 };
  const training = { pathDrop: !!params.path_keep, fieldDrop: false, parts: 1, loss };
  const shape = { ...goldenShape(params, input, tensors.constant, !!shifts), training };
  const { parameters, collected } = collectedParameters(model, { lora: null, weights: "f32" });
  const graph = trace(model.loss.types(shape), (inputs) => {
    const { loss } = model.loss.trace(parameters, inputs, shape);
    const trained = Object.entries(collected()).filter(([name]) =>
      model.parameters.get(name)!.use === "trained"
    );
    const gradients = grad(loss!, Object.fromEntries(trained));
    const squares = Object.values(gradients).map((g) => sum(mul(g, g), g.shape.map((_, i) => i)));
    const total = squares.map((s) => reshape(s, [1])).reduce((x, y) => add(x, y));
    const outputs: Record<string, Tensor> = { loss: loss!, grad_norm: reshape(sqrt(total), []) };
    for (const [name, g] of Object.entries(gradients)) outputs[`grad.${name}`] = g;
    return outputs;
  });
  const { samples: B, frames: T } = shape;
  return await runOnce(backend, graph, {
    ...weightFeeds(weights, graph),
    ...dropFeeds(golden, shape),
    ...fixedFeeds(golden, tensors),
    "state/window": framesFirst(input.data, B, T),
    target: framesFirst(need(tensors, "output").data, B, 1),
    ...(shifts ? Object.fromEntries(jitterFeeds(gridOf(shape), shifts)) : {}),
  });
};

const rollout: Check = async (golden, tensors, weights, backend) => {
  const { forecast } = walrusModel(configOf(golden));
  const all = golden.params.shifts as readonly GoldenShifts[] | undefined;
  const input = need(tensors, "input");
  const shape = goldenShape(golden.params, input, tensors.constant, !!all);
  const parameters = inputParameters(walrusModel(configOf(golden)).parameters);
  const graph = trace(forecast.types(shape), (inputs) => forecast.trace(parameters, inputs, shape));
  using runnable = await backend.prepare(graph);
  const { samples: B, frames: T } = shape;
  let window = framesFirst(input.data, B, T);
  const frames: Float32Array[] = [];
  const fixed = { ...weightFeeds(weights, graph), ...fixedFeeds(golden, tensors) };
  for (let step = 0; step < golden.params.steps!; step++) {
    const shifts = all?.[step];
    const results = await runnable.run({
      ...fixed,
      "state/window": window,
      ...(shifts ? Object.fromEntries(jitterFeeds(gridOf(shape), shifts)) : {}),
    });
    frames.push(Float32Array.from(results.frames!));
    window = Float32Array.from(results["state/window"]!);
  }
  // [steps, B, ..] to [B, steps, ..], as the golden tensor.
  const size = frames[0]!.length;
  const stacked = new Float32Array(frames.length * size);
  frames.forEach((f, i) => stacked.set(f, i * size));
  return { y: framesFirst(stacked, frames.length, B) };
};

/** Sections B to F by kind. */
export const models: Readonly<Record<string, Check>> = {
  model: (golden, tensors, weights, backend) => forward(golden, need(tensors, "x"), weights, backend),
  gradient,
  rollout,
};
