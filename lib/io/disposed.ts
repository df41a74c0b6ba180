// What using something that was disposed of ends in: one class for all of the library, so that one check finds it.

/**
 * Something was requested of what was disposed of, maybe while it waited or ran: a data set, a buffer, a program, a
 * device, a model.
 */
export class DisposedError extends Error {
  /** Tells it from other errors where classes do not survive, as between workers. */
  override readonly name = "DisposedError";
}
