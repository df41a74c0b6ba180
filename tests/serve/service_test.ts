// What a service says to requests, with a network that computes nothing.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DeviceLostError } from "../../lib/compile/device.ts";
import type { Problem } from "../../lib/serve/errors.ts";
import { forecastService } from "../../lib/serve/service.ts";
import { StubModel } from "./stub_model.ts";
import { ask, stubService, until } from "./stub_service.ts";

const get = (path: string, init: RequestInit = {}) => new Request(`http://localhost${path}`, init);

/** A response that has to be a problem, and its body. */
async function problem(response: Response): Promise<Problem> {
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const body = await response.json() as Problem;
  assert.equal(body.status, response.status);
  assert.equal(body.type, `urn:walrus:problem:${body.reason}`);
  assert.equal(body.instance, response.headers.get("x-request-id"));
  if (body.retryAfter !== undefined) assert.equal(response.headers.get("retry-after"), `${body.retryAfter}`);
  return body;
}

Deno.test("a forecast of a data set is answered, and told with its phases", async () => {
  const { service, told } = stubService();
  const response = await service.fetch(ask({ steps: 3 }, { "x-request-id": "mine-1" }));
  assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/json"]);
  assert.equal(response.headers.get("x-request-id"), "mine-1");
  const { model, window } = await response.json();
  assert.deepEqual([model, window.fields.A.shape], ["stub", [3, 64, 64]]);
  const [record] = told.requests;
  const { seconds, bytesOut, bytesIn, ...rest } = record!;
  assert.deepEqual(rest, {
    id: "mine-1",
    method: "POST",
    route: "/v1/forecast",
    status: 200,
    token: null,
    model: "stub",
    reason: null,
    steps: 3,
  });
  assert.ok(bytesOut > 100_000 && bytesIn === 37, `${bytesOut} ${bytesIn}`);
  assert.deepEqual(Object.keys(seconds).sort(), ["compute", "load", "read", "wait", "write"]);
  assert.deepEqual([told.requests.length, told.frames.length, told.faults.length], [1, 3, 0]);
  assert.deepEqual(told.spans, ["read", "load", "wait", "compute"].map((phase) => `forecast ${phase}`));
  await service[Symbol.asyncDispose]();
});

Deno.test("what is wrong with a request is said as a problem, with its status, reason and words", async () => {
  const { service, told } = stubService({ limits: { steps: 10, bytes: 70_000 } });
  const cases: readonly (readonly [Request, number, string, RegExp])[] = [
    [
      ask({ data: { dataset: "mine" } }),
      404,
      "not_found",
      /no data set "mine", did you mean "mini"\?; there are mini/,
    ],
    [ask({ data: { dataset: "mini", trajectory: 4 } }), 404, "not_found", /Trajectory 4 of "mini"/],
    [ask({ data: { dataset: "mini", split: "tset" } }), 404, "not_found", /no split "tset", it has all/],
    [ask({ data: { dataset: "mini", start: 40 } }), 400, "malformed", /has frames 0 to 12/],
    [ask({ model: "big" }), 404, "not_found", /no model "big"; there are stub/],
    [
      ask({ steps: 0, sead: 1 }),
      400,
      "malformed",
      /steps is 0, wanted an integer from 1; "sead" is not known/,
    ],
    [ask({ steps: 11 }), 413, "too_large", /steps is 11/],
    [ask({}, {}, { body: "{" }), 400, "malformed", /no JSON/],
    [ask({}, {}, { body: "x".repeat(80_000) }), 413, "too_large", /80000 bytes/],
    [ask({}, { "content-type": "image/png" }), 415, "unsupported_media", /image\/png/],
    [ask({}, { accept: "image/png" }), 406, "not_acceptable", /image\/png/],
    [ask({}, { "x-request-deadline": "soon" }), 400, "malformed", /x-request-deadline/],
    [ask({ outputs: ["C"] }), 400, "malformed", /C/],
    [ask({ map: { rho: "density" } }), 422, "unfit", /map.rho: the window has no such field; it has A, B/],
    [ask({ data: { dataset: "mini", frames: 2 } }), 422, "unfit", /2 frames, this network takes 1 to 1/],
    [ask({ kvCache: true }), 422, "unfit", /KV cache/],
    [get("/v1/forecast"), 405, "method", /GET, wanted POST/],
    [get("/v1/models", { method: "DELETE" }), 405, "method", /DELETE, wanted GET/],
    [get("/v2/forecast"), 404, "not_found", /nothing at \/v2\/forecast; \/openapi.json tells/],
  ];
  for (const [request, status, reason, words] of cases) {
    const response = await service.fetch(request);
    const body = await problem(response);
    assert.deepEqual([body.status, body.reason], [status, reason], body.detail);
    assert.match(body.detail, words);
    if (status === 405) assert.match(response.headers.get("allow")!, /^(?:GET|POST)$/);
  }
  assert.equal(told.requests.length, cases.length);
  assert.deepEqual([told.faults, service.state.running, service.state.waiting], [[], 0, 0]);
  await service[Symbol.asyncDispose]();
});

