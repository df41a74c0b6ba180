// Lines of JSON, one an event: what happened, never what a request held.

import type { RequestRecord } from "walrus/serve";

/** How bad it is. */
export type Level = "info" | "warn" | "error";

/** Takes events. */
export type Log = (level: Level, event: string, more?: Readonly<Record<string, unknown>>) => void;

/**
 * Makes a log.
 *
 * @param print takes a line
 * @param now the time
 */
export function jsonLog(print: (line: string) => void, now: () => Date = () => new Date()): Log {
  return (level, event, more = {}) =>
    print(JSON.stringify({ time: now().toISOString(), level, event, ...more }));
}

/** Digits that are worth a look. */
function rounded(seconds: number): number {
  return Number(seconds.toPrecision(4));
}

/** Requests that balancers and Prometheus send all the time. */
const QUIET = /^\/(?:healthz|readyz|metrics)$/;

/** A request that is over. */
export function logRequest(log: Log, { seconds, bytesIn, bytesOut, ...record }: RequestRecord): void {
  if (QUIET.test(record.route) && record.status < 500) return;
  const phases = Object.entries(seconds).map(([phase, took]) => [phase, rounded(took)]);
  const level = record.status >= 500 && !["busy", "draining"].includes(record.reason ?? "") ? "warn" : "info";
  log(level, "request", {
    ...record,
    bytes_in: bytesIn,
    bytes_out: bytesOut,
    seconds: Object.fromEntries(phases),
  });
}

/** A fault with its stack: the log is the operator's, the answer tells its number alone. */
export function logFault(log: Log, error: unknown, id: string): void {
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? { cause: String(error.cause) } : {};
  log("error", "fault", { id, error: stack, ...cause });
}
