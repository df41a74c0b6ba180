// What using something that was disposed of ends in.

/** Something was used after it was closed: a data set, a device, a model. */
export class DisposedError extends Error {
  /** Tells it from other errors where classes do not survive, as between workers. */
  override name = "DisposedError";
}
