// The fixed workloads all peers run: matrix products and one spatial block of the released width, as graphs of this
// project. Assumes the folder that the peers' make_data.py wrote; guarantees the same data and results for everybody.

import {
  attention,
  type Graph,
  layerNorm,
  type Shape,
  type Tensor,
  tensor,
  trace,
  type Type,
} from "walrus/ir";
import { swiglu } from "walrus/nn";

const { add, contract, div, mean, mul, permute, reshape, sliceAxis, sqrt } = tensor;

/** A graph with its inputs and what must come out. */
export interface Workload {
  readonly graph: Graph;
  /** Numbers of every input by name; `x` is what changes from run to run. */
  readonly feeds: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
  /** `out` by a reference in double precision. */
  readonly expected: Float32Array<ArrayBuffer>;
  /** Multiplications and additions of one run in units of 10^9. */
  readonly gigaflops: number;
}

/** What shapes.json says. */
interface Shapes {
  readonly gemm: Readonly<Record<string, readonly [m: number, k: number, n: number]>>;
  readonly block: {
    readonly tokens: Readonly<Record<string, number>>;
    readonly H: number;
    readonly heads: number;
    readonly mlp: number;
    readonly groups: number;
    readonly shapes: Readonly<Record<string, readonly number[]>>;
  };
}

/** Reads a file of floats. */
async function floats(folder: string, name: string): Promise<Float32Array<ArrayBuffer>> {
  return new Float32Array((await Deno.readFile(`${folder}/data/${name}.bin`)).buffer);
}

/** `[k, n]` as `[n, k]`: the network stores its weights so. */
function transposed(data: Float32Array, [k = 1, n = 1]: Shape): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) out[j * k + i] = data[i * n + j]!;
  return out;
}

async function product(
  folder: string,
  name: string,
  shape: readonly [number, number, number],
): Promise<Workload> {
  const [m, k, n] = shape;
  const f32 = (...s: number[]): Type => ({ dtype: "f32", shape: s });
  const graph = trace(
    { x: f32(m, k), weight: f32(n, k) },
    ({ x, weight }) => ({ out: contract("mk,nk->mn", x, weight) }),
  );
  const feeds = {
    x: await floats(folder, `${name}.A`),
    weight: transposed(await floats(folder, `${name}.B`), [k, n]),
  };
  return { graph, feeds, expected: await floats(folder, `${name}.C`), gigaflops: 2e-9 * m * k * n };
}

/** Linear map of the last of two axes. */
function linear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  return add(contract("si,oi->so", x, weight), bias);
}

/** RMS norm of groups of channels, linear to MLP, q, k and v, attention of normalised heads beside a gated MLP. */
function spaceBlock(
  x: Tensor,
  get: (name: string) => Tensor,
  { heads, groups, mlp }: Shapes["block"],
): Tensor {
  const [tokens = 1, width = 1] = x.shape;
  const e = width / heads;
  const grouped = reshape(x, [tokens, groups, width / groups]);
  const deviation = sqrt(add(mean(mul(grouped, grouped), [2]), 1e-6));
  const y = mul(reshape(div(grouped, deviation), [tokens, width]), get("g"));
  const projected = linear(y, get("W1"), get("b1"));
  const part = (i: number) => reshape(sliceAxis(projected, 1, mlp + i * width, width), [1, tokens, heads, e]);
  const byHead = (t: Tensor) => permute(t, [0, 2, 1, 3]);
  const q = layerNorm(part(0), get("qg"), get("qb"), 1e-5);
  const k = layerNorm(part(1), get("kg"), get("kb"), 1e-5);
  const mixed = attention(byHead(q), byHead(k), byHead(part(2)), 1 / Math.sqrt(e));
  const attended = reshape(contract("base,oae->bso", mixed, reshape(get("Wo"), [width, heads, e])), [
    tokens,
    width,
  ]);
  const gated = swiglu(sliceAxis(projected, 1, 0, mlp));
  return add(x, add(linear(gated, get("W2"), get("b2")), attended));
}

async function block(folder: string, name: string, shapes: Shapes["block"]): Promise<Workload> {
  const { H, heads, mlp, tokens } = shapes;
  const T = tokens[name]!;
  const feeds: Record<string, Float32Array<ArrayBuffer>> = { x: await floats(folder, `${name}.x`) };
  const types: Record<string, Shape> = {};
  for (const [key, shape] of Object.entries(shapes.shapes)) {
    const data = await floats(folder, `block.${key}`);
    types[key] = [...shape].reverse();
    feeds[key] = shape.length === 2 ? transposed(data, shape) : data;
  }
  const signature: Record<string, Type> = { x: { dtype: "f32", shape: [T, H] } };
  for (const [key, shape] of Object.entries(types)) signature[key] = { dtype: "f32", shape };
  const graph = trace(signature, (inputs) => ({ out: spaceBlock(inputs.x!, (key) => inputs[key]!, shapes) }));
  const operations = 2 * T * (H * (mlp + 3 * H) + mlp / 2 * H + H * H) + 4 * T * T * (H / heads) * heads;
  return { graph, feeds, expected: await floats(folder, `${name}.y`), gigaflops: operations / 1e9 };
}

/**
 * Reads a workload.
 *
 * @param folder the peers' folder, with `data/` made
 * @param name one of the cases of its shapes.json
 * @throws RangeError when there is no such case
 */
export async function workload(folder: string, name: string): Promise<Workload> {
  const shapes = JSON.parse(await Deno.readTextFile(`${folder}/data/shapes.json`)) as Shapes;
  const shape = shapes.gemm[name];
  if (shape) return await product(folder, name, shape);
  if (name in shapes.block.tokens) return await block(folder, name, shapes.block);
  throw new RangeError(`There is no workload "${name}", wanted one of ${
    [
      ...Object.keys(shapes.gemm),
      ...Object.keys(shapes.block.tokens),
    ].join(", ")
  }`);
}
