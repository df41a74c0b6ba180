// What a service tells about itself. The host brings what keeps it (Prometheus, OpenTelemetry, logs); a service without
// one tells nothing, so that the handler runs where there is none of these.

import type { Reason } from "./refusal.ts";

/** Parts of a request's time. */
export type Phase = "read" | "wait" | "load" | "compute" | "write";

/** What is known of a request when it is over; nothing of what it held. */
export interface RequestRecord {
  /** Of this request, also in its response's header `x-request-id`. */
  readonly id: string;
  /** Of HTTP. */
  readonly method: string;
  /** The route, not the path that was asked for: `/v1/forecast`. */
  readonly route: string;
  /** Of the response; 499 where the client left before there was one. */
  readonly status: number;
  /** Name of the token; null where none is wanted. */
  readonly token: string | null;
  /** Name of the network; null where none was asked for. */
  readonly model: string | null;
  /** Why it was refused, or ended early; null where it was answered. `left`: the client went away. */
  readonly reason: Reason | "left" | null;
  /** Frames that were computed. */
  readonly steps: number;
  /** Of the body as it came. */
  readonly bytesIn: number;
  /** Of the answer's body that were taken. */
  readonly bytesOut: number;
  /** Seconds by phase. */
  readonly seconds: Readonly<Partial<Record<Phase, number>>>;
}

/** What there is at a moment. */
export interface ServiceState {
  /** Forecasts that run. */
  readonly running: number;
  /** Requests that wait for their turn. */
  readonly waiting: number;
  /** Networks that are loaded, with the bytes they take. */
  readonly models: Readonly<Record<string, number>>;
  /** Whether it takes no more forecasts. */
  readonly draining: boolean;
}

/** Takes what a service tells. Methods return at once and throw nothing. */
export interface Telemetry {
  /** A request is over. */
  request?(record: RequestRecord): void;
  /** A frame was computed. */
  frame?(model: string, seconds: number): void;
  /** A network was loaded, or its memory given back. */
  model?(name: string, event: "loaded" | "evicted", bytes: number): void;
  /** A fault of the service, not of a request. */
  fault?(error: unknown, id: string): void;
  /** The other endpoint did not answer a request, and is asked again. */
  retry?(why: string, attempt: number, id: string): void;
  /** Runs a part of a request as a span of this name. */
  span?<T>(
    name: string,
    attributes: Readonly<Record<string, string | number>>,
    run: () => Promise<T>,
  ): Promise<T>;
  /** The body of `GET /metrics`, and its content type; absent where there are none. */
  metrics?(state: ServiceState): Promise<{ readonly type: string; readonly body: string }>;
}
