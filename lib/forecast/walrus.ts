// A loaded model: configuration, weights on a device, compiled steps. Weights are read as they are first needed, so
// only the encoder and decoder of the data's dimensionality take memory.

import type { Device, DeviceBuffer } from "../compile/device.ts";
import type { Program } from "../compile/program.ts";
import { roundProducts } from "../compile/round_products.ts";
import type { Window } from "../data/window.ts";
import { type Checkpoint, openCheckpoint } from "../io/checkpoint.ts";
import type { SourceInput } from "../io/source.ts";
import { type Graph, signatureOf, trace } from "../ir/trace.ts";
import { at, BYTES, type DType, type Shape, sizeOf } from "../ir/types.ts";
import type { WalrusConfig } from "../walrus/config.ts";
import { checkDecodable, type Geometry, geometryOf } from "../walrus/geometry.ts";
import { isBlockMatrix, mayBeHalf, parameterShapes, scaleName } from "../walrus/parameters.ts";
import {
  type FirstInputs,
  firstSignature,
  firstStep,
  memorySignature,
  type NextInputs,
  nextSignature,
  nextStep,
} from "../walrus/recall.ts";
import { RESAMPLED } from "../walrus/resample.ts";
import { forecastStep, type StepInputs, type StepShape, stepSignature } from "../walrus/step.ts";
import { readConfig } from "./extended_config.ts";
import { weightPanels } from "./panels.ts";
import { placeStep, type PlannedStep, planStep } from "./plan.ts";
import { adaptToCheckpoint, checkWeights, streamQuantized, streamWeight } from "./weights.ts";
import {
  type ForecastModel,
  type Frame,
  type MemoryNeed,
  type PreparedRecall,
  type PreparedStep,
  rollout,
  type RolloutOptions,
} from "./rollout.ts";

/** Storage of matrices on a device. */
export type WeightStorage = "stored" | "f16" | "f32" | "int8" | "int8-dot";

/** How a model is loaded. */
export interface LoadOptions {
  /** Where it runs; stays the caller's. */
  readonly device: Device;
  /** `extended_config.yaml` or a configuration; the file of that name beside the checkpoint when left out. */
  readonly config?: SourceInput | WalrusConfig;
  /**
   * How matrices are kept on the device: `stored` (the default) keeps halves of the checkpoint as halves, which
   * computes the same with half the memory; `f16` rounds others too; `f32` widens all; `int8` rounds the matrices of
   * the blocks to 8 bits with a scale for each output, and others to halves (on devices that have the type); `int8-dot` also rounds what those matrices are multiplied with,
   * to 7 bits with a scale for each token, and multiplies whole numbers: faster, less exact.
   */
  readonly weights?: WeightStorage;
  /** Told the name and bytes of each tensor as it is read. */
  readonly onTensor?: (name: string, bytes: number) => void;
}

function isConfig(config: SourceInput | WalrusConfig): config is WalrusConfig {
  return typeof config === "object" && "hiddenDim" in config;
}

/**
 * `extended_config.yaml` in the folder of a path or URL.
 *
 * @throws TypeError for a checkpoint that is neither
 */
