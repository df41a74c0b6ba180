// What a page and its worker send each other. A call is answered once, or item by item when it is a stream; functions
// and signals among its arguments stay where they are and are called, or told of, from the other side.

/** An error as it travels. */
export interface SentError {
  /** Class of the language that it belongs to. */
  readonly base: "Error" | "TypeError" | "RangeError" | "SyntaxError" | "DOMException";
  /** Its own name, `DisposedError`. */
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** From who asks to the worker. */
export type Question =
  /** A call, or the beginning of a stream: `call` is its number. */
  | {
    readonly call: number;
    readonly method: string;
    readonly args: readonly unknown[];
    readonly stream: boolean;
  }
  /** The next item of a stream. */
  | { readonly next: number }
  /** No more of a stream. */
  | { readonly leave: number }
  /** A signal has fired. */
  | { readonly abort: number; readonly reason: SentError }
  /** What a function gave. */
  | { readonly reply: number; readonly value: unknown }
  | { readonly reply: number; readonly error: SentError };

/** From the worker to who asks. */
export type Answer =
  /** A call has ended, or a stream. */
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: SentError }
  /** An item of a stream. */
  | { readonly call: number; readonly item: unknown }
  /** A function of a call's arguments is called. */
  | { readonly invoke: number; readonly reply: number; readonly args: readonly unknown[] };

/** Stands for what can not be sent. */
export interface Reference {
  /** What it is. */
  readonly kind: "function" | "signal" | "url";
  /** Its number; of a URL its text. */
  readonly of: number | string;
  /** Tells it from records of the caller's. */
  readonly [REFERENCE]: true;
}

/** Key of references alone: symbols do not travel. */
export const REFERENCE = "$reference";

/** Whether a value stands for another. */
export function isReference(value: object): value is Reference {
  return REFERENCE in value;
}

/** Whether a value is a record or a list, so that others may lie in it. */
export function isPlain(value: unknown): value is Record<string, unknown> | unknown[] {
  if (Array.isArray(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
