// One request from its first byte to its answer's last: what is told of it when it is over.

import { ID_HEADER } from "./errors.ts";
import { LeftError } from "./signals.ts";
import type { Reason, Refusal } from "./refusal.ts";
import type { Phase, RequestRecord, Telemetry } from "./telemetry.ts";

/** Status in records of clients that left before they were answered; nobody receives it. */
export const LEFT_STATUS = 499;

/** The id that a client gave, or a new one. */
function idOf(headers: Headers): string {
  const given = headers.get(ID_HEADER);
  return given !== null && /^[\w.:-]{1,100}$/.test(given) ? given : crypto.randomUUID();
}

/** See the head of the file. */
export class Exchange {
  readonly id: string;
  readonly method: string;
  route: string;
  token: string | null = null;
  model: string | null = null;
  reason: Reason | "left" | null = null;
  steps = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly #telemetry: Telemetry;
  readonly #seconds: Partial<Record<Phase, number>> = {};
  #over = false;

  constructor(request: Request, route: string, telemetry: Telemetry) {
    this.id = idOf(request.headers);
    this.method = request.method;
    this.route = route;
    this.#telemetry = telemetry;
  }

  /** Adds to the time of a phase. */
  took(phase: Phase, seconds: number): void {
    this.#seconds[phase] = (this.#seconds[phase] ?? 0) + seconds;
  }

  /** Seconds of a phase so far. */
  seconds(phase: Phase): number {
    return this.#seconds[phase] ?? 0;
  }

  /** Runs a phase: timed, and a span of its own. */
  async phase<T>(phase: Phase, run: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await this.span(phase, run);
    } finally {
      this.took(phase, (performance.now() - began) / 1000);
    }
  }

  /** Runs a phase as a span of its own. */
  async span<T>(phase: Phase, run: () => Promise<T>): Promise<T> {
    const { span } = this.#telemetry;
    if (!span) return await run();
    const attributes = {
      "forecast.request_id": this.id,
      ...(this.model === null ? {} : { "forecast.model": this.model }),
    };
    return await span.call(this.#telemetry, `forecast ${phase}`, attributes, run) as T;
  }

  /** Notes why it is refused or ends early; a fault of the service is told by itself. */
  failed(refusal: Refusal): void {
    this.reason = refusal.reason;
    const isFault = refusal.reason === "failed" || (refusal.reason === "busy" && refusal.cause !== undefined);
    if (isFault) this.#telemetry.fault?.(refusal.cause ?? refusal, this.id);
  }

  /** Notes what ended it, where that was the client. */
  left(error: unknown): boolean {
    if (!(error instanceof LeftError)) return false;
    this.reason ??= "left";
    return true;
  }

  /** It is over: told once. */
  finish(status: number): void {
    if (this.#over) return;
    this.#over = true;
    const { id, method, route, token, model, reason, steps, bytesIn, bytesOut } = this;
    const seconds = this.#seconds;
    const record: RequestRecord = {
      id,
      method,
      route,
      status,
      token,
      model,
      reason,
      steps,
      bytesIn,
      bytesOut,
      seconds,
    };
    this.#telemetry.request?.(record);
  }
}
