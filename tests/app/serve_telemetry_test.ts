// What the endpoint tells: metrics of bounded size, lines without payloads.

import assert from "node:assert/strict";
import { jsonLog, logFault, logRequest } from "../../app/serve/log.ts";
import { Metrics } from "../../app/serve/metrics.ts";
import { hostTelemetry, span } from "../../app/serve/telemetry.ts";
import { Refusal } from "../../lib/serve/refusal.ts";
import type { RequestRecord, ServiceState } from "../../lib/serve/telemetry.ts";

const RECORD: RequestRecord = {
  id: "request-1",
  method: "POST",
  route: "/v1/forecast",
  status: 200,
  token: "lab",
  model: "small",
  reason: null,
  steps: 2,
  bytesIn: 10,
  bytesOut: 2000,
  seconds: { read: 0.001, compute: 0.2000004, write: 0.01 },
};
const STATE: ServiceState = { running: 1, waiting: 3, models: { small: 5e6 }, draining: false };

/** Values of a metric by its labels. */
function valuesOf(text: string, name: string): Record<string, number> {
  const lines = text.split("\n").filter((line) => line.startsWith(name) && /[{ ]/.test(line[name.length]!));
  return Object.fromEntries(lines.map((line) => {
    const [, labels = "", value] = /^\w+(?:\{(.*)\})? (\S+)$/.exec(line)!;
    return [labels, Number(value)];
  }));
}

Deno.test("metrics count requests, refusals, bytes, steps and phases, and show queue, memory and limits", async () => {
  using metrics = new Metrics(["small"], { waiting: 64 });
  metrics.request(RECORD);
  metrics.request({ ...RECORD, status: 503, reason: "busy", model: null, steps: 0, seconds: { read: 0.5 } });
  metrics.frame("small", 0.1);
  metrics.frame("small", 0.3);
  metrics.model("small", "loaded");
  metrics.retry();
  metrics.fault();
  const { type, body } = await metrics.text(STATE);
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  assert.deepEqual(valuesOf(body, "walrus_requests_total"), {
    'route="/v1/forecast",method="POST",status="200",model="small"': 1,
    'route="/v1/forecast",method="POST",status="503",model=""': 1,
  });
  assert.deepEqual(valuesOf(body, "walrus_refusals_total"), { 'reason="busy"': 1 });
  assert.deepEqual(valuesOf(body, "walrus_bytes_total"), { 'direction="in"': 20, 'direction="out"': 4000 });
  assert.deepEqual(valuesOf(body, "walrus_steps_total"), { 'model="small"': 2 });
  assert.deepEqual(valuesOf(body, "walrus_step_seconds_sum"), { 'model="small"': 0.4 });
  assert.deepEqual(valuesOf(body, "walrus_phase_seconds_count"), {
    'phase="read"': 2,
    'phase="compute"': 1,
    'phase="write"': 1,
  });
  assert.equal(valuesOf(body, "walrus_phase_seconds_bucket")['le="0.0025",phase="read"'], 1);
  assert.deepEqual(valuesOf(body, "walrus_running"), { "": 1 });
  assert.deepEqual(valuesOf(body, "walrus_waiting"), { "": 3 });
  assert.deepEqual(valuesOf(body, "walrus_draining"), { "": 0 });
  assert.deepEqual(valuesOf(body, "walrus_limit"), { 'limit="waiting"': 64 });
  assert.deepEqual(valuesOf(body, "walrus_model_bytes"), { 'model="small"': 5e6 });
  assert.deepEqual(valuesOf(body, "walrus_faults_total"), { "": 1 });
  assert.deepEqual(valuesOf(body, "walrus_upstream_retries_total"), { "": 1 });
  assert.ok(valuesOf(body, "process_resident_memory_bytes")[""]! > 1e6);
  assert.ok(Math.abs(valuesOf(body, "process_start_time_seconds")[""]! - Date.now() / 1000) < 3600);
});

Deno.test("metrics keep no names that clients write, and no network that is gone", async () => {
  using metrics = new Metrics(["small"], {});
  for (let i = 0; i < 100; i++) {
    metrics.request({ ...RECORD, model: `model ${i}`, method: i % 2 ? `M${i}` : "POST", route: "other" });
    metrics.frame(`model ${i}`, 1);
  }
  await metrics.text(STATE);
  const { body } = await metrics.text({ ...STATE, models: {} });
  assert.deepEqual(valuesOf(body, "walrus_requests_total"), {
    'route="other",method="POST",status="200",model="other"': 50,
    'route="other",method="other",status="200",model="other"': 50,
  });
  assert.deepEqual(valuesOf(body, "walrus_steps_total"), { 'model="other"': 100 });
  assert.deepEqual(valuesOf(body, "walrus_model_bytes"), {});
});

Deno.test("metrics tell how long the thread that answers was busy, since the last look", async () => {
  using metrics = new Metrics([], {});
  const pause = () => new Promise((resolve) => setTimeout(resolve, 120));
  const delay = async () =>
    valuesOf((await metrics.text(STATE)).body, "walrus_event_loop_delay_seconds")[""]!;
  await pause();
  await delay();
  const until = performance.now() + 300;
  while (performance.now() < until);
  await pause();
  assert.ok(await delay() > 0.2);
  assert.ok(await delay() < 0.2);
});

Deno.test("the log has one line of JSON a request, without what it held", () => {
  const lines: string[] = [];
  const log = jsonLog((line) => lines.push(line), () => new Date(0));
  logRequest(log, RECORD);
  logRequest(log, { ...RECORD, status: 500, reason: "failed" });
  logRequest(log, { ...RECORD, status: 503, reason: "busy" });
  assert.deepEqual(JSON.parse(lines[0]!), {
    time: "1970-01-01T00:00:00.000Z",
    level: "info",
    event: "request",
    id: "request-1",
    method: "POST",
    route: "/v1/forecast",
    status: 200,
    token: "lab",
    model: "small",
    reason: null,
    steps: 2,
    bytes_in: 10,
    bytes_out: 2000,
    seconds: { read: 0.001, compute: 0.2, write: 0.01 },
  });
  assert.deepEqual(lines.map((line) => JSON.parse(line).level), ["info", "warn", "info"]);
});

Deno.test("the log leaves out what balancers ask all the time, unless it fails", () => {
  const lines: string[] = [];
  const log = jsonLog((line) => lines.push(line));
  for (const route of ["/healthz", "/readyz", "/metrics"]) logRequest(log, { ...RECORD, route });
  logRequest(log, { ...RECORD, route: "/readyz", status: 503, reason: "draining" });
  assert.deepEqual(lines.map((line) => JSON.parse(line).route), ["/readyz"]);
});

Deno.test("a fault is logged with its stack and the number that its answer tells", () => {
  const lines: string[] = [];
  logFault(jsonLog((line) => lines.push(line)), new TypeError("no device", { cause: "lost" }), "request-2");
  const { level, event, id, error, cause } = JSON.parse(lines[0]!);
  assert.deepEqual([level, event, id, cause], ["error", "fault", "request-2", "lost"]);
  assert.match(error, /^TypeError: no device\n +at /);
});

Deno.test("span() gives what runs in it, and throws what it throws", async () => {
  assert.equal(await span("a", { b: 1 }, () => Promise.resolve(3)), 3);
  const refusal = new Refusal("busy", "full");
  await assert.rejects(span("a", {}, () => Promise.reject(refusal)), (error) => error === refusal);
});

Deno.test("hostTelemetry() tells metrics and log of everything", async () => {
  const events: string[] = [];
  using metrics = new Metrics(["small"], {});
  const telemetry = hostTelemetry(metrics, (_, event) => void events.push(event));
  telemetry.request!(RECORD);
  telemetry.frame!("small", 1);
  telemetry.model!("small", "evicted", 3);
  telemetry.retry!("it answered 503", 1, "id");
  telemetry.fault!(new Error("x"), "id");
  assert.deepEqual(events, ["request", "model evicted", "upstream is asked again", "fault"]);
  const { body } = await telemetry.metrics!(STATE);
  assert.deepEqual(valuesOf(body, "walrus_model_events_total"), { 'model="small",event="evicted"': 1 });
  assert.deepEqual(valuesOf(body, "walrus_faults_total"), { "": 1 });
  assert.deepEqual(valuesOf(body, "walrus_upstream_retries_total"), { "": 1 });
});
