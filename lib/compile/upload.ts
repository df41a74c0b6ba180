// How weights go onto a device: ranges of a file are read into memory that the device gave, which converts them where
// they lie and puts them where its products read them.

import type { DeviceBuffer } from "./device.ts";

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
