// Refusals as responses: problem details (RFC 9457) in the project's words, never a stack or a path of the host.

import { type Reason, Refusal, STATUS } from "./refusal.ts";

/** A title for each status: what HTTP calls it. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  507: "Insufficient Storage",
};

/** Body of a refused request. */
export interface Problem {
  /** `urn:walrus:problem:` and the reason. */
  readonly type: string;
  /** What HTTP calls the status. */
  readonly title: string;
  /** Of the response. */
  readonly status: number;
  /** In words: what there was, what was wanted. */
  readonly detail: string;
  /** For programs. */
  readonly reason: Reason;
  /** The request's id, by which the service's log has it. */
  readonly instance: string;
  /** Seconds after which it may be tried again. */
  readonly retryAfter?: number;
}

/** Header with the id of a request, in both directions. */
export const ID_HEADER = "x-request-id";

/** Content type of {@link Problem}. */
export const PROBLEM_TYPE = "application/problem+json";

/** Something that looks like a place on the host: what is told of errors must not hold one. */
const PLACE = /(?:^|[\s"'(=])(?:\/[\w.~-]+\/|[A-Za-z]:[\\/]|file:|https?:)/;

/**
 * An error as a refusal. What a network says of a window is told; of any other error only that there was one.
 *
 * @param error as it was thrown
 * @param signal whose reason counts where the error is the abort itself
 */
export function refusalOf(error: unknown, signal?: AbortSignal): Refusal {
  if (error instanceof Refusal) return error;
  if (signal?.aborted && signal.reason instanceof Refusal) return signal.reason;
  return new Refusal("failed", "The service failed at this request, which its log tells by the id", null, {
    cause: error,
  });
}

/**
 * What a network or a reader says of a window, as a refusal; other errors as {@link refusalOf}.
 *
 * @param error as it was thrown
 * @param signal whose reason counts where the error is the abort itself
 */
export function unfitOf(error: unknown, signal?: AbortSignal): Refusal {
  const isOfWindow = error instanceof RangeError || error instanceof TypeError;
  if (signal?.aborted || !isOfWindow || PLACE.test(error.message)) return refusalOf(error, signal);
  return new Refusal("unfit", error.message, null, { cause: error });
}

/**
 * The problem details of a refusal.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Refusal } from "./refusal.ts";
 * const { status, title, retryAfter } = problemOf(new Refusal("busy", "64 requests wait", 3), "4f0c");
 * assert.deepEqual([status, title, retryAfter], [503, "Service Unavailable", 3]);
 * ```
 */
export function problemOf({ reason, message, retryAfter }: Refusal, id: string): Problem {
  const status = STATUS[reason];
  return {
    type: `urn:walrus:problem:${reason}`,
    title: TITLES[status]!,
    status,
    detail: message,
    reason,
    instance: id,
    ...(retryAfter === null ? {} : { retryAfter }),
  };
}

/** A refusal as a response. */
export function problemResponse(refusal: Refusal, id: string, allow?: string): Response {
  const headers = new Headers({ "content-type": PROBLEM_TYPE, "cache-control": "no-store", [ID_HEADER]: id });
  if (refusal.retryAfter !== null) headers.set("retry-after", String(refusal.retryAfter));
  if (refusal.reason === "unauthorized") headers.set("www-authenticate", `Bearer realm="forecasts"`);
  if (allow) headers.set("allow", allow);
  return new Response(JSON.stringify(problemOf(refusal, id)), { status: refusal.status, headers });
}
