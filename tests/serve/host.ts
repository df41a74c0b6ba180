// The endpoint as a process: what it answers, what it tells, how it ends.

import assert from "node:assert/strict";
import { openData } from "../../mod.ts";
import { readFrames } from "../../lib/serve/answer/read_frames.ts";
import { inRepository } from "../shared.ts";
import { ask, directFrames, directModel, serveProcess } from "./process.ts";

/** A request that takes some tenths of a second. */
const SMALL = { data: { dataset: "gray_scott" }, steps: 2, seed: 1 };

let frames: Promise<Float32Array[][]> | undefined;

/** What the request has to be answered with. */
function expected(): Promise<Float32Array[][]> {
  return frames ??= (async () => {
    await using model = await directModel();
    using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
    const start = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
    return await directFrames(model, start, SMALL);
  })();
}

Deno.test("serve answers with the shipped model bit for bit, and tells of it in metrics and log", async () => {
  await using served = await serveProcess();
  const frames = [];
  const response = await ask(served.url, SMALL, {
    headers: { accept: "application/x-walrus-frames", "x-request-id": "mine" },
  });
  assert.equal(response.headers.get("x-request-id"), "mine");
  for await (const { values } of readFrames(response)) frames.push(values);
  assert.deepEqual(frames, await expected());
  const get = async (path: string) => await (await fetch(served.url + path)).json();
  assert.deepEqual(await get("healthz"), { status: "ok" });
  assert.deepEqual(await get("readyz"), { status: "ready" });
  assert.equal((await get("v1/models")).models[0].name, "walrus_small");
  assert.equal((await get("v1/datasets")).datasets.length, 2);
  const metrics = await (await fetch(`${served.url}metrics`)).text();
  assert.match(metrics, /^walrus_steps_total\{model="walrus_small"\} 2$/m);
  assert.match(
    metrics,
    /^walrus_requests_total\{route="\/v1\/forecast",method="POST",status="200",model="walrus_small"\} 1$/m,
  );
  assert.match(metrics, /^walrus_phase_seconds_count\{phase="compute"\} 1$/m);
  assert.match(metrics, /^walrus_model_bytes\{model="walrus_small"\} [1-9]\d+$/m);
  served.kill("SIGTERM");
  assert.equal(await served.ended, 0, served.errors());
  const logged = served.lines.find(({ id }) => id === "mine")!;
  assert.deepEqual([logged.event, logged.status, logged.steps, logged.reason], ["request", 200, 2, null]);
  assert.deepEqual(served.lines.filter(({ level }) => level !== "info"), []);
  assert.ok(served.lines.every((line) => JSON.stringify(line).length < 500));
  assert.match(
    served.errors(),
    /^http:\S+ forecasts; Ctrl-C ends\s+interrupted: answering what was accepted; .*\s*$/,
  );
});

Deno.test("serve sends spans of a request and of its phases where OTEL_DENO is set", async () => {
  const spans: { name: string; traceId: string; parentSpanId?: string; attributes: unknown }[] = [];
  const came = Promise.withResolvers<void>();
  await using collector = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (new URL(request.url).pathname === "/v1/traces") {
        const { resourceSpans } = await request.json();
        for (const { scopeSpans } of resourceSpans) {
          for (const scope of scopeSpans) {
            spans.push(...scope.spans);
          }
        }
        if (spans.some(({ name }) => name === "forecast compute" || name === "forecast load")) came.resolve();
      }
      return new Response("{}", { headers: { "content-type": "application/json" } });
    },
  );
  await using served = await serveProcess({
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    },
  });
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const response = await ask(served.url, SMALL, {
    headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
  });
  assert.equal(response.status, 200);
  await response.body!.cancel();
  await came.promise;
  served.kill("SIGTERM");
  await served.ended;
  const own = spans.filter(({ traceId }) => traceId === trace);
  const names = own.map(({ name }) => name);
  assert.ok(names.includes("forecast read") && names.includes("forecast wait"), names.join(", "));
  assert.ok(names.some((name) => /POST/.test(name)), names.join(", "));
  assert.doesNotMatch(JSON.stringify(spans), /gray_scott/);
});

