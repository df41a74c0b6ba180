// What a device offers to the rest: memory, programs that are resident, runs of them. Speaks of slots and bytes only;
// both backends implement it.

import type { DType, HostArray } from "../ir/types.ts";
import type { Kernel, Program } from "./program.ts";

export { DisposedError } from "../io/disposed.ts";

/** Numbers by name. */
export type Inputs = Readonly<Record<string, HostArray>>;

/**
 * Memory on a device that outlives a run: weights, states. Whoever made it disposes of it; the device has to live as
 * long as it is used. Elements are counted in row order.
 *
 * A write or read takes a turn of the device's queue, behind every earlier request. Numbers are taken when
 * `write` is called: the caller's array may change at once.
 */
export interface DeviceBuffer extends Disposable {
  /** Number type. */
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
  /** What errors call it. */
  readonly label: string;
  /**
   * Copies numbers in.
   *
   * @param data of the buffer's type
   * @param from element that the first of them goes to, 0 unless given
   * @throws TypeError for another type, RangeError for numbers that do not fit, {@link DisposedError}
   */
  write(data: HostArray, from?: number): Promise<void>;
  /**
   * Copies numbers out.
   *
   * @param from first element, 0 unless given
   * @param to element after the last, the length unless given
   * @throws RangeError for another range, {@link DisposedError}
   */
  read(from?: number, to?: number): Promise<HostArray>;
}

/** How a buffer is made. */
export interface BufferOptions {
  /** What errors call it. */
  readonly label?: string;
  /**
   * Rows of a matrix that products read whole, row by row (`Plan.matrices`): the device may pack it, that is, keep it
   * in the order in which its products read it. It is written and read in row order all the same.
   */
  readonly rows?: number | undefined;
}

/** Number types of stored weights. */
export type RawType = "f64" | "f32" | "f16" | "bf16";

/** Stored numbers and where in a buffer they go. */
export interface UploadRange {
  /** How they are stored, little-endian. */
  readonly dtype: RawType;
  /** Of f32 (they are widened, or rounded), f16 (rounded to nearest even) or i8 (quantised row by row). */
  readonly buffer: DeviceBuffer;
  /** The scale of each row of 8-bit numbers, f32; null for the other types. */
  readonly scales: DeviceBuffer | null;
  /** Element of the buffer that the first of them goes to, in row order; with scales the first of a row. */
  readonly from: number;
  /** How many; with scales whole rows. */
  readonly count: number;
}

/**
 * Memory for some ranges, and what converts them. Whoever made it disposes of it, once nothing is read into its memory
 * any more.
 */
export interface Upload extends Disposable {
  /**
   * Memory of a place for `bytes` bytes, to be filled with the numbers of a range. It may be shared with other threads.
   *
   * @param place 0, 1, .. below the number of places
   * @throws RangeError when there is not enough
   */
  memory(place: number, bytes: number): Uint8Array;
  /**
   * Converts the numbers at the start of a place's memory and puts them into a buffer; takes a turn of the device's
   * queue. The place is free again when this settles.
   *
   * @returns false when some are not finite in the buffer's type: the range is then partly written
   * @throws TypeError for a buffer of another device or type, RangeError for numbers that do not fit,
   *   {@link DisposedError}
   */
  write(place: number, range: UploadRange): Promise<boolean>;
}

/** What a device reads of a plan. */
export interface Loadable {
  /** Computed once; its outputs are inputs of `main`. */
  readonly prologue: { readonly program: Program } | null;
  /** What every run computes. */
  readonly main: { readonly program: Program };
}

/** What a run cost. */
export interface RunReport {
  /**
   * Time on the clock from the start of its turn until what it reads is there; the wait for its turn does not count.
   */
  readonly milliseconds: number;
}

/**
 * One run. Names are those of the program's slots: an output is `output/NAME`, unless it replaces an input of the same
 * name.
 *
 * A run that fails or is ended leaves what it writes in `buffers` partly written.
 */
export interface Job {
  /**
   * Memory of inputs and outputs that are not stationary, the caller's; what is written there stays on the device. More
   * names do no harm.
   */
  readonly buffers: ReadonlyMap<string, DeviceBuffer>;
  /**
   * Numbers of the inputs that are not bound; one that an earlier run was given may be left out and is as it was left.
   */
  readonly inputs: Inputs;
  /** What is copied out in the same turn: outputs, or inputs, which the program may have overwritten. */
  readonly read: readonly string[];
  /** Ends the run, before its turn or between two ops: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A program that is resident on a device. It owns what its prologue computed, and memory for inputs and outputs that a
 * job does not bind; buffers that a job binds have to live until the run ends, stationary ones as long as the
 * executable.
 *
 * Runs may overlap: each is one turn, in which its inputs are copied in, its ops run and its results are copied out.
 */
export interface Executable extends Disposable {
  /** What was loaded. */
  readonly program: Program;
  /**
   * Runs the program once. The job's numbers are taken when this is called.
   *
   * @throws TypeError for a slot without memory or with memory of another device, type or length, RangeError for names
   *   the program does not have, the signal's reason, {@link DisposedError}, {@link DeviceLostError}
   */
  run(job: Job): Promise<{ outputs: Inputs; report: RunReport }>;
}

/** A device is gone with all that was on it: make a new one, load weights and programs again and go on. */
export class DeviceLostError extends Error {
  /** Tells it from other errors. */
  override readonly name = "DeviceLostError";
}

/**
 * A place where programs run. Whoever makes it disposes of it; buffers and executables are of use as long as it lives.
 *
 * **What may overlap**: everything may be called at any time. Loads, runs, reads and writes take turns in the order of
 * the calls, one at a time; while a run goes on the event loop has its turn every 20 ms at the latest, as far as
 * single ops allow.
 *
 * **Dispose** of a buffer, an executable or the device acts at once: later calls and those that wait for their turn
 * reject with a {@link DisposedError}; a run that uses it ends after the op it is at; then its memory is given back,
 * which `await using` of the device waits for.
 */
export interface Device extends Disposable, AsyncDisposable {
  /** `wasm`, `webgpu`, and what it is made of. */
  readonly name: string;
  /** Kernels with an own implementation; fused ops that are missing are expanded before lowering. */
  readonly kernels: ReadonlySet<Kernel>;
  /** Number types its buffers can have. */
  readonly types: ReadonlySet<DType>;
  /** Bytes that can be in use at once, where the device knows. */
  readonly capacityBytes?: number;
  /**
   * Memory of `length` elements, zeroed; takes no turn.
   *
   * @throws RangeError when there is not enough, or for elements that are no whole rows
   */
  createBuffer(dtype: DType, length: number, options?: BufferOptions): DeviceBuffer;
  /**
   * A way for stored weights that is faster than `write`; devices without one are written to.
   *
   * @param places ranges that are under way at the same time
   */
  upload?(places: number): Upload;
  /**
   * Makes programs resident. The prologue runs in the same turn; its results belong to the executable.
   *
   * @param plan as planned for a device with these kernels
   * @param stationary memory of inputs by name that stays bound, the caller's: it has to live as long as the
   *   executable, and is not written meanwhile. More names do no harm
   * @throws TypeError for memory of another device, type or length, or a prologue's input without any, RangeError when
   *   there is not enough memory
   */
  load(plan: Loadable, stationary?: ReadonlyMap<string, DeviceBuffer>): Promise<Executable>;
}
