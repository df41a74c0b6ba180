// Tensors of a checkpoint on a device. Each is read when it is first requested, once, however many ask at the same
// time; one whose reading failed is read again by the next who asks.

import { type Device, type DeviceBuffer, DeviceLostError, DisposedError } from "../compile/device.ts";
import type { Checkpoint } from "../io/stored_tensor.ts";
import { at, BYTES, sizeOf } from "../ir/types.ts";
import { inputParameters, type Parameters, scaleName } from "../nn/parameters.ts";
import { Loader } from "./loader.ts";
import {
  PARAMETER_PREFIX,
  quantisesActivations,
  type WeightInfo,
  type WeightStorage,
  type WeightType,
  weightType,
} from "./storage.ts";

/** Tensors that are requested before the first of them is there, so that its reader never pauses. */
const AHEAD = 8;

/** How a checkpoint is kept. */
export interface StoreOptions {
  /** How matrices are kept on the device. */
  readonly storage: WeightStorage;
  /** Told the name and bytes of each tensor as it is read. */
  readonly onTensor?: (name: string, bytes: number) => void;
}

/** A tensor on the device; matrices of 8-bit numbers with their scales. */
interface Resident {
  readonly buffer: DeviceBuffer;
  readonly scales: DeviceBuffer | null;
}

/** See the head of the file. */
export class WeightStore implements Disposable {
  readonly #checkpoint: Checkpoint;
  readonly #infos: ReadonlyMap<string, WeightInfo>;
  readonly #options: StoreOptions;
  readonly #resident = new Map<string, Promise<Resident>>();
  #device: Device;
  #loader: Loader;
  #disposed = false;

  /**
   * @param device where weights go; stays the caller's
   * @param checkpoint becomes the store's own
   * @param infos of the network's tensors
   * @param options storage
   */
  constructor(
    device: Device,
    checkpoint: Checkpoint,
    infos: ReadonlyMap<string, WeightInfo>,
    options: StoreOptions,
  ) {
    this.#device = device;
    this.#loader = new Loader(device);
    this.#checkpoint = checkpoint;
    this.#infos = infos;
    this.#options = options;
  }

  /** Where the weights are. */
  get device(): Device {
    return this.#device;
  }

  /** Whether products with 8-bit weights quantise their activations as well. */
  get quantise(): boolean {
    return quantisesActivations(this.#options.storage);
  }

  /** Inputs that hold the network's tensors as they are kept here, while a program is traced. */
  get parameters(): Parameters {
    return inputParameters(this.#infos, (name) => this.#typeOf(name), PARAMETER_PREFIX);
  }

  #typeOf(name: string): WeightType {
    const stored = this.#checkpoint.tensors.get(name)?.dtype;
    return weightType(this.#infos.get(name)!.narrow, this.#options.storage, stored);
  }

  /**
   * Memory of weights, read now where they were not before.
   *
   * @param device that it has to be on
   * @param inputs names of a program's inputs; those that hold no weights are left out
   * @param matrices rows of those that products read whole, by input: the device may pack them
   * @throws DeviceLostError when the weights are on another device by now
   */
  async buffers(
    device: Device,
    inputs: Iterable<string>,
    matrices: ReadonlyMap<string, number>,
  ): Promise<Map<string, DeviceBuffer>> {
    const buffers = new Map<string, DeviceBuffer>();
    const wanted = [...inputs].filter((input) => input.startsWith(PARAMETER_PREFIX)).map((input) => {
      const name = input.slice(PARAMETER_PREFIX.length);
      const matrix = this.#infos.has(name) ? name : name.replace(/\.scale$/, "");
      return { input, name, matrix };
    });
    const request = ({ matrix }: { readonly matrix: string }) =>
      this.#weight(matrix, matrices.get(PARAMETER_PREFIX + matrix));
    wanted.slice(0, AHEAD).forEach(request);
    for (const [i, { input, name, matrix }] of wanted.entries()) {
      wanted.slice(i + AHEAD, i + AHEAD + 1).forEach(request);
      const { buffer, scales } = await request(wanted[i]!);
      if (this.#device !== device) {
        throw new DeviceLostError(`Cannot read "${name}" onto ${device.name}: its model left that device`);
      }
      buffers.set(input, matrix === name ? buffer : scales!);
    }
    return buffers;
  }

  #weight(name: string, rows: number | undefined): Promise<Resident> {
    if (this.#disposed) throw new DisposedError(`Cannot read "${name}": its model is disposed of`);
    let weight = this.#resident.get(name);
    if (!weight) {
      const reading = this.#read(name, rows);
      weight = reading;
      this.#resident.set(name, reading);
      reading.catch(() => {
        // On another device it may be read by now.
        if (this.#resident.get(name) === reading) this.#resident.delete(name);
      });
    }
    return weight;
  }

  async #read(name: string, rows: number | undefined): Promise<Resident> {
    const stored = this.#checkpoint.tensors.get(name);
    if (!stored) throw new TypeError(`Checkpoint "${this.#checkpoint.name}" has no tensor "${name}"`);
    const { shape, narrow } = this.#infos.get(name)!;
    const dtype = this.#typeOf(name);
    // Products of quantised activations have an order of their own; only matrices are ever packed.
    const packable = rows !== undefined && narrow === "i8" && !this.quantise;
    using made = new DisposableStack();
    const buffer = made.use(
      this.#device.createBuffer(dtype, sizeOf(shape), { label: name, ...(packable ? { rows } : {}) }),
    );
    const scales = dtype === "i8"
      ? made.use(this.#device.createBuffer("f32", at(shape, 0), { label: scaleName(name) }))
      : null;
    await this.#loader.load({ checkpoint: this.#checkpoint, tensor: stored, buffer, scales });
    made.move();
    this.#options.onTensor?.(name, BYTES[dtype] * buffer.length);
    return { buffer, scales };
  }

  /** Forgets what is on the device and reads it again on another when it is requested. */
  moveTo(device: Device): void {
    this.#release();
    this.#device = device;
    this.#loader = new Loader(device);
  }

  #release(): void {
    for (const resident of this.#resident.values()) {
      resident.then(({ buffer, scales }) => {
        buffer[Symbol.dispose]();
        scales?.[Symbol.dispose]();
      }, () => {});
    }
    this.#resident.clear();
  }

  /** Closes the checkpoint and frees the weights. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#checkpoint.close();
    this.#release();
  }
}