Deno.test("a fault of the service is told to its operator, and not to the client", async () => {
  const { service, told } = stubService({}, { failAt: 1 });
  const { status, detail } = await problem(await service.fetch(ask()));
  assert.equal(status, 500);
  assert.doesNotMatch(detail, /secret|\.ts|broke/);
  assert.match(String(told.faults[0]), /it broke/);
  assert.equal(told.requests[0]!.reason, "failed");
  await service[Symbol.asyncDispose]();
});

Deno.test("a device or a worker that is gone is told as what may be tried again, and the network is loaded anew", async () => {
  for (
    const error of [new DeviceLostError("The device was lost"), new Error("The worker ended: out of memory")]
  ) {
    const made: StubModel[] = [];
    const load = () => {
      made.push(new StubModel(made.length === 0 ? { failAt: 2, error } : {}));
      return Promise.resolve(made.at(-1)!);
    };
    const { service, told } = stubService({ models: { stub: { load } } });
    const lost = await problem(await service.fetch(ask({ steps: 3 })));
    assert.deepEqual([lost.status, lost.reason, lost.retryAfter], [503, "busy", 1]);
    assert.deepEqual(told.faults, [error]);
    const again = await service.fetch(ask({ steps: 3 }));
    assert.equal((await again.json()).steps, 3);
    assert.deepEqual(made.map(({ disposed }) => disposed), [true, false]);
    await service[Symbol.asyncDispose]();
  }
});

Deno.test("a fault in the midst of a stream is its last record", async () => {
  const { service, told } = stubService({}, { failAt: 3 });
  const response = await service.fetch(ask({ steps: 5 }, { accept: "text/event-stream" }));
  assert.equal(response.status, 200);
  const events = (await response.text()).trim().split("\n\n");
  assert.deepEqual(events.map((event) => /^event: (\w+)/.exec(event)![1]), [
    "start",
    "frame",
    "frame",
    "error",
  ]);
  assert.match(events.at(-1)!, /"reason":"failed"/);
  assert.doesNotMatch(events.at(-1)!, /secret/);
  assert.deepEqual([told.requests[0]!.reason, told.requests[0]!.steps, told.faults.length], ["failed", 2, 1]);
  await service[Symbol.asyncDispose]();
});

Deno.test("frames are computed as they are read, at most one ahead", async () => {
  const { service, model } = stubService();
  for (const accept of ["text/event-stream", "application/x-walrus-frames"]) {
    const before = model.computed;
    const response = await service.fetch(ask({ steps: 50 }, { accept }));
    const reader = response.body!.getReader();
    for (let read = 1; read <= 5; read++) {
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(model.computed - before <= read + 1, `${accept}: ${model.computed - before} after ${read}`);
    }
    await reader.cancel();
    await until("the place is free", () => service.state.running === 0);
  }
  await service[Symbol.asyncDispose]();
});

Deno.test("a reader that stalls loses its place to those who wait", async () => {
  const { service, told } = stubService({ limits: { running: 1, stall: 0.2 } });
  const stalled = await service.fetch(ask({ steps: 50 }, { accept: "text/event-stream" }));
  const reader = stalled.body!.getReader();
  await reader.read();
  const next = await service.fetch(ask({ steps: 1 }));
  assert.equal(next.status, 200);
  await next.text();
  await assert.rejects(reader.read(), /was not read for 0.2 seconds/);
  assert.deepEqual(told.requests.map(({ reason }) => reason), ["timeout", null]);
  await service[Symbol.asyncDispose]();
});

