// A service that passes on what it has no network for: to another of the same kind, over a socket.

import assert from "node:assert/strict";
import { readFrames } from "../../lib/serve/answer/read_frames.ts";
import { forecastService, type ServiceOptions } from "../../lib/serve/service.ts";
import type { RequestRecord } from "../../lib/serve/telemetry.ts";
import { StubModel } from "./stub_model.ts";
import { ask, stubService, until } from "./stub_service.ts";

/** A service with the network `stub` on a port, and one before it that has the network `own`, or none. */
async function behind(
  edgeOptions: Partial<ServiceOptions>,
  use: (
    edge: ReturnType<typeof forecastService>,
    host: ReturnType<typeof stubService>,
    told: RequestRecord[],
  ) => Promise<void>,
  pace = 0,
) {
  const host = stubService({}, { pace });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => host.service.fetch(request),
  );
  const told: RequestRecord[] = [];
  const own = new StubModel();
  const edge = forecastService({
    models: { own: { load: () => Promise.resolve(own) } },
    upstream: { url: `http://127.0.0.1:${server.addr.port}`, attempts: 2, backoff: 0.01 },
    telemetry: { request: (record) => told.push(record) },
    ...edgeOptions,
  });
  try {
    await use(edge, host, told);
  } finally {
    await edge[Symbol.asyncDispose]();
    await host.service[Symbol.asyncDispose]();
    await server.shutdown();
  }
}

Deno.test("a network that is not here is asked for there; what is here stays here", async () => {
  await behind({}, async (edge, host, told) => {
    const headers = { "x-request-id": "passed" };
    const [here, there] = await Promise.all([host.service, edge].map(async (service) => {
      const response = await service.fetch(ask({ model: "stub", steps: 3 }, headers));
      assert.equal(response.status, 200);
      return await response.text();
    }));
    assert.equal(there, here);
    assert.deepEqual(told.map(({ id, model, status }) => [id, model, status]), [["passed", "stub", 200]]);
    assert.deepEqual(host.told.requests.map(({ id }) => id), ["passed", "passed"]);
    // Its data are not known here, and nobody there is asked.
    const own = await edge.fetch(ask({ model: "own" }));
    assert.deepEqual([own.status, (await own.json()).reason], [404, "not_found"]);
    assert.equal(host.told.requests.length, 2);
  });
});

Deno.test("a service without networks passes all on, frames as they come", async () => {
  await behind({ models: {} }, async (edge, host) => {
    const response = await edge.fetch(ask({ steps: 30 }, { accept: "application/x-walrus-frames" }));
    const steps: number[] = [];
    for await (const { step } of readFrames(response)) {
      steps.push(step);
      if (step === 3) break;
    }
    assert.deepEqual(steps, [1, 2, 3]);
    await until("its place there is free", () => host.service.state.running === 0);
    assert.equal(host.told.requests[0]!.reason, "left");
  }, 20);
});

Deno.test("what is refused there is refused here in the same words; what is named alone is passed on", async () => {
  await behind({ upstream: { url: "http://127.0.0.1:1", models: ["far"], attempts: 1 } }, async (edge) => {
    const unknown = await edge.fetch(ask({ model: "stub" }));
    assert.equal((await unknown.json()).detail, 'There is no model "stub"; there are own, far');
    const unreachable = await edge.fetch(ask({ model: "far" }));
    const { status, reason, retryAfter } = await unreachable.json();
    assert.deepEqual([status, reason, retryAfter], [502, "upstream", 1]);
  });
  await behind({}, async (edge) => {
    const refused = await edge.fetch(ask({ model: "stub", map: { rho: "A" } }));
    const { status, detail } = await refused.json();
    assert.deepEqual([status, detail], [422, "map.rho: the window has no such field; it has A, B"]);
  });
});