Deno.test("SIGTERM: not ready at once, what was accepted is answered whole, what comes is told to go elsewhere", async () => {
  await using served = await serveProcess();
  const wanted = await expected();
  const accept = { headers: { accept: "application/x-walrus-frames" } };
  // More than may run at the same time: some of them wait.
  const asked = Array.from({ length: 6 }, async () => {
    const response = await ask(served.url, SMALL, accept);
    assert.equal(response.status, 200);
    return await Array.fromAsync(readFrames(response), ({ values }) => values);
  });
  for (;;) {
    const metrics = await (await fetch(`${served.url}metrics`)).text();
    if (/^walrus_waiting [34]$/m.test(metrics)) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  served.kill("SIGTERM");
  await served.line("draining");
  const ready = await fetch(`${served.url}readyz`);
  assert.equal(ready.status, 503);
  await ready.body!.cancel();
  const late = await ask(served.url, SMALL, accept);
  assert.equal(late.status, 503);
  assert.ok(Number(late.headers.get("retry-after")) >= 1);
  assert.equal((await late.json()).reason, "draining");
  for (const frames of await Promise.all(asked)) assert.deepEqual(frames, wanted);
  assert.equal(await served.ended, 0, served.errors());
});

Deno.test("SIGTERM: what takes longer than the grace time is cut, and the process ends", async () => {
  await using served = await serveProcess({ yaml: "grace: 1" });
  const response = await ask(served.url, { ...SMALL, steps: 500 }, {
    headers: { accept: "application/x-walrus-frames" },
  });
  const reading = (async () => {
    for await (const _ of readFrames(response));
  })();
  const cut = assert.rejects(reading);
  served.kill("SIGTERM");
  const began = performance.now();
  assert.equal(await served.ended, 1);
  const took = performance.now() - began;
  assert.ok(took > 900 && took < 20_000, `${took} ms`);
  await cut;
  assert.ok(served.lines.some(({ event, level }) => event === "ended" && level === "error"));
});

Deno.test("kill -9 and a new start: a client that repeats what may be repeated has its forecast", async () => {
  const first = await serveProcess();
  const port = Number(new URL(first.url).port);
  const wanted = await expected();
  const seen = new Set<string>();
  const client = async () => {
    for (;;) {
      try {
        const response = await ask(first.url, SMALL, { headers: { accept: "application/x-walrus-frames" } });
        if (response.status === 503) {
          seen.add("503");
          await response.body!.cancel();
        } else {
          assert.equal(response.status, 200);
          return await Array.fromAsync(readFrames(response), ({ values }) => values);
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        seen.add("broken");
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const clients = Array.from({ length: 6 }, client);
  await new Promise((resolve) => setTimeout(resolve, 500));
  first.kill("SIGKILL");
  await first.ended;
  await using _second = await serveProcess({ port });
  for (const frames of await Promise.all(clients)) assert.deepEqual(frames, wanted);
  assert.ok(seen.has("broken"));
});

Deno.test("a body that trickles is given up, and the place of its request is free", async () => {
  await using served = await serveProcess({ yaml: "limits: {stall: 1}" });
  const { hostname, port } = new URL(served.url);
  const sockets = await Promise.all(
    Array.from({ length: 20 }, () => Deno.connect({ hostname, port: Number(port) })),
  );
  const text = new TextEncoder();
  const began = performance.now();
  const answers = sockets.map(async (socket) => {
    await socket.write(
      text.encode(
        "POST /v1/forecast HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{",
      ),
    );
    const trickle = setInterval(() => socket.write(text.encode(" ")).catch(() => {}), 200);
    try {
      const answer = new Uint8Array(4096);
      const read = await socket.read(answer);
      return new TextDecoder().decode(answer.subarray(0, read ?? 0));
    } finally {
      clearInterval(trickle);
      socket.close();
    }
  });
  const good = await ask(served.url, SMALL);
  assert.equal(good.status, 200);
  await good.body!.cancel();
  for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 408 /);
  // The usual limit is 30 s; a machine that is shared may take some for the forecast.
  assert.ok(performance.now() - began < 25_000);
});

Deno.test("tokens of a file are wanted, an edge brings its own to the endpoint behind it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const digest = async (token: string) =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))).toHex();
    await Deno.writeTextFile(
      `${folder}/tokens.yaml`,
      `[{name: edge, sha256: ${await digest("edge-secret")}}, {name: lab, sha256: ${await digest(
        "lab-secret",
      )}, limits: {steps: 1}}]`,
    );
    await Deno.writeTextFile(`${folder}/token`, "edge-secret\n");
    await using host = await serveProcess({ yaml: `tokens: ${folder}/tokens.yaml` });
    await using edge = await serveProcess({
      yaml: `models: {}\ndata: {}\nupstream: {url: "${host.url}", token_file: ${folder}/token}`,
    });
    const status = async (url: string, authorization?: string) => {
      const response = await ask(url, SMALL, authorization ? { headers: { authorization } } : {});
      await response.body!.cancel();
      return response.status;
    };
    assert.deepEqual(
      [
        await status(host.url),
        await status(host.url, "Bearer guessed"),
        await status(host.url, "Bearer lab-secret"),
        await status(edge.url),
      ],
      [401, 401, 413, 200],
    );
    host.kill("SIGTERM");
    await host.ended;
    const requests = host.lines.filter(({ event }) => event === "request");
    assert.deepEqual(requests.map(({ token }) => token), [null, null, "lab", "edge"]);
    assert.doesNotMatch(JSON.stringify(host.lines), /-secret/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an upstream that is killed in the midst of frames ends them with an error, and the next request has it again", async () => {
  const host = await serveProcess({ yaml: "limits: {running: 1}" });
  const { port } = new URL(host.url);
  await using edge = await serveProcess({
    yaml: `models: {}\ndata: {}\nupstream: {url: "http://127.0.0.1:${port}", attempts: 8, backoff: 0.2}`,
  });
  const accept = { headers: { accept: "application/x-walrus-frames" } };
  const whole = await ask(edge.url, SMALL, accept);
  assert.deepEqual(
    await Array.fromAsync(readFrames(whole), ({ values }) => values),
    await expected(),
  );
  const response = await ask(edge.url, { ...SMALL, steps: 200 }, accept);
  const steps: number[] = [];
  await assert.rejects(async () => {
    for await (const { step } of readFrames(response)) {
      steps.push(step);
      if (step === 2) host.kill("SIGKILL");
    }
  }, /broke off its answer/);
  assert.deepEqual(steps.slice(0, 2), [1, 2]);
  await host.ended;
  // Asked while nobody is there, answered once somebody is.
  const again = ask(edge.url, SMALL, accept);
  await using _host = await serveProcess({ port: Number(port) });
  const retried = await again;
  assert.equal(retried.status, 200);
  await retried.body!.cancel();
});
