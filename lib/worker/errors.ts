// Errors that keep their class and words between threads, which structured clones do not.

import { DeviceLostError, DisposedError } from "../compile/device.ts";
import type { SentError } from "./messages.ts";

const OWN = { DisposedError, DeviceLostError } as const;
const BASES = { TypeError, RangeError, SyntaxError } as const;

/** An error, or whatever else was thrown, as it travels. */
export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) {
    return { base: "Error", name: "Error", message: String(error), stack: undefined };
  }
  const { name, message, stack } = error;
  if (error instanceof DOMException) return { base: "DOMException", name, message, stack };
  const base = (Object.keys(BASES) as (keyof typeof BASES)[]).find((key) => error instanceof BASES[key]);
  return { base: base ?? "Error", name, message, stack };
}

/** An error that has travelled: of the class that it had. */
export function receivedError({ base, name, message, stack }: SentError): Error {
  if (base === "DOMException") return new DOMException(message, name);
  if (name in OWN) return new OWN[name as keyof typeof OWN](message);
  const error = base === "Error" ? new Error(message) : new BASES[base](message);
  if (error.name !== name) error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