Deno.test("a full queue answers 503, a client with too many 429, both with Retry-After", async () => {
  const sha256 = createHash("sha256").update("secret").digest("hex");
  const other = createHash("sha256").update("other").digest("hex");
  const { service } = stubService({
    limits: { running: 1, waiting: 2 },
    tokens: [{ name: "few", sha256, limits: { perToken: 2 } }, { name: "other", sha256: other }],
  }, { pace: 60 });
  const as = (token: string) => service.fetch(ask({ steps: 3 }, { authorization: `Bearer ${token}` }));
  const running = as("secret");
  await until("it runs", () => service.state.running === 1);
  const waiting = as("secret");
  await until("it waits", () => service.state.waiting === 1);
  const many = await problem(await as("secret"));
  assert.deepEqual([many.status, many.reason], [429, "too_many"]);
  assert.ok(many.retryAfter! >= 1);
  const third = as("other");
  await until("both wait", () => service.state.waiting === 2);
  const busy = await problem(await as("other"));
  assert.deepEqual([busy.status, busy.reason], [503, "busy"]);
  assert.ok(busy.retryAfter! >= 1);
  const answers = await Promise.all([running, waiting, third]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
  await Promise.all(answers.map((answer) => answer.text()));
  await service[Symbol.asyncDispose]();
});

Deno.test("tokens are wanted where there are some, and their limits hold", async () => {
  const sha256 = createHash("sha256").update("secret").digest("hex");
  const { service, told } = stubService({ tokens: [{ name: "lab", sha256, limits: { steps: 2 } }] });
  for (const request of [ask(), get("/v1/models"), get("/v1/datasets")]) {
    const response = await service.fetch(request);
    assert.equal((await problem(response)).status, 401);
    assert.match(response.headers.get("www-authenticate")!, /^Bearer/);
  }
  const headers = { authorization: "Bearer secret" };
  assert.equal((await problem(await service.fetch(ask({ steps: 3 }, headers)))).reason, "too_large");
  const answer = await service.fetch(ask({ steps: 2 }, headers));
  await answer.text();
  assert.deepEqual([answer.status, told.requests.at(-1)!.token], [200, "lab"]);
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    const response = await service.fetch(get(path));
    await response.text();
    assert.equal(response.status, 200);
  }
  await service[Symbol.asyncDispose]();
});

Deno.test("pages of configured origins may ask, others may not", async () => {
  const { service } = stubService({ origins: ["https://lab.example"] });
  const preflight = (origin: string) =>
    service.fetch(get("/v1/forecast", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    }));
  const allowed = await preflight("https://lab.example");
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get("access-control-allow-origin"), "https://lab.example");
  assert.match(allowed.headers.get("access-control-allow-headers")!, /content-type/);
  assert.equal((await preflight("https://evil.example")).headers.get("access-control-allow-origin"), null);
  const refused = await service.fetch(ask({ steps: 0 }, { origin: "https://lab.example" }));
  assert.equal(refused.headers.get("access-control-allow-origin"), "https://lab.example");
  assert.match(refused.headers.get("access-control-expose-headers")!, /retry-after/);
  await problem(refused);
  await service[Symbol.asyncDispose]();
});

Deno.test("a request that takes longer than it may ends with what it was for", async () => {
  const { service, told } = stubService({ limits: { seconds: 0.3 } }, { pace: 50 });
  const late = await problem(await service.fetch(ask({ steps: 100 })));
  assert.deepEqual([late.status, late.reason], [504, "deadline"]);
  const sooner = await problem(await service.fetch(ask({ steps: 100 }, { "x-request-deadline": "0.1" })));
  assert.match(sooner.detail, /longer than 0.1 s/);
  const stream = await service.fetch(ask({ steps: 100 }, { accept: "text/event-stream" }));
  assert.match((await stream.text()).trim().split("\n\n").at(-1)!, /^event: error\n.*"reason":"deadline"/);
  await until("all is told", () => told.requests.length === 3);
  assert.deepEqual(told.requests.map(({ reason }) => reason), ["deadline", "deadline", "deadline"]);
  assert.deepEqual([service.state.running, told.faults], [0, []]);
  await service[Symbol.asyncDispose]();
});

