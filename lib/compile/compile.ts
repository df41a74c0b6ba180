// A graph on a device, as a callable that moves numbers across.

import type { Graph } from "../ir/trace.ts";
import { type HostArray, sizeOf } from "../ir/types.ts";
import type { Device, DeviceBuffer, Executable, RunReport } from "./device.ts";
import { outputSlotName } from "./lower.ts";
import { type CompileOptions, type Plan, plan } from "./pipeline.ts";
import type { Program } from "./program.ts";
import { updatedNames } from "./update.ts";

/** Numbers or device memory for an input. */
export type Feed = HostArray | DeviceBuffer;

function isBuffer(feed: Feed): feed is DeviceBuffer {
  return "read" in feed;
}

/**
 * A compiled function: its program on a device, its inputs bound by name. Calls may overlap: each run is a turn of
 * the device's queue, in the order of the calls.
 */
export class Compiled {
  /** What every run computes. */
  readonly graph: Graph;
  readonly #executable: Executable;
  readonly #updated: ReadonlySet<string>;
  /** What the run cost that ended last. */
  report: RunReport = { milliseconds: 0 };

  /** Made by `compile` and `loadPlan`. */
  constructor(graph: Graph, executable: Executable) {
    this.graph = graph;
    this.#executable = executable;
    this.#updated = updatedNames(graph);
  }

  /** Launches, slots and planned memory. */
  get program(): Program {
    return this.#executable.program;
  }

  /**
   * Runs once.
   *
   * @param feeds every input by name, less stationary ones: numbers in C order, or a buffer of the same device. Numbers
   * are taken when this is called; an input that was given numbers before may be left out and keeps them. An
   *   input that an output of the same name and type replaces is overwritten
   * @param options `signal` ends the run: it rejects with the signal's reason
   * @returns every output by name, except those that replaced a bound buffer: they are there
   * @throws RangeError or TypeError when an input is missing or does not fit, DisposedError
   */
  async run(
    feeds: Readonly<Record<string, Feed>>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Record<string, HostArray>> {
    const buffers = new Map<string, DeviceBuffer>();
    const inputs: Record<string, HostArray> = {};
    for (const [name, feed] of Object.entries(feeds)) {
      const input = this.graph.inputs.get(name);
      if (!input) throw new RangeError(`Cannot run: there is no input "${name}"`);
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
  }
}

/**
 * Makes a plan resident.
 *
 * @param planned what runs
 * @param device where
 * @param stationary memory of the stationary inputs by name, the caller's: bound until the function is disposed of, and
 *   not written meanwhile. Other names do no harm
 */
export async function loadPlan(
  planned: Plan,
  device: Device,
  stationary: ReadonlyMap<string, DeviceBuffer> = new Map(),
): Promise<Compiled> {
  return new Compiled(planned.main.graph, await device.load(planned, stationary));
}

/**
 * Compiles a graph for a device: plans it and makes it resident.
 *
 * @param graph as traced
 * @param device where it will run
 * @param options as for `plan`
 * @param stationary memory of the stationary inputs by name, as for `loadPlan`
 *
 * @example Twice a number
 * ```ts
 * import assert from "node:assert/strict";
 * import { wasm } from "../backend/wasm/device.ts";
 * import { mul } from "../ir/tensor.ts";
 * import { trace } from "../ir/trace.ts";
 * using device = await wasm({ threads: 1 });
 * using twice = await compile(trace({ x: { dtype: "f32", shape: [1] } }, ({ x }) => ({ y: mul(x, 2) })), device);
 * const calls = [1, 10].map((x) => twice.run({ x: Float32Array.of(x) }));
 * assert.deepEqual((await Promise.all(calls)).map(({ y }) => y![0]), [2, 20]);
 * ```
 */
export async function compile(
  graph: Graph,
  device: Device,
  options: CompileOptions = {},
  stationary: ReadonlyMap<string, DeviceBuffer> = new Map(),
): Promise<Compiled> {
  return await loadPlan(plan(graph, device, options), device, stationary);
}