export function beside(checkpoint: SourceInput): SourceInput {
  const name = "extended_config.yaml";
  if (checkpoint instanceof URL) return new URL(name, checkpoint);
  if (typeof checkpoint !== "string") {
    throw new TypeError(
      "Cannot find the configuration: pass `config` when the checkpoint is not a path or URL",
    );
  }
  if (/^[a-z]+:\/\//i.test(checkpoint)) return new URL(name, checkpoint);
  const folder = checkpoint.replace(/[^/\\]*$/, "");
  return folder + name;
}

/** Geometry of a window's grid; the axis of a resampled data set has the points the network sees. */
export function windowGeometry(window: Window, jitter: boolean): Geometry {
  const [X, Y, Z] = window.shape;
  const resampled = RESAMPLED[window.dataset];
  const used = resampled && Z === resampled[0] ? resampled[1] : Z;
  const geometry = geometryOf([X, Y, used], window.boundaries, jitter);
  checkDecodable(geometry);
  return geometry;
}

/** What a program takes beside the weights it is fed. */
function bytesBeside(program: Program, weights: number): number {
  const { input, output, constant } = program.bytes;
  return program.arenaBytes + input - weights + output + constant;
}

/**
 * A Walrus model on a device.
 *
 * @example Load and forecast
 * ```ts
 * import assert from "node:assert/strict";
 * import { openWell, vrmse, Walrus, wasm } from "walrus";
 * using device = await wasm();
 * using model = await Walrus.load("examples/walrus_small/walrus.safetensors", { device });
 * using well = await openWell("examples/data/gray_scott_mini.hdf5");
 * const truth = well.trajectory(0);
 * const start = await truth.window({ from: 0, length: 6 });
 * for await (const frame of model.rollout(start, { steps: 1, seed: 1 })) {
 *   const { A, B } = vrmse(frame, await truth.frame(5 + frame.step));
 *   assert.ok(A! < 0.3 && B! < 0.3, `VRMSE of A ${A}, of B ${B}`);
 * }
 * ```
 */
export class Walrus implements ForecastModel {
  /** The network. */
  readonly config: WalrusConfig;
  /** What was noticed while reading the configuration. */
  readonly warnings: readonly string[];
  #device: Device;
  readonly #checkpoint: Checkpoint;
  readonly #onTensor: LoadOptions["onTensor"];
  readonly #storage: WeightStorage;
  /** Columns of the weights that lie in panels on the device. */
  #panels: ReadonlyMap<string, number> = new Map();
  readonly #weights = new Map<string, DeviceBuffer>();
  readonly #steps = new Map<string, Promise<PreparedStep>>();
  readonly #recalls = new Map<string, Promise<PreparedRecall>>();

  private constructor(
    config: WalrusConfig,
    warnings: readonly string[],
    checkpoint: Checkpoint,
    options: LoadOptions,
  ) {
    this.config = config;
    this.warnings = warnings;
    this.#device = options.device;
    this.#checkpoint = checkpoint;
    this.#onTensor = options.onTensor;
    this.#storage = options.weights ?? "stored";
    this.#choosePanels();
  }

  /**
   * Opens a checkpoint and checks every tensor's name, shape and type against the configuration. Weights are read
   * later, when a forecast needs them.
   *
   * @param checkpoint `.pt`, `.safetensors` or a shard index: path, URL, bytes
   * @param options device and configuration
   * @throws SyntaxError for a broken file, TypeError for weights that do not fit the configuration or the device
   */
  static async load(checkpoint: SourceInput, options: LoadOptions): Promise<Walrus> {
    if (options.weights?.startsWith("int8") && !options.device.types.has("i8")) {
      throw new TypeError(
        `Weights are "${options.weights}", ${options.device.name} has no such numbers: wanted "f16" or "f32"`,
      );
    }
    const given = options.config ?? beside(checkpoint);
    const { config, warnings } = isConfig(given) ? { config: given, warnings: [] } : await readConfig(given);
    const opened = await openCheckpoint(checkpoint);
    try {
      const adapted = adaptToCheckpoint(config, opened);
      checkWeights(opened, parameterShapes(adapted));
      return new Walrus(adapted, warnings, opened, options);
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** Where it computes. */
  get device(): Device {
    return this.#device;
  }

  /** Frames a forecast of this data starts from: `contextFrames`, half of it with three non-singleton axes. */
  contextFor(window: Pick<Window, "shape">): number {
    const full = this.config.contextFrames;
    return window.shape.every((n) => n > 1) ? Math.max(1, Math.floor(full / 2)) : full;
  }

  async #weight(name: string): Promise<DeviceBuffer> {
    const known = this.#weights.get(name);
    if (known) return known;
    const stored = this.#checkpoint.tensors.get(name);
    if (!stored) throw new TypeError(`Checkpoint "${this.#checkpoint.name}" has no tensor "${name}"`);
    const dtype = this.#weightType(name);
    using made = new DisposableStack();
    const create = (dtype: DType, length: number, label: string, panelColumns?: number) =>
      made.use(this.#device.createBuffer(dtype, length, { label, panelColumns }));
    const buffer = create(dtype, sizeOf(stored.shape), name, this.#panels.get(name));
    if (dtype === "i8") {
      const scales = create("f32", at(stored.shape, 0), scaleName(name));
      const columns = buffer.length / scales.length;
      await streamQuantized(this.#checkpoint, stored, async (rows, row) => {
        await buffer.write(rows.values, row * columns);
        await scales.write(rows.scales, row);
      });
      this.#weights.set(scaleName(name), scales);
    } else {
      await streamWeight(this.#checkpoint, stored, dtype, (data, from) => buffer.write(data, from));
    }
    made.move();
    this.#onTensor?.(name, BYTES[dtype] * buffer.length);
    this.#weights.set(name, buffer);
    return buffer;
  }

  /** Bytes of the weights a grid needs. */
  #weightBytes(geometry: Geometry): number {
    const dimensions = geometry.filter((axis) => !axis.singleton).length;
    const shapes = parameterShapes(this.config, [dimensions]);
    const bytes = ([name, shape]: [string, Shape]) => {
      const dtype = this.#weightType(name);
      return BYTES[dtype] * sizeOf(shape) + (dtype === "i8" ? BYTES.f32 * at(shape, 0) : 0);
    };
    return [...shapes].reduce((total, entry) => total + bytes(entry), 0);
  }

  /** How a tensor is kept on the device. */
  #weightType(name: string): "f32" | "f16" | "i8" {
    if (this.#storage === "f32" || !mayBeHalf(name)) return "f32";
    if (this.#storage.startsWith("int8")) return isBlockMatrix(name) ? "i8" : "f16";
    return this.#storage === "f16" || this.#checkpoint.tensors.get(name)?.dtype === "f16" ? "f16" : "f32";
  }

  /** What rounded products read has an order of its own. */
  #choosePanels(): void {
    this.#panels = this.#storage === "int8-dot" ? new Map() : weightPanels(this.config, this.#device);
  }

  /** A step's program with weights as they lie. */
  #plan(graph: Graph): PlannedStep {
    return planStep(graph, this.#device, this.#panels);
  }

  /**
   * Compiles the step for a window and reads the weights it needs; once for each kind of window.
   *
   * @param window the frames a forecast starts from
   * @param jitter whether the grid is shifted at random
   * @param admit told what the forecast will take before weights are read; throws to refuse
   */
  prepare(
    window: Window,
    jitter: boolean,
    admit?: (need: MemoryNeed) => void,
  ): Promise<PreparedStep> {
    return this.#once(this.#steps, window, jitter, (shape) => this.#prepare(window, shape, admit));
  }

  /**
   * Compiles the steps of a rollout that reuses past frames, and makes room for what they keep of them.
   *
   * @param window the frames a forecast starts from
   * @param jitter whether the grid is shifted at random
   * @param admit told what the forecast will take before weights are read; throws to refuse
   * @throws RangeError for a network that is not causal in time
   */
  async prepareRecall(
    window: Window,
    jitter: boolean,
    admit?: (need: MemoryNeed) => void,
  ): Promise<PreparedRecall> {
    if (!this.config.causal) {
      throw new RangeError(
        "Cannot reuse past frames: they see later ones in a network that is not causal in time",
      );
    }
    return await this.#once(
      this.#recalls,
      window,
      jitter,
      (shape) => this.#prepareRecall(window, shape, admit),
    );
  }

  /** What is prepared for a kind of window, the same object each time. */
  #once<P>(
    prepared: Map<string, Promise<P>>,
    window: Window,
    jitter: boolean,
    make: (shape: StepShape) => Promise<P>,
  ): Promise<P> {
    const shape: StepShape = {
      frames: window.times.length,
      samples: 1,
      points: window.shape,
      channels: window.channels.length,
      constants: window.constantChannels.length,
      hidden: window.hidden !== null,
      jitter,
    };
    const key = JSON.stringify([shape, window.boundaries, window.dataset in RESAMPLED]);
    let found = prepared.get(key);
    if (!found) {
      found = make(shape);
      prepared.set(key, found);
      found.catch(() => prepared.delete(key));
    }
    return found;
  }

  /** The graph with the products that were asked for. */
  #asked(graph: Graph): Graph {
    return this.#storage === "int8-dot" ? roundProducts(graph) : graph;
  }

  async #prepare(
    window: Window,
    shape: StepShape,
    admit?: (need: MemoryNeed) => void,
  ): Promise<PreparedStep> {
    const geometry = windowGeometry(window, shape.jitter);
    const signature = stepSignature(this.config, shape, geometry, (name) => this.#weightType(name));
    const graph = this.#asked(trace(
      signature,
      (inputs) => ({ next: forecastStep(inputs as unknown as StepInputs, this.config, geometry) }),
    ));
    const step = this.#plan(graph);
    const bytes = this.#weightBytes(geometry);
    admit?.({ weights: bytes, working: bytesBeside(step.each.program, bytes) });
    const weights = await this.#weightsOf(signature.params);
    return { compiled: await placeStep(this.#device, step, weights), geometry, shape, weights };
  }

  async #prepareRecall(
    window: Window,
    shape: StepShape,
    admit?: (need: MemoryNeed) => void,
  ): Promise<PreparedRecall> {
    const geometry = windowGeometry(window, shape.jitter);
    const type = (name: string) => this.#weightType(name);
    const signature = firstSignature(this.config, shape, geometry, type);
    const first = this.#asked(trace(
      signature,
      (inputs) => firstStep(inputs as unknown as FirstInputs, this.config, geometry),
    ));
    const later = this.#asked(trace(
      nextSignature(this.config, shape, geometry, type),
      (inputs) => nextStep(inputs as unknown as NextInputs, this.config, geometry),
    ));
    const [start, next] = [this.#plan(first), this.#plan(later)];
    const slots = signatureOf(memorySignature(this.config, shape, geometry));
    const bytes = this.#weightBytes(geometry);
    const kept = [...slots.values()].reduce((n, { dtype, shape }) => n + BYTES[dtype] * sizeOf(shape), 0);
    // Both programs stay; what is kept of past frames counts among the inputs of each.
    const working = bytesBeside(start.each.program, bytes) + bytesBeside(next.each.program, bytes) - kept;
    admit?.({ weights: bytes, working });
    const weights = await this.#weightsOf(signature.params);
    using made = new DisposableStack();
    const memory = new Map([...slots].map(([name, { dtype, shape }]) => {
      return [name, made.use(this.#device.createBuffer(dtype, sizeOf(shape), { label: name }))] as const;
    }));
    const compiled = made.use(await placeStep(this.#device, start, weights));
    const prepared = {
      compiled,
      next: await placeStep(this.#device, next, weights),
      memory,
      geometry,
      shape,
      weights,
    };
    made.move();
    return prepared;
  }

  /** Weights on the device by input name. */
  async #weightsOf(params: unknown): Promise<Map<string, DeviceBuffer>> {
    const weights = new Map<string, DeviceBuffer>();
    for (const name of Object.keys(params as object)) weights.set(`params/${name}`, await this.#weight(name));
    return weights;
  }

  /**
   * Forecasts frame after frame, feeding its own output back.
   *
   * @param start frames in the data's units, as {@link contextFor} counts them or more or fewer
   * @param options how many steps, seed, jitter
   * @returns frames as they are computed
   * @throws RangeError for a grid, channels or options the model cannot take
   */
  rollout(start: Window, options: RolloutOptions): AsyncGenerator<Frame, void, void> {
    return rollout(this, start, options);
  }

  /**
   * Forgets weights and programs on its device and uses another from now on.
   *
   * @param device where the next step runs; weights are read again
   */
  moveTo(device: Device): void {
    this.#release();
    this.#device = device;
    this.#choosePanels();
  }

  #release(): void {
    for (const step of this.#steps.values()) step.then((s) => s.compiled[Symbol.dispose](), () => {});
    for (const recall of this.#recalls.values()) {
      recall.then(({ compiled, next, memory }) => {
        for (const held of [compiled, next, ...memory.values()]) held[Symbol.dispose]();
      }, () => {});
    }
    this.#recalls.clear();
    for (const buffer of this.#weights.values()) buffer[Symbol.dispose]();
    this.#weights.clear();
    this.#steps.clear();
  }

  /** Lets go of what it holds. */
  [Symbol.dispose](): void {
    this.#checkpoint.close();
    this.#release();
  }
}
