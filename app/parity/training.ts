// Section D: training runs over several micro-batches of different grids, step after step as the trainer does them.

import { adamwRates, RELEASED_ADAMW } from "../../lib/train/adamw.ts";
import { inverseSquareRootRate } from "../../lib/train/schedule.ts";
import type { TrainingSettings } from "../../lib/train/settings.ts";
import { accumulateStep, trainedNames, updateStep, wholeStep } from "../../lib/train/step.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import type { Graph } from "../../lib/ir/trace.ts";
import { configOf, type GoldenBatch, type GoldenCase } from "./golden.ts";
import { framesFirst, goldenShape } from "./models.ts";
import { type Check, need, type Tensors } from "./modules.ts";
import type { Backend, Feeds, Runnable } from "./run.ts";

/** State of a run by input name: weights, moments, sums of gradients. */
class State {
  readonly #values = new Map<string, Float32Array>();
  readonly #counts = new Map<string, number>();

  constructor(weights: Tensors) {
    for (const [name, { data }] of Object.entries(weights)) this.#values.set(`params/${name}`, data);
  }

  get(name: string): Float32Array {
    return this.#values.get(name)!;
  }

  /** Numbers of those inputs of a graph that are state; moments and sums start at 0. */
  feeds(graph: Graph): Record<string, Float32Array> {
    const names = [...graph.inputs.keys()].filter((name) => /^(?:params|mean|square|sum)\//.test(name));
    return Object.fromEntries(names.map((name) => {
      const weight = this.get(name.replace(/^[a-z]+/, "params"));
      return [name, this.#values.get(name) ?? new Float32Array(weight.length)];
    }));
  }

  /** Optimiser steps of tensors, the one about to be done included. */
  count(names: readonly string[]): number[] {
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return names.map((name) => this.#counts.get(name)!);
  }

  keep(graph: Graph, results: Readonly<Record<string, ArrayLike<number>>>): void {
    for (const [name, values] of Object.entries(results)) {
      if (graph.inputs.has(name)) this.#values.set(name, Float32Array.from(values));
    }
  }
}

interface PreparedBatch {
  readonly graph: Graph;
  readonly runnable: Runnable;
  readonly feeds: Feeds;
}

/** Makes the program and the inputs of micro-batch `index`. */
async function prepare(
  golden: GoldenCase,
  tensors: Tensors,
  settings: TrainingSettings,
  index: number,
  backend: Backend,
): Promise<PreparedBatch> {
  const batch: GoldenBatch = golden.params.batches![index]!;
  const get = (name: string) => need(tensors, `batch${index}.${name}`);
  const model = walrusModel(configOf(golden));
  const input = get("input");
  const { multiplier = 100, minimum_context: minimumContext = 1 } = golden.params;
  const training = {
    pathDrop: false,
    fieldDrop: false,
    parts: settings.accumulate,
    loss: { multiplier, minimumContext },
  };
  const constant = tensors[`batch${index}.constant`];
  const shape = { ...goldenShape({ bcs: batch.bcs }, input, constant, false), training };
  const build = settings.accumulate === 1 ? wholeStep : accumulateStep;
  const graph = build(model, shape, settings, (name) => model.parameters.get(name)!.use === "trained");
  const { samples: B, frames: T } = shape;
  return {
    graph,
    runnable: await backend.prepare(graph),
    feeds: {
      "state/window": framesFirst(input.data, B, T),
      target: framesFirst(get("output").data, B, 1),
      fields: Int32Array.from(batch.fields),
      mask: get("mask").data,
      ...(constant ? { constants: constant.data } : {}),
    },
  };
}

/** Final tensors by the case's names, without the entries that it does not store. */
function finalTensors(golden: GoldenCase, state: State): Record<string, ArrayLike<number>> {
  const outputs: Record<string, ArrayLike<number>> = {};
  for (const output of Object.keys(golden.outputs)) {
    const name = output.slice("final.".length);
    const cut = Object.entries(golden.left_out ?? {}).find(([end]) => name.endsWith(end))?.[1];
    const values = state.get(`params/${name}`);
    outputs[output] = cut ? values.filter((_, i) => i < cut[0] || i >= cut[1]) : values;
  }
  return outputs;
}

const run: Check = async (golden, tensors, weights, backend) => {
  const { params } = golden;
  const accumulate = params.accumulate ?? 1;
  const [beta1, beta2] = params.betas ?? [RELEASED_ADAMW.beta1, RELEASED_ADAMW.beta2];
  const settings: TrainingSettings = {
    loss: {},
    adamw: { beta1, beta2, epsilon: params.eps!, weightDecay: params.weight_decay! },
    clip: params.clip!,
    accumulate,
    rematEvery: 0,
    weights: "f32",
    lora: null,
  };
  using stack = new DisposableStack();
  const batches: PreparedBatch[] = [];
  for (const index of params.batches!.keys()) {
    const prepared = await prepare(golden, tensors, settings, index, backend);
    stack.use(prepared.runnable);
    batches.push(prepared);
  }
  const model = walrusModel(configOf(golden));
  const state = new State(weights);
  const updates = new Map<string, { graph: Graph; runnable: Runnable }>();
  const [losses, norms, rates]: [number[], number[], number[]] = [[], [], []];
  for (let step = 0; step < params.steps!; step++) {
    const rate = inverseSquareRootRate({
      base: params.lr!,
      total: params.steps!,
      warmup: params.warmup!,
      cooldown: params.cooldown!,
      firstFactor: 0.1,
    }, step);
    rates.push(rate);
    const ratesFor = (names: readonly string[]) => adamwRates(rate, state.count(names), settings.adamw);
    let loss = 0;
    const touched = new Map<string, readonly number[]>();
    for (let part = 0; part < accumulate; part++) {
      const { graph, runnable, feeds } = batches[(step * accumulate + part) % batches.length]!;
      const names = trainedNames(graph);
      for (const name of names) touched.set(name, graph.inputs.get(`params/${name}`)!.shape);
      const results = await runnable.run({
        ...feeds,
        ...state.feeds(graph),
        ...(accumulate === 1 ? { rates: ratesFor(names) } : {}),
      });
      state.keep(graph, results);
      loss += results.loss![0]!;
      if (accumulate === 1) norms.push(results.norm![0]!);
    }
    losses.push(loss);
    if (accumulate === 1) continue;
    const key = [...touched.keys()].join();
    let update = updates.get(key);
    if (!update) {
      const graph = updateStep(model, touched, settings);
      update = { graph, runnable: stack.use(await backend.prepare(graph)) };
      updates.set(key, update);
    }
    const rows = trainedNames(update.graph);
    const results = await update.runnable.run({ ...state.feeds(update.graph), rates: ratesFor(rows) });
    state.keep(update.graph, results);
    norms.push(results.norm![0]!);
  }
  return { ...finalTensors(golden, state), losses, grad_norms: norms, learning_rates: rates };
};

/** Section D by kind. */
export const training: Readonly<Record<string, Check>> = { training: run };
