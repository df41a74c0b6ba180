// What Prometheus reads: requests, refusals, phases of their time, steps, queue, memory. Names of models and routes are
// those that are known: what clients write never becomes a label.

import prometheus from "prom-client";
import type { RequestRecord, ServiceState } from "walrus/serve";

/** Seconds of a phase: a step of a small network takes milliseconds, a forecast of a large one minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** How often the thread that answers is asked whether it is free. */
const PULSE = 50;

/** What is counted. */
export class Metrics implements Disposable {
  readonly #registry = new prometheus.Registry();
  readonly #models: ReadonlySet<string>;
  readonly #timer: ReturnType<typeof setInterval>;
  #delay = 0;

  readonly #requests = this.#counter("requests_total", "Requests that are over", [
    "route",
    "method",
    "status",
    "model",
  ]);
  readonly #refusals = this.#counter("refusals_total", "Requests that were refused or ended early", [
    "reason",
  ]);
  readonly #duration = this.#histogram("request_seconds", "Time of a request, all phases", ["route"]);
  readonly #phases = this.#histogram("phase_seconds", "Time of a request by phase", ["phase"]);
  readonly #steps = this.#counter("steps_total", "Frames that were computed", ["model"]);
  readonly #stepTime = this.#histogram("step_seconds", "Time from frame to frame of a forecast", ["model"]);
  readonly #bytes = this.#counter("bytes_total", "Bytes of bodies and answers", ["direction"]);
  readonly #events = this.#counter("model_events_total", "Networks that were loaded or evicted", [
    "model",
    "event",
  ]);
  readonly #retries = this.#counter(
    "upstream_retries_total",
    "Attempts that the other endpoint did not answer",
    [],
  );
  readonly #faults = this.#counter("faults_total", "Faults of the service", []);
  readonly #running = this.#gauge("running", "Forecasts that run", []);
  readonly #waiting = this.#gauge("waiting", "Requests that wait for their turn", []);
  readonly #draining = this.#gauge("draining", "1 once the service is about to end", []);
  readonly #modelBytes = this.#gauge("model_bytes", "Memory that a loaded network takes", ["model"]);
  readonly #limits = this.#gauge("limit", "Limits of the service", ["limit"]);
  readonly #lag = this.#gauge(
    "event_loop_delay_seconds",
    "Longest time since the last look that the thread that answers was busy",
    [],
  );
  readonly #resident = new prometheus.Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process",
    registers: [this.#registry],
  });
  readonly #started = new prometheus.Gauge({
    name: "process_start_time_seconds",
    help: "When the process began, since 1970",
    registers: [this.#registry],
  });

  /**
   * @param models names that may be labels
   * @param limits of the service, to see how near it is to them
   */
  constructor(models: Iterable<string>, limits: Readonly<Record<string, number>>) {
    this.#models = new Set(models);
    for (const [limit, value] of Object.entries(limits)) this.#limits.set({ limit }, value);
    this.#started.set((performance.timeOrigin) / 1000);
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#delay = Math.max(this.#delay, (now - last - PULSE) / 1000);
      last = now;
    }, PULSE);
    Deno.unrefTimer(this.#timer);
  }

  #named<L extends string>(name: string, help: string, labelNames: readonly L[]) {
    return { name: `walrus_${name}`, help, labelNames, registers: [this.#registry] };
  }

  #counter<L extends string>(name: string, help: string, labels: readonly L[]) {
    return new prometheus.Counter<L>(this.#named(name, help, labels));
  }

  #gauge<L extends string>(name: string, help: string, labels: readonly L[]) {
    return new prometheus.Gauge<L>(this.#named(name, help, labels));
  }

  #histogram<L extends string>(name: string, help: string, labels: readonly L[]) {
    return new prometheus.Histogram<L>({ ...this.#named(name, help, labels), buckets: SECONDS });
  }

  #model(name: string | null): string {
    if (name === null) return "";
    return this.#models.has(name) ? name : "other";
  }

  /** A request is over. */
  request({ route, method, status, model, reason, bytesIn, bytesOut, seconds }: RequestRecord): void {
    const known = /^[A-Z]{1,8}$/.test(method) ? method : "other";
    this.#requests.inc({ route, method: known, status: String(status), model: this.#model(model) });
    if (reason) this.#refusals.inc({ reason });
    const phases = Object.entries(seconds);
    for (const [phase, took] of phases) this.#phases.observe({ phase }, took);
    // What only tells of the service has no phases.
    if (phases.length > 0) this.#duration.observe({ route }, phases.reduce((sum, [, took]) => sum + took, 0));
    this.#bytes.inc({ direction: "in" }, bytesIn);
    this.#bytes.inc({ direction: "out" }, bytesOut);
  }

  /** A frame was computed. */
  frame(model: string, seconds: number): void {
    const known = this.#model(model);
    this.#steps.inc({ model: known });
    this.#stepTime.observe({ model: known }, seconds);
  }

  /** A network was loaded or evicted. */
  model(name: string, event: "loaded" | "evicted"): void {
    this.#events.inc({ model: this.#model(name), event });
  }

  /** The other endpoint is asked again. */
  retry(): void {
    this.#retries.inc();
  }

  /** A fault of the service. */
  fault(): void {
    this.#faults.inc();
  }

  /** All of it as Prometheus reads it. */
  async text({ running, waiting, draining, models }: ServiceState): Promise<{ type: string; body: string }> {
    this.#running.set(running);
    this.#waiting.set(waiting);
    this.#draining.set(draining ? 1 : 0);
    this.#modelBytes.reset();
    for (const [name, bytes] of Object.entries(models)) {
      this.#modelBytes.set({ model: this.#model(name) }, bytes);
    }
    this.#resident.set(Deno.memoryUsage().rss);
    this.#lag.set(this.#delay);
    this.#delay = 0;
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#registry.clear();
  }
}