Deno.test("an answer that would be held whole and is too large is refused before it is computed", async () => {
  const { service, model } = stubService({ limits: { answer: 1_000_000 } });
  const { reason, detail } = await problem(
    await service.fetch(ask({ steps: 100 }, { accept: "application/x-npz" })),
  );
  assert.deepEqual([reason, model.begun], ["too_large", 0]);
  assert.match(detail, /application\/x-walrus-frames/);
  const frames = await service.fetch(ask({ steps: 100 }, { accept: "application/x-walrus-frames" }));
  await frames.bytes();
  assert.equal(model.computed, 100);
  await service[Symbol.asyncDispose]();
});

Deno.test("a drained service answers what it has taken, and takes no more", async () => {
  const { service, told } = stubService({ limits: { running: 1 } }, { pace: 30 });
  const taken = [ask({ steps: 3 }), ask({ steps: 3 }, { accept: "text/event-stream" })].map((request) =>
    service.fetch(request).then((response) => response.text())
  );
  await until("one runs, one waits", () => service.state.running === 1 && service.state.waiting === 1);
  let drained = false;
  const draining = service.drain().then(() => drained = true);
  const { reason, status, retryAfter } = await problem(await service.fetch(ask()));
  assert.deepEqual([reason, status, retryAfter], ["draining", 503, 1]);
  assert.equal((await problem(await service.fetch(get("/readyz")))).reason, "draining");
  assert.equal((await service.fetch(get("/healthz"))).status, 200);
  assert.ok(!drained);
  const [json, events] = await Promise.all(taken);
  await draining;
  assert.equal(JSON.parse(json!).steps, 3);
  assert.match(events!, /event: end/);
  assert.equal(told.requests.filter(({ steps }) => steps === 3).length, 2);
  await service[Symbol.asyncDispose]();
});

Deno.test("a service that ends at once tells those it had taken, and disposes of its networks", async () => {
  const { service, model } = stubService({}, { pace: 50 });
  const answered = service.fetch(ask({ steps: 100 }));
  const stream = await service.fetch(ask({ steps: 100 }, { accept: "text/event-stream" }));
  const text = stream.text();
  await service[Symbol.asyncDispose]();
  assert.equal((await problem(await answered)).reason, "draining");
  assert.match((await text).trim().split("\n\n").at(-1)!, /"reason":"draining"/);
  assert.ok(model.disposed);
});

Deno.test("models, data and state are told", async () => {
  const { service } = stubService();
  const models = async () => (await (await service.fetch(get("/v1/models"))).json()).models;
  const [before] = await models();
  assert.deepEqual([before.name, before.description, before.default, before.loaded, before.network], [
    "stub",
    "computes nothing",
    true,
    false,
    null,
  ]);
  await (await service.fetch(ask())).text();
  const [after] = await models();
  assert.deepEqual([after.loaded, after.memory, after.network.family, after.network.frames[2].usual], [
    true,
    2000,
    "toy",
    1,
  ]);
  const { datasets } = await (await service.fetch(get("/v1/datasets"))).json();
  assert.deepEqual(datasets[0].splits[0].grid, { axes: ["x", "y"], shape: [64, 64] });
  assert.equal(await (await service.fetch(get("/metrics"))).text(), "running 0\n");
  await service[Symbol.asyncDispose]();
});

Deno.test("what can not be a service is refused when it is made", () => {
  const models = { a: { load: () => Promise.reject(new Error("never")) } };
  assert.throws(() => forecastService({ models: {} }), /no models and no upstream/);
  assert.throws(
    () => forecastService({ models, limits: { bytes: 0 } }),
    /limits of the service say bytes: 0/,
  );
  const tokens = [{ name: "lab", sha256: "0".repeat(64), limits: { running: 9 } }];
  assert.throws(
    () => forecastService({ models, tokens }),
    /token "lab" name "running", which all tokens share/,
  );
  const wrong = { stepz: 1 } as Record<string, number>;
  assert.throws(() => forecastService({ models, limits: wrong }), /name "stepz", there are bytes, /);
});
