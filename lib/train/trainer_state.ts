// Weights, moments and sums of gradients on a device, by the names that programs give their inputs.

import type { Device, DeviceBuffer } from "../compile/device.ts";
import { type Shape, sizeOf } from "../ir/types.ts";
import type { Model } from "../models/model.ts";
import { fp16Of, isFp16 } from "../weights/fp16.ts";
import { trainedShapes } from "./parameters.ts";
import type { Trainable, TrainingSettings } from "./settings.ts";

/** Everything that a step changes: enough to go on with the same bits. */
export interface TrainerState {
  /** `params/NAME` (masters, f32), and of tensors that have been trained `mean/NAME` and `square/NAME`. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** Optimiser steps of every tensor that has been trained. */
  readonly counts: Readonly<Record<string, number>>;
}

/** See the head of the file. */
export class StateBuffers implements Disposable {
  /** Shapes of the network's tensors and adapters, in the checkpoint's order. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly #model: Model;
  readonly #device: Device;
  readonly #settings: TrainingSettings;
  readonly #trainable: Trainable;
  readonly #buffers = new Map<string, DeviceBuffer>();
  /** Weights that no step changes and that the device has as fp16 only. */
  readonly #frozen = new Map<string, Float32Array>();

  constructor(model: Model, device: Device, settings: TrainingSettings, trainable: Trainable) {
    this.#model = model;
    this.#device = device;
    this.#settings = settings;
    this.#trainable = trainable;
    this.shapes = trainedShapes(model, settings);
  }

  /** Memory of an input of that name; made when it is first asked for, with zeros in it. */
  buffer(input: string): DeviceBuffer {
    let buffer = this.#buffers.get(input);
    if (!buffer) {
      const shape = this.shapes.get(input.slice(input.indexOf("/") + 1));
      if (!shape) throw new TypeError(`The network in training has no "${input}"`);
      const dtype = input.startsWith("fp16/") ? "f16" : "f32";
      buffer = this.#device.createBuffer(dtype, sizeOf(shape), { label: input });
      this.#buffers.set(input, buffer);
    }
    return buffer;
  }

  /**
   * Sets weights and moments.
   *
   * @param tensors with every weight; moments that are missing are 0
   * @throws TypeError for a missing weight or wrong lengths
   */
  async load(tensors: TrainerState["tensors"]): Promise<void> {
    this.#check(tensors);
    for (const name of this.shapes.keys()) {
      for (const kind of ["params", "mean", "square"]) {
        const values = tensors.get(`${kind}/${name}`);
        if (kind === "params" && isFp16(name, this.#model.parameters, this.#settings.weights)) {
          await this.buffer(`fp16/${name}`).write(fp16Of(name, values!));
          if (!this.#trainable(name)) {
            this.#frozen.set(name, values!);
            continue;
          }
        }
        const buffer = values ? this.buffer(`${kind}/${name}`) : this.#buffers.get(`${kind}/${name}`);
        await buffer?.write(values ?? new Float32Array(buffer.length));
      }
    }
  }

  #check(tensors: TrainerState["tensors"]): void {
    for (const [name, shape] of this.shapes) {
      if (!tensors.has(`params/${name}`)) throw new TypeError(`Cannot train: weight "${name}" is missing`);
      for (const kind of ["params", "mean", "square"]) {
        const values = tensors.get(`${kind}/${name}`);
        if (values && values.length !== sizeOf(shape)) {
          throw new TypeError(
            `Cannot train: ${kind} of "${name}" has ${values.length} numbers, wanted ${sizeOf(shape)}`,
          );
        }
      }
    }
  }

  /** Copies everything out that a step changes. */
  async read(): Promise<Map<string, Float32Array>> {
    const tensors = new Map<string, Float32Array>();
    // Sums of gradients are zero between steps. One order, whatever was trained first.
    for (const kind of ["params", "mean", "square"]) {
      for (const name of this.shapes.keys()) {
        const buffer = this.#buffers.get(`${kind}/${name}`);
        if (buffer) tensors.set(`${kind}/${name}`, await buffer.read() as Float32Array);
        const frozen = kind === "params" ? this.#frozen.get(name) : undefined;
        if (frozen) tensors.set(`${kind}/${name}`, frozen);
      }
    }
    return tensors;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    for (const buffer of this.#buffers.values()) buffer[Symbol.dispose]();
    this.#buffers.clear();
    this.#frozen.clear();
  }
}
