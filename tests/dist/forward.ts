// The example of an edge that passes forecasts on, in workerd, in front of an endpoint on this machine: the same bits,
// words where it goes away in the midst of an answer, and another try where it was away.

import assert from "node:assert/strict";
import { type Miniflare, type MiniflareOptions } from "miniflare";
import { readFrames } from "../../lib/serve/answer/read_frames.ts";
import { type Served, serveProcess } from "../serve/process.ts";
import { inRepository } from "../shared.ts";
import { DIST } from "./subject.ts";

const REQUEST = { data: { dataset: "gray_scott" }, steps: 2, seed: 1 };

/** An edge in front of an endpoint; its address. */
async function edge(upstream: Served): Promise<{ miniflare: Miniflare; url: string }> {
  // Loaded where it is needed only: it asks for much.
  const { Miniflare } = await import("miniflare");
  const script = Deno.readTextFileSync(inRepository("examples/edge/forward.js"));
  const options = {
    modules: [
      {
        type: "ESModule",
        path: "forward.js",
        contents: script.replace("@walrus/walrus/serve", "./serve.edge.js"),
      },
      { type: "ESModule", path: "serve.edge.js", contents: Deno.readTextFileSync(`${DIST}/serve.edge.js`) },
    ],
    compatibilityDate: "2026-04-01",
    host: "127.0.0.1",
    port: 0,
    bindings: { UPSTREAM: upstream.url },
  };
  const miniflare = new Miniflare(options as MiniflareOptions);
  return { miniflare, url: String(await miniflare.ready) };
}

function ask(url: string, body: unknown): Promise<Response> {
  return fetch(`${url}v1/forecast`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", accept: "application/x-walrus-frames" },
  });
}

async function framesOf(response: Response): Promise<Float32Array[][]> {
  return await Array.fromAsync(readFrames(response), ({ values }) => [...values]);
}

Deno.test({
  name: "an edge passes forecasts on to an endpoint: bits, refusals, cuts in words, another try",
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const host = await serveProcess();
    const { miniflare, url } = await edge(host);
    try {
      const direct = await framesOf(await ask(host.url, REQUEST));
      assert.deepEqual(await framesOf(await ask(url, REQUEST)), direct);
      const many = await Promise.all(
        Array.from({ length: 8 }, async (_, seed) => await framesOf(await ask(url, { ...REQUEST, seed }))),
      );
      assert.deepEqual(many[1], direct);
      assert.notDeepEqual(many[2], direct);

      const refused = await ask(url, { ...REQUEST, steps: 1e6 });
      assert.equal(refused.status, 413);
      assert.match((await refused.json()).detail, /steps/);

      const long = await ask(url, { ...REQUEST, steps: 500 });
      const steps: number[] = [];
      await assert.rejects(async () => {
        for await (const { step } of readFrames(long)) {
          steps.push(step);
          if (step === 2) host.kill("SIGKILL");
        }
      }, /broke off its answer/);
      assert.deepEqual(steps.slice(0, 2), [1, 2]);
      await host.ended;

      const away = await ask(url, REQUEST);
      assert.equal(away.status, 502);
      const { reason, detail } = await away.json();
      assert.equal(reason, "upstream");
      assert.match(detail, /was asked 4 times/);

      await using _again = await serveProcess({ port: Number(new URL(host.url).port) });
      assert.deepEqual(await framesOf(await ask(url, REQUEST)), direct);
    } finally {
      host.kill("SIGKILL");
      await miniflare.dispose();
    }
  },
});
