// From a traced graph to something a device runs: passes, program, and a callable that moves numbers across.

import { expandFused } from "../ir/expand.ts";
import type { Fused } from "../ir/node.ts";
import { fused } from "../ir/fused/mod.ts";
import type { Graph } from "../ir/trace.ts";
import { type HostArray, sizeOf, type Type } from "../ir/types.ts";
import { fuse } from "./fuse.ts";
import { lower, outputSlotName } from "./lower.ts";
import type { Buffer, Device, Executable, Program, RunReport } from "./program.ts";
import { simplify } from "./simplify.ts";
import { updatedNames } from "./update.ts";

/** A pass by name, for printing and checking what each one leaves. */
export type PassObserver = (pass: string, graph: Graph) => void;

/**
 * Runs all passes over a graph.
 *
 * @param graph as traced
 * @param device whose kernels decide which fused ops are expanded
 * @param observe called with the graph after each pass
 * @returns a graph whose nodes are steps and views
 */
export function optimize(graph: Graph, device: Pick<Device, "kernels">, observe?: PassObserver): Graph {
  const kept = new Set((Object.keys(fused) as Fused[]).filter((op) => device.kernels.has(op)));
  const passes: [string, (g: Graph) => Graph][] = [
    ["expand", (g) => expandFused(g, kept)],
    ["simplify", simplify],
    ["fuse", (g) => fuse(g)],
  ];
  observe?.("trace", graph);
  return passes.reduce((g, [name, pass]) => {
    const result = pass(g);
    observe?.(name, result);
    return result;
  }, graph);
}

/**
 * The program of a graph. Steps keep the order in which the graph was traced: what is written close together runs close
 * together, and gradients of weights follow the cotangents they are made of, so that neither has to be kept.
 *
 * @param graph as traced
 * @param device whose kernels decide which fused ops are expanded
 * @param observe called with the graph after each pass
 */
export function compileGraph(graph: Graph, device: Pick<Device, "kernels">, observe?: PassObserver): Program {
  return lower(optimize(graph, device, observe));
}

/** Numbers or device memory for an input. */
export type Feed = HostArray | Buffer;

function isBuffer(feed: Feed): feed is Buffer {
  return "read" in feed;
}

/** A compiled function: its program on a device, and memory for inputs and outputs that callers give as numbers. */
export class Compiled {
  /** As traced. */
  readonly graph: Graph;
  readonly #device: Device;
  readonly #executable: Executable;
  readonly #own = new Map<string, Buffer>();
  readonly #kept: ReadonlyMap<string, Buffer>;
  readonly #updated: ReadonlySet<string>;
  /** What the last run cost. */
  report: RunReport = { milliseconds: 0 };

  /** Made by `compile`. */
  constructor(device: Device, graph: Graph, executable: Executable, kept: ReadonlyMap<string, Buffer>) {
    this.#device = device;
    this.graph = graph;
    this.#executable = executable;
    this.#kept = kept;
    this.#updated = updatedNames(graph);
  }

  /** Steps, slots and planned memory. */
  get program(): Program {
    return this.#executable.program;
  }

  #buffer(name: string, type: Type): Buffer {
    let buffer = this.#own.get(name);
    if (!buffer) {
      buffer = this.#device.createBuffer(type.dtype, sizeOf(type.shape), name);
      this.#own.set(name, buffer);
    }
    return buffer;
  }

  /**
   * Runs once.
   *
   * @param feeds every input by name, less those that are kept: numbers in C order, or a buffer of the same device.
   *   Numbers are copied in; an input that was fed numbers before may be left out and keeps them. An input that an
   *   output of the same name and type replaces is overwritten
   * @returns every output by name, except those that replaced a buffer that was fed: they are there
   * @throws RangeError when an input is missing or has the wrong length
   */
  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, HostArray>> {
    const bindings = new Map<string, Buffer>();
    for (const [name, input] of this.graph.inputs) {
      const kept = this.#kept.get(name);
      if (kept) {
        bindings.set(name, kept);
        continue;
      }
      const feed = feeds[name];
      const size = sizeOf(input.shape);
      if (feed && feed.length !== size) {
        throw new RangeError(`Cannot run: input "${name}" got ${feed.length} numbers, wanted ${size}`);
      }
      if (!feed && !this.#own.has(`in ${name}`)) {
        throw new RangeError(`Cannot run: input "${name}" got no numbers, wanted ${size}`);
      }
      if (feed && isBuffer(feed)) bindings.set(name, feed);
      else {
        const buffer = this.#buffer(`in ${name}`, input);
        if (feed) buffer.write(feed);
        bindings.set(name, buffer);
      }
    }
    for (const name of Object.keys(feeds)) {
      if (!this.graph.inputs.has(name) || this.#kept.has(name)) {
        throw new RangeError(`Cannot run: there is no input "${name}"`);
      }
    }
    const outputs = new Map<string, Buffer>();
    for (const [name, node] of this.graph.outputs) {
      if (this.#updated.has(name)) {
        const own = this.#own.get(`in ${name}`);
        if (own && bindings.get(name) === own) outputs.set(name, own);
        continue;
      }
      const buffer = this.#buffer(`out ${name}`, node);
      outputs.set(name, buffer);
      bindings.set(outputSlotName(name), buffer);
    }
    this.report = await this.#executable.run(bindings);
    const results: Record<string, HostArray> = {};
    for (const [name, buffer] of outputs) results[name] = await buffer.read();
    return results;
  }

  /** Lets go of what it holds. */
  [Symbol.dispose](): void {
    this.#executable[Symbol.dispose]();
    for (const buffer of [...this.#own.values(), ...this.#kept.values()]) buffer[Symbol.dispose]();
    this.#own.clear();
  }
}

/**
 * Compiles a graph for a device.
 *
 * @param device where it will run
 * @param graph as traced
 * @param program its program, when the caller has made it already
 * @param kept memory for inputs that are not fed; becomes the compiled function's own
 */
export async function compile(
  device: Device,
  graph: Graph,
  program: Program = compileGraph(graph, device),
  kept: ReadonlyMap<string, Buffer> = new Map(),
): Promise<Compiled> {
  using made = new DisposableStack();
  for (const buffer of kept.values()) made.use(buffer);
  const executable = await device.load(program);
  made.move();
  return new Compiled(device, graph, executable, kept);
}

/**
 * Runs a program once; its outputs stay on the device.
 *
 * @param device where it runs
 * @param graph whose program it is
 * @param program of the graph
 * @param inputs memory of the graph's inputs, and maybe of others, by name
 * @returns memory of the outputs by name, the caller's from now on
 */
export async function computeOnce(
  device: Device,
  graph: Graph,
  program: Program,
  inputs: ReadonlyMap<string, Buffer>,
): Promise<Map<string, Buffer>> {
  if (graph.outputs.size === 0) return new Map();
  using made = new DisposableStack();
  const outputs = new Map<string, Buffer>();
  for (const [name, { dtype, shape }] of graph.outputs) {
    outputs.set(name, made.use(device.createBuffer(dtype, sizeOf(shape), name)));
  }
  using executable = await device.load(program);
  await executable.run(
    new Map([...inputs, ...[...outputs].map(([name, buffer]) => [outputSlotName(name), buffer] as const)]),
  );
  made.move();
  return outputs;
}
