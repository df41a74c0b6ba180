// What the host does with what the service tells: metrics, lines of log, spans.

import { SpanStatusCode, trace } from "@opentelemetry/api";
import type { RequestRecord, ServiceState, Telemetry } from "walrus/serve";
import { type Log, logFault, logRequest } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** Attributes of a span. */
type Attributes = Readonly<Record<string, string | number>>;

/**
 * Runs something as a span. Deno's own exporter takes it where `OTEL_DENO=true` is set; else it costs nothing.
 *
 * @param name of the span
 * @param attributes what it is about
 * @param run what it does
 */
export function span<T>(name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> {
  return trace.getTracer("walrus").startActiveSpan(name, { attributes: { ...attributes } }, async (span) => {
    try {
      return await run();
    } catch (error) {
      // The reason alone: a message may hold what a client wrote.
      const reason = (error as { readonly reason?: unknown } | null)?.reason;
      span.setStatus({ code: SpanStatusCode.ERROR, message: typeof reason === "string" ? reason : "failed" });
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * What a service is given to tell.
 *
 * @param metrics what Prometheus reads
 * @param log lines
 */
export function hostTelemetry(metrics: Metrics, log: Log): Telemetry {
  return {
    request(record: RequestRecord): void {
      metrics.request(record);
      logRequest(log, record);
      // The span of the whole request is Deno's own.
      trace.getActiveSpan()?.setAttributes({
        "forecast.request_id": record.id,
        "forecast.steps": record.steps,
        ...(record.model === null ? {} : { "forecast.model": record.model }),
        ...(record.reason === null ? {} : { "forecast.reason": record.reason }),
      });
    },
    frame: (model, seconds) => metrics.frame(model, seconds),
    model(name, event, bytes): void {
      metrics.model(name, event);
      log("info", `model ${event}`, { model: name, bytes });
    },
    retry(why, attempt, id): void {
      metrics.retry();
      log("warn", "upstream is asked again", { id, why, attempt });
    },
    fault(error, id): void {
      metrics.fault();
      logFault(log, error, id);
    },
    span,
    metrics: (state: ServiceState) => metrics.text(state),
  };
}
