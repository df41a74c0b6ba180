// What belongs to one rollout on a device: its window, its KV cache, the inputs that stay the same. Nothing of it is
// shared, so rollouts of one model may overlap.

import type { Sample } from "../data/dataset.ts";
import type { DeviceBuffer } from "../compile/device.ts";
import { outputSlotName } from "../compile/lower.ts";
import { type HostArray, sizeOf } from "../ir/types.ts";
import type { Statistics } from "../data/statistics.ts";
import type { FieldOptions, Inputs, Model, StepPlace } from "../models/model.ts";
import { randomSource } from "../random/random_source.ts";
import type { FrameValues } from "./frame.ts";
import type { ForecastProgram, PreparedForecast } from "./prepare.ts";
import type { Lease } from "./program_cache.ts";

/** What a run goes by. */
export interface RunSettings {
  /** Seed of all draws. */
  readonly seed: number;
  /** Time from one frame to the next. */
  readonly lead: number;
  /** Statistics of the data set; null where the network needs none. */
  readonly statistics: Statistics | null;
  /** How fields are read. */
  readonly fields: FieldOptions;
  /** Inputs of a step in place of those the model draws. */
  readonly stepInputs?: (place: StepPlace) => Inputs;
  /** Ends the run at its next op. */
  readonly signal: AbortSignal;
}

/** Streams of a seed from one draw of a step to the next: steps of a rollout are fewer. */
const DRAW_STREAMS = 2 ** 24;

/** See the head of the file. */
export class RolloutRun<S> implements Disposable {
  readonly #model: Model<S>;
  readonly #shape: S;
  readonly #window: Sample;
  readonly #settings: RunSettings;
  readonly #programs: Lease<PreparedForecast>;
  readonly #buffers: ReadonlyMap<string, DeviceBuffer>;
  /** Number of the step that fills the KV cache: the first of this run. */
  readonly #first: number;

  private constructor(
    model: Model<S>,
    shape: S,
    window: Sample,
    settings: RunSettings,
    programs: Lease<PreparedForecast>,
    buffers: ReadonlyMap<string, DeviceBuffer>,
    first: number,
  ) {
    this.#model = model;
    this.#shape = shape;
    this.#window = window;
    this.#settings = settings;
    this.#programs = programs;
    this.#buffers = buffers;
    this.#first = first;
  }

  /**
   * Puts a window on the device that the programs are on.
   *
   * @param programs leased; given back when the run is disposed of, or now when this fails
   * @param first number of the step that is computed first
   */
  static async start<S>(
    model: Model<S>,
    shape: S,
    window: Sample,
    settings: RunSettings,
    programs: Lease<PreparedForecast>,
    first: number,
  ): Promise<RolloutRun<S>> {
    using made = new DisposableStack();
    made.use(programs);
    const { device, step, decode, state } = programs.value;
    const given = model.inputs([window], shape, settings.statistics, settings.fields);
    const buffers = new Map<string, DeviceBuffer>();
    const create = async (name: string, dtype: DeviceBuffer["dtype"], length: number, data?: HostArray) => {
      if (data && data.length !== length) {
        throw new RangeError(`Input "${name}" got ${data.length} numbers, wanted ${length}`);
      }
      const buffer = made.use(device.createBuffer(dtype, length, { label: name }));
      buffers.set(name, buffer);
      if (data) await buffer.write(data);
    };
    for (const [name, { dtype, shape }] of state) await create(name, dtype, sizeOf(shape), given[name]);
    // What every step reads lies on the device once.
    for (const [name, { dtype, shape }] of new Map([...step.inputs, ...decode?.inputs ?? []])) {
      if (!buffers.has(name) && given[name]) await create(name, dtype, sizeOf(shape), given[name]);
    }
    made.move();
    return new RolloutRun(model, shape, window, settings, programs, buffers, first);
  }

  /**
   * Computes a step.
   *
   * @param index from 1, counted from the start of the rollout
   * @param draw which of several of the step, from 0
   * @returns predicted frames in order, each its fields
   */
  async step(index: number, draw: number = 0): Promise<readonly FrameValues[]> {
    const { step, decode } = this.#programs.value;
    const { seed, lead, signal } = this.#settings;
    const decoded = decode ? index - this.#first : 0;
    const place: StepPlace = {
      index,
      decoded,
      lead,
      random: randomSource(seed, (decode ? this.#first : index) + draw * DRAW_STREAMS),
    };
    const program = decode && decoded > 0 ? decode : step;
    const { outputs } = await program.executable.run({
      buffers: this.#boundTo(program),
      inputs: this.#settings.stepInputs?.(place) ?? this.#model.stepInputs?.(this.#shape, place) ?? {},
      read: [outputSlotName("frames")],
      signal,
    });
    const frames = outputs[outputSlotName("frames")] as Float32Array;
    return this.#model.frames(frames, this.#shape, [this.#window], this.#settings.fields)[0]!;
  }

  #boundTo({ inputs, parameters }: ForecastProgram): Map<string, DeviceBuffer> {
    return new Map([...parameters, ...[...this.#buffers].filter(([name]) => inputs.has(name))]);
  }

  /** Frees what belongs to the run. */
  [Symbol.dispose](): void {
    for (const buffer of this.#buffers.values()) buffer[Symbol.dispose]();
    this.#programs[Symbol.dispose]();
  }
}
