// A network of your own, with public names only: attention, a loss, a gradient and a training loop in one program.
//
//   deno run examples/own_network.ts
//
// The task: points turn on a circle, each row of a batch at a speed of its own. Given the points so far, where is the
// next? No single point tells; two do, so the network has to attend to the past.

import { type Device, type DeviceBuffer, wasm } from "walrus/devices";
import { attention, compile, grad, type Graph, type Tensor, tensor, trace, type Type } from "walrus/ir";
import { linear, type Parameters, recordParameters, swiglu } from "walrus/nn";
import { adamw, adamwRates, randomSource, ratesType } from "walrus/train";

const { add, constant, mean, mul, reshape, sub } = tensor;

/** Rows of a batch, points of a row, width of a token. */
const [B, T, E] = [16, 8, 16];

// 1. Weights are tensors by name. A type is a number type and a shape; shapes are written outermost axis first.
const f32 = (...shape: number[]): Type => ({ dtype: "f32", shape });
const weights: Record<string, Type> = {
  embed: f32(E, 2),
  place: f32(T, E),
  query: f32(E, E),
  key: f32(E, E),
  value: f32(E, E),
  gate: f32(4 * E, E),
  down: f32(E, 2 * E),
  predict: f32(2, E),
};
const names = Object.keys(weights);

// 2. The network is a function of tensors. Nothing is computed here: calling it writes a graph.
function network(parameters: Parameters, points: Tensor): Tensor {
  const dense = (x: Tensor, name: string) => linear(parameters, "bti,oi->bto", x, name, weights[name]!.shape);
  // Masked scores are large and negative, not infinite: point t sees points 0 .. t.
  const future = Float32Array.from({ length: T * T }, (_, i) => i % T > Math.floor(i / T) ? -1e30 : 0);
  const bias = tensor.broadcastTo(constant(future, [T, T]), [B, T, T]);
  let h = add(dense(points, "embed"), parameters("place")); // [B, T, E]
  h = add(h, attention(dense(h, "query"), dense(h, "key"), dense(h, "value"), 1 / Math.sqrt(E), bias));
  h = add(h, dense(swiglu(dense(h, "gate")), "down"));
  return add(points, dense(h, "predict"));
}

// 3. A training step is one graph: loss, gradients, optimiser. An output that has the name of an input replaces it, so
// weights and moments are changed where they lie.
function trainingStep(): Graph {
  const signature = {
    points: f32(B, T, 2),
    next: f32(B, T, 2),
    rates: ratesType(names.length),
    params: weights,
    mean: weights,
    square: weights,
  };
  return trace(signature, (inputs) => {
    const { points, next, rates, ...state } = inputs;
    const error = sub(network(recordParameters(state.params), points), next);
    const loss = reshape(mean(mul(error, error), [0, 1, 2]), []);
    const gradients = grad(loss, state.params);
    const updated = {
      params: {} as Record<string, Tensor>,
      mean: { ...state.mean },
      square: { ...state.square },
    };
    names.forEach((name, row) => {
      const before = { weight: state.params[name]!, mean: state.mean[name]!, square: state.square[name]! };
      const after = adamw(before, gradients[name]!, rates, row);
      [updated.params[name], updated.mean[name], updated.square[name]] = [
        after.weight,
        after.mean,
        after.square,
      ];
    });
    return { loss, ...updated };
  });
}

/** Numbers of a batch; the same seed and step give the same everywhere. */
function batch(seed: number, step: number): { points: Float32Array; next: Float32Array } {
  const draws = randomSource(seed, step).uniform("order", 2 * B);
  const at = (b: number, t: number) => 2 * Math.PI * draws[2 * b]! + t * (0.3 + draws[2 * b + 1]!);
  const rows = (later: number) =>
    Float32Array.from({ length: B * T * 2 }, (_, i) => {
      const angle = at(Math.floor(i / (2 * T)), Math.floor(i / 2) % T + later);
      return i % 2 ? Math.sin(angle) : Math.cos(angle);
    });
  return { points: rows(0), next: rows(1) };
}

/** Weights and moments on a device, by the names of the step's inputs. Memory starts as zeros. */
async function startState(device: Device, stack: DisposableStack): Promise<Record<string, DeviceBuffer>> {
  const state: Record<string, DeviceBuffer> = {};
  for (const [i, name] of names.entries()) {
    const [out = 1, width = 1] = weights[name]!.shape;
    for (const path of ["params", "mean", "square"]) {
      state[`${path}/${name}`] = stack.use(
        device.createBuffer("f32", out * width, { label: `${path}/${name}` }),
      );
    }
    const draws = randomSource(0, i).uniform("weights", out * width);
    await state[`params/${name}`]!.write(Float32Array.from(draws, (u) => (2 * u - 1) / Math.sqrt(width)));
  }
  return state;
}

/** 4. Trains the network and returns the loss of every step. */
export async function train(steps: number, print: (line: string) => void = () => {}): Promise<number[]> {
  using device = await wasm();
  using program = await compile(device, trainingStep()); // once; runs are cheap
  using stack = new DisposableStack();
  const state = await startState(device, stack);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const rates = adamwRates(2e-2, names.map(() => step));
    const { loss } = await program.run({ ...batch(1, step), rates, ...state });
    losses.push(loss![0]!);
    if (step === 1 || step % 50 === 0) print(`step ${step}: loss ${loss![0]!.toExponential(2)}`);
  }
  return losses;
}

if (import.meta.main) await train(300, console.log);
