// From a traced graph to something a device runs: passes, program, and a callable that moves numbers across.

import { expandFused } from "../ir/expand.ts";
import type { Fused } from "../ir/node.ts";
import { fused } from "../ir/fused/mod.ts";
import type { Graph } from "../ir/trace.ts";
import { type HostArray, sizeOf } from "../ir/types.ts";
import { fuse } from "./fuse.ts";
import { lower, outputSlotName } from "./lower.ts";
import type { Device, DeviceBuffer, Executable, RunReport } from "./device.ts";
import type { Program } from "./program.ts";
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
export type Feed = HostArray | DeviceBuffer;

function isBuffer(feed: Feed): feed is DeviceBuffer {
  return "read" in feed;
}

/**
 * A compiled function: its program on a device, fed by the names of inputs. Calls may overlap: each run is a turn of
 * the device's queue, in the order of the calls.
 */
export class Compiled {
  /** As traced. */
  readonly graph: Graph;
  readonly #executable: Executable;
  readonly #kept: ReadonlyMap<string, DeviceBuffer>;
  readonly #updated: ReadonlySet<string>;
  /** What the run cost that ended last. */
  report: RunReport = { milliseconds: 0 };

  /** Made by `compile`. */
  constructor(graph: Graph, executable: Executable, kept: ReadonlyMap<string, DeviceBuffer>) {
    this.graph = graph;
    this.#executable = executable;
    this.#kept = kept;
    this.#updated = updatedNames(graph);
  }

  /** Steps, slots and planned memory. */
  get program(): Program {
    return this.#executable.program;
  }

  /**
   * Runs once.
   *
   * @param feeds every input by name, less those that are kept: numbers in C order, or a buffer of the same device.
   *   Numbers are taken when this is called; an input that was fed numbers before may be left out and keeps them. An
   *   input that an output of the same name and type replaces is overwritten
   * @param options `signal` ends the run: it rejects with the signal's reason
   * @returns every output by name, except those that replaced a buffer that was fed: they are there
   * @throws RangeError or TypeError when an input is missing or does not fit, DisposedError
   */
  async run(
    feeds: Readonly<Record<string, Feed>>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Record<string, HostArray>> {
    const buffers = new Map(this.#kept);
    const inputs: Record<string, HostArray> = {};
    for (const [name, feed] of Object.entries(feeds)) {
      const input = this.graph.inputs.get(name);
      if (!input || this.#kept.has(name)) throw new RangeError(`Cannot run: there is no input "${name}"`);
      if (feed.length !== sizeOf(input.shape)) {
        throw new RangeError(
          `Cannot run: input "${name}" got ${feed.length} numbers, wanted ${sizeOf(input.shape)}`,
        );
      }
      if (isBuffer(feed)) buffers.set(name, feed);
      else inputs[name] = feed;
    }
    const results = [...this.graph.outputs.keys()].flatMap((name) => {
      if (!this.#updated.has(name)) return [[name, outputSlotName(name)] as const];
      return buffers.has(name) ? [] : [[name, name] as const];
    });
    const read = results.map(([, slot]) => slot);
    const { outputs, report } = await this.#executable.run({ buffers, inputs, read, signal });
    this.report = report;
    return Object.fromEntries(results.map(([name, slot]) => [name, outputs[slot]!]));
  }

  /** Lets go of what it holds. */
  [Symbol.dispose](): void {
    this.#executable[Symbol.dispose]();
    for (const buffer of this.#kept.values()) buffer[Symbol.dispose]();
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
  kept: ReadonlyMap<string, DeviceBuffer> = new Map(),
): Promise<Compiled> {
  using made = new DisposableStack();
  for (const buffer of kept.values()) made.use(buffer);
  const executable = await device.load(program);
  made.move();
  return new Compiled(graph, executable, kept);
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
  inputs: ReadonlyMap<string, DeviceBuffer>,
): Promise<Map<string, DeviceBuffer>> {
  if (graph.outputs.size === 0) return new Map();
  using made = new DisposableStack();
  const outputs = new Map<string, DeviceBuffer>();
  for (const [name, { dtype, shape }] of graph.outputs) {
    outputs.set(name, made.use(device.createBuffer(dtype, sizeOf(shape), { label: name })));
  }
  using executable = await device.load(program);
  const results = [...outputs].map(([name, buffer]) => [outputSlotName(name), buffer] as const);
  await executable.run({ buffers: new Map([...inputs, ...results]), inputs: {}, read: [] });
  made.move();
  return outputs;
}
