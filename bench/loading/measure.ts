// Reads or loads a checkpoint once, in a process of its own: prints one JSON line.
//
// usage: measure.ts CHECKPOINT read|reread|keep|f32|f16|int8|int8-dot THREADS

import process from "node:process";
import { wasm, type WeightStorage } from "walrus";
import { WIDE_BYTES } from "walrus/devices";
import { openCheckpoint, openSource } from "walrus/io";
import { trace } from "walrus/ir";
import type { Device } from "../../lib/compile/device.ts";
import { plan } from "../../lib/compile/pipeline.ts";
import { modelOfCheckpoint } from "../../lib/forecast/open_model.ts";
import { readInto } from "../../lib/io/byte_source.ts";
import { RANGE_BYTES } from "../../lib/weights/loader.ts";
import { PARAMETER_PREFIX } from "../../lib/weights/storage.ts";
import { WeightStore } from "../../lib/weights/store.ts";
import { fullSample } from "../full/window.ts";

/** What one process found. */
export interface Taken {
  readonly milliseconds: number;
  /** Of all its threads. */
  readonly cpuMilliseconds: number;
  /** Of the file. */
  readonly bytes: number;
  /** Of the weights as they are kept; 0 where they are not. */
  readonly weightBytes: number;
  /** Resident before, and at the most. */
  readonly beforeBytes: number;
  readonly peakBytes: number;
}

function resident(what: "VmRSS" | "VmHWM"): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
}

/** Times a task; what it returns are bytes of weights. */
async function timed(bytes: number, task: () => Promise<number>): Promise<Taken> {
  const beforeBytes = resident("VmRSS");
  const [before, began] = [process.cpuUsage(), performance.now()];
  const weightBytes = await task();
  const milliseconds = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  const cpuMilliseconds = (user + system) / 1000;
  return { milliseconds, cpuMilliseconds, bytes, weightBytes, beforeBytes, peakBytes: resident("VmHWM") };
}

/** Reads a file range by range. */
async function read(checkpoint: string, kind: "read" | "reread" | "keep"): Promise<Taken> {
  using source = await openSource(checkpoint);
  const { size } = source;
  const pages = RANGE_BYTES / 65_536;
  const memory = () => new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const first = memory();
  const kept: WebAssembly.Memory[] = [];
  return await timed(size, async () => {
    for (let at = 0; at < size; at += RANGE_BYTES) {
      const length = Math.min(RANGE_BYTES, size - at);
      if (kind === "read") await source.read(at, length);
      else {
        const own = kind === "keep" ? memory() : first;
        if (kind === "keep") kept.push(own);
        await readInto(source, at, new Uint8Array(own.buffer as unknown as ArrayBuffer, 0, length));
      }
    }
    return kept.length > 0 ? size : 0;
  });
}

/** Rows of the matrices that a step of the full size reads whole. */
async function matricesOf(
  store: WeightStore,
  device: Device,
  { model }: Awaited<ReturnType<typeof modelOfCheckpoint>>,
): Promise<ReadonlyMap<string, number>> {
  const { info, times } = await fullSample();
  const shape = model.shape(info, { samples: 1, frames: times.length, draws: false });
  const { forecast } = model;
  const graph = trace(forecast.types(shape), (inputs) => forecast.trace(store.parameters, inputs, shape));
  const stationary = (input: string) => input.startsWith(PARAMETER_PREFIX);
  return plan(graph, device, { stationary, quantise: store.quantise }).matrices;
}

/** Loads all tensors of a checkpoint. */
async function load(path: string, storage: WeightStorage, threads: number): Promise<Taken> {
  const { size } = await Deno.stat(path);
  using device = await wasm({ threads, maximumBytes: WIDE_BYTES });
  const found = await modelOfCheckpoint(await openCheckpoint(path), path, {});
  using store = new WeightStore(device, found.checkpoint, found.model.parameters, { storage });
  const matrices = await matricesOf(store, device, found);
  const names = [...found.model.parameters.keys()].map((name) => PARAMETER_PREFIX + name);
  const before = device.usedBytes;
  return await timed(size, async () => {
    await store.buffers(device, names, matrices);
    return device.usedBytes - before;
  });
}

const [checkpoint = "", kind = "", threads = "2"] = Deno.args;
const taken = kind === "read" || kind === "reread" || kind === "keep"
  ? await read(checkpoint, kind)
  : await load(checkpoint, kind as WeightStorage, Number(threads));
console.log(JSON.stringify(taken));
