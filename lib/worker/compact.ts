// What is sent of an array that is part of a larger one.

/** The same numbers in memory of their own: a clone of a part would be a clone of the whole. */
export function compact(values: Float32Array): Float32Array {
  return values.byteLength === values.buffer.byteLength ? values : values.slice();
}
