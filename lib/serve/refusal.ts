// Why a request is refused: a status, a reason that programs and metrics read, and words.

/** Reasons, each with its HTTP status. */
export const STATUS = {
  malformed: 400,
  unauthorized: 401,
  not_found: 404,
  method: 405,
  not_acceptable: 406,
  timeout: 408,
  too_large: 413,
  unsupported_media: 415,
  /** Well formed, but no network here can take it. */
  unfit: 422,
  /** The client has as many requests under way as it may. */
  too_many: 429,
  /** A fault of this service. */
  failed: 500,
  /** The machine that was to compute did not answer. */
  upstream: 502,
  /** The queue is full. */
  busy: 503,
  /** It is about to end. */
  draining: 503,
  deadline: 504,
  /** It would not fit into the memory of this service. */
  memory: 507,
} as const;

/** Letters that are told: names of strangers may be long. */
const MOST_LETTERS = 1000;

/** Why a request is refused. */
export type Reason = keyof typeof STATUS;

/** A request that is refused. */
export class Refusal extends Error {
  /** For programs. */
  readonly reason: Reason;
  /** Seconds after which it may be tried again; null where that would not help. */
  readonly retryAfter: number | null;

  /**
   * Refuses.
   *
   * @param reason for programs
   * @param message in words: what there was, what was wanted
   * @param retryAfter seconds, where it may be tried again
   * @param options its cause, which no client is told
   */
  constructor(reason: Reason, message: string, retryAfter: number | null = null, options: ErrorOptions = {}) {
    super(message.length > MOST_LETTERS ? `${message.slice(0, MOST_LETTERS)}..` : message, options);
    this.name = "Refusal";
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** Of the response. */
  get status(): number {
    return STATUS[this.reason];
  }
}
