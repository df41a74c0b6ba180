// A network of your own, with public names only: attention, a loss, its gradient and a training loop.
//
//   deno run examples/own_network.ts
//
// The task: points turn on a circle, each row of a batch at a speed of its own. Given the points so far, where is the
// next? No single point tells; two do, so the network has to attend to the past.

import assert from "node:assert/strict";
import { type DeviceBuffer, wasm } from "walrus/devices";
import { attention, compile, grad, type Tensor, tensor, trace, type Type } from "walrus/ir";
import { linear, type Parameters, recordParameters, swiglu } from "walrus/nn";
import { adamw, adamwRates, type AdamWState, randomSource, ratesType } from "walrus/train";

const { add, broadcastTo, constant, mean, mul, reshape, sub } = tensor;

/** Rows of a batch, points of a row, width of a token. */
const [B, T, E] = [16, 8, 16];

// 1. Weights are tensors by name. A type is a number type and a shape, outermost axis first.
const f32 = (...shape: number[]): Type => ({ dtype: "f32", shape });
const weights: Record<string, Type> = {
  ...{ embed: f32(E, 2), place: f32(T, E), query: f32(E, E), key: f32(E, E), value: f32(E, E) },
  ...{ gate: f32(4 * E, E), down: f32(E, 2 * E), predict: f32(2, E) },
};
const names = Object.keys(weights);

// 2. The network is a function of tensors `[B, T, ..]`. It computes nothing: calling it writes a graph. Scores of points
// that lie ahead are large and negative, not infinite: point t sees points 0 .. t.
const ahead = Float32Array.from({ length: T * T }, (_, i) => i % T > Math.floor(i / T) ? -1e30 : 0);

function network(parameters: Parameters, points: Tensor): Tensor {
  const dense = (x: Tensor, name: string) => linear(parameters, "bti,oi->bto", x, name, weights[name]!.shape);
  let h = add(dense(points, "embed"), parameters("place"));
  const [q, k, v] = [dense(h, "query"), dense(h, "key"), dense(h, "value")];
  h = add(h, attention(q, k, v, 1 / Math.sqrt(E), broadcastTo(constant(ahead, [T, T]), [B, T, T])));
  h = add(h, dense(swiglu(dense(h, "gate")), "down"));
  return add(points, dense(h, "predict"));
}

// 3. A training step is one graph: loss, gradients, optimiser. An output that has the name of an input (`params/query`)
// replaces it, so weights and moments are changed where they lie.
const signature = {
  ...{ points: f32(B, T, 2), next: f32(B, T, 2), rates: ratesType(names.length) },
  ...{ params: weights, mean: weights, square: weights },
};
const step = trace(signature, (inputs) => {
  const { points, next, rates, params } = inputs;
  const error = sub(network(recordParameters(params), points), next);
  const loss = reshape(mean(mul(error, error), [0, 1, 2]), []);
  const gradients = grad(loss, params);
  const after = names.map((name, row) => {
    const before = { weight: params[name]!, mean: inputs.mean[name]!, square: inputs.square[name]! };
    return adamw(before, gradients[name]!, rates, row);
  });
  const all = (part: keyof AdamWState) => Object.fromEntries(names.map((name, i) => [name, after[i]![part]]));
  return { loss, params: all("weight"), mean: all("mean"), square: all("square") };
});

// 4. Data are drawn on the host: the same seed and position give the same numbers everywhere.
function batch(position: number): { points: Float32Array; next: Float32Array } {
  const draws = randomSource(1, position).uniform("order", 2 * B);
  const rows = (later: number) =>
    Float32Array.from({ length: B * T * 2 }, (_, i) => {
      const [row, time] = [Math.floor(i / (2 * T)), Math.floor(i / 2) % T + later];
      const angle = 2 * Math.PI * draws[2 * row]! + time * (0.3 + draws[2 * row + 1]!);
      return i % 2 ? Math.sin(angle) : Math.cos(angle);
    });
  return { points: rows(0), next: rows(1) };
}

// 5. Compiling is done once, runs are cheap. Weights and moments stay on the device, which starts them as zeros.
using device = await wasm();
using program = await compile(step, device);
using memory = new DisposableStack();
const state: Record<string, DeviceBuffer> = {};
for (const [i, name] of names.entries()) {
  const [out = 1, width = 1] = weights[name]!.shape;
  const buffers = ["params", "mean", "square"].map((part) => {
    const label = `${part}/${name}`;
    return state[label] = memory.use(device.createBuffer("f32", out * width, { label }));
  });
  const draws = randomSource(0, i).uniform("weights", out * width);
  await buffers[0]!.write(Float32Array.from(draws, (u) => (2 * u - 1) / Math.sqrt(width)));
}

const losses: number[] = [];
for (let count = 1; count <= 300; count++) {
  const rates = adamwRates(2e-2, names.map(() => count));
  const { loss } = await program.run({ ...batch(count), rates, ...state });
  losses.push(loss![0]!);
  if (count === 1 || count % 50 === 0) console.log(`step ${count}: loss ${loss![0]!.toExponential(2)}`);
}
assert.ok(losses[0]! > 0.3 && losses.at(-1)! < 0.02, `the loss fell from ${losses[0]} to ${losses.at(-1)}`);
