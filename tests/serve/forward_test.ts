// Requests that another endpoint answers, by a function in its place: what goes along, what is tried again, what ends it.

import assert from "node:assert/strict";
import { DEADLINE } from "../../lib/serve/deadline.ts";
import { forward } from "../../lib/serve/forward.ts";
import { Refusal } from "../../lib/serve/refusal.ts";
import { OPTIONS, post, UPSTREAM } from "./forwarding.ts";

/** Answers from a list, and keeps what was asked. */
function scripted(...answers: (Response | Error)[]) {
  const asked: { request: Request; body: string }[] = [];
  return {
    asked,
    send: async (request: Request) => {
      asked.push({ request, body: await request.text() });
      const answer = answers.shift();
      assert.ok(answer, "asked too often");
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

function refused(reason: string, words: RegExp, retryAfter?: number | null) {
  return (error: unknown) => {
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, words);
    if (retryAfter !== undefined) assert.equal(error.retryAfter, retryAfter);
    return true;
  };
}

Deno.test("forward() passes path, query, body, identity, deadline and the client's token on, and nothing else", async () => {
  const { send, asked } = scripted(
    new Response("{}", { headers: { "content-type": "application/json", "set-cookie": "a=b", server: "x" } }),
  );
  const request = post("body", {
    authorization: "Bearer own",
    cookie: "secret",
    accept: "text/event-stream",
  });
  const response = await forward(request, UPSTREAM, { ...OPTIONS, send });
  const [{ request: sent, body }] = asked as [typeof asked[0]];
  assert.equal(sent.url, "http://gpu.example/base/v1/forecast?steps=2");
  assert.equal(sent.method, "POST");
  assert.equal(body, "body");
  const { [DEADLINE]: deadline, ...headers } = Object.fromEntries(sent.headers);
  assert.deepEqual(headers, {
    accept: "text/event-stream",
    authorization: "Bearer own",
    "content-type": "application/json",
    "x-request-id": "request-1",
  });
  assert.ok(Number(deadline) > 4.5 && Number(deadline) <= 5, `${deadline}`);
  assert.deepEqual(Object.fromEntries(response.headers), {
    "content-type": "application/json",
    "x-request-id": "request-1",
  });
  assert.equal(await response.text(), "{}");
});

Deno.test("forward() sends a token of its own in place of the client's", async () => {
  const { send, asked } = scripted(new Response("{}"));
  await forward(post("{}", { authorization: "Bearer client" }), { ...UPSTREAM, token: "host" }, {
    ...OPTIONS,
    send,
  });
  assert.equal(asked[0]!.request.headers.get("authorization"), "Bearer host");
});

Deno.test("forward() asks again with the same body where a forecast was not answered, and tells so", async () => {
  const busy = new Response("no host", { status: 503, headers: { "retry-after": "0" } });
  const { send, asked } = scripted(new TypeError("refused"), busy, new Response("answer"));
  const told: string[] = [];
  const chunks = ["a", "bc", "def"].map((part) => new TextEncoder().encode(part));
  const response = await forward(post(ReadableStream.from(chunks)), UPSTREAM, {
    ...OPTIONS,
    send,
    onRetry: (why, attempt) => told.push(`${attempt}: ${why}`),
  });
  assert.equal(await response.text(), "answer");
  assert.deepEqual(asked.map(({ body }) => body), ["abcdef", "abcdef", "abcdef"]);
  assert.deepEqual(told, ["1: it could not be reached", "2: it answered 503"]);
  const left = asked.map(({ request }) => Number(request.headers.get(DEADLINE)));
  assert.ok(left[0]! >= left[1]! && left[1]! >= left[2]!, String(left));
});

Deno.test("forward() sends again what was sent in part only", async () => {
  let calls = 0;
  const send = async (request: Request) => {
    if (++calls === 1) {
      const reader = request.body!.getReader();
      await reader.read();
      await reader.cancel();
      throw new TypeError("reset");
    }
    return new Response(await request.text());
  };
  const chunks = ["one ", "two ", "three"].map((part) => new TextEncoder().encode(part));
  const response = await forward(post(ReadableStream.from(chunks)), UPSTREAM, { ...OPTIONS, send });
  assert.equal(await response.text(), "one two three");
});

Deno.test("forward() sends a body once that is too large to be kept", async () => {
  let sent = 0;
  const large = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ < 17) controller.enqueue(new Uint8Array(1 << 20));
      else controller.close();
    },
  });
  let [calls, bytes] = [0, 0];
  const send = async (request: Request) => {
    calls++;
    for await (const chunk of request.body!) bytes += chunk.length;
    throw new TypeError("reset");
  };
  await assert.rejects(
    forward(post(large), UPSTREAM, { ...OPTIONS, send }),
    refused("upstream", /was asked: it could/),
  );
  assert.deepEqual([calls, bytes], [1, 17 << 20]);
});

Deno.test("forward() keeps no more of a body than it may", async () => {
  const asked: number[] = [];
  let calls = 0;
  const send = async (request: Request) => {
    calls++;
    await request.text();
    throw new TypeError("reset");
  };
  const keep = (bytes: number) => {
    asked.push(bytes);
    return asked.length < 2;
  };
  const chunks = ["one", "three", "five"].map((part) => new TextEncoder().encode(part));
  const sent = forward(post(ReadableStream.from(chunks)), UPSTREAM, { ...OPTIONS, send, keep });
  await assert.rejects(sent, refused("upstream", /was asked: it could/));
  assert.deepEqual([calls, asked], [1, [3, 5]]);
});

Deno.test("forward() gives up after its attempts, with a refusal that may be tried again", async () => {
  const { send, asked } = scripted(...Array.from({ length: 3 }, () => new Error("Network connection lost")));
  await assert.rejects(
    forward(post("{}"), { ...UPSTREAM, attempts: 3 }, { ...OPTIONS, send }),
    refused("upstream", /was asked 3 times: it could not be reached/, 1),
  );
  assert.equal(asked.length, 3);
});

Deno.test("forward() does not wait longer than the deadline for what asks for more", async () => {
  const problem = { "content-type": "application/problem+json", "retry-after": "60" };
  const { send } = scripted(new Response(`{"reason":"busy"}`, { status: 503, headers: problem }));
  const began = performance.now();
  const response = await forward(post("{}"), UPSTREAM, { ...OPTIONS, send });
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "60");
  assert.deepEqual(await response.json(), { reason: "busy" });
  assert.ok(performance.now() - began < 1000);
});

Deno.test("forward() tells a balancer's page of a missing host in the words of this API", async () => {
  const { send } = scripted(new Response("<html>", { status: 502 }));
  await assert.rejects(
    forward(post("{}"), { ...UPSTREAM, attempts: 1 }, { ...OPTIONS, send }),
    refused("upstream", /it answered 502/),
  );
});

Deno.test("forward() passes what is refused on as it is", async () => {
  for (const status of [400, 401, 404, 413, 415, 422, 429, 500, 504, 507]) {
    const { send, asked } = scripted(Response.json({ status }, { status }));
    const response = await forward(post("{}"), UPSTREAM, { ...OPTIONS, send });
    assert.equal(response.status, status);
    assert.deepEqual(await response.json(), { status });
    assert.equal(asked.length, 1);
  }
});

Deno.test("forward() asks once for what may not be repeated", async () => {
  const { send, asked } = scripted(new TypeError("reset"));
  const request = new Request("http://edge.example/v1/other", { method: "POST", body: "{}" });
  await assert.rejects(forward(request, UPSTREAM, { ...OPTIONS, send }), refused("upstream", /was asked:/));
  assert.equal(asked.length, 1);
});

Deno.test("forward() follows no redirect: it would carry the token elsewhere", async () => {
  const { send, asked } = scripted(new Response(null, { status: 302, headers: { location: "http://b/" } }));
  await assert.rejects(
    forward(post("{}"), UPSTREAM, { ...OPTIONS, send }),
    refused("upstream", /sent its client elsewhere/),
  );
  assert.equal(asked[0]!.request.redirect, "manual");
});

Deno.test("forward() ends at its deadline while it waits for an answer, and the other endpoint hears of it", async () => {
  const ended = Promise.withResolvers<void>();
  const send = (request: Request) =>
    new Promise<Response>((_, reject) => {
      request.signal.addEventListener("abort", () => {
        ended.resolve();
        reject(request.signal.reason);
      });
    });
  await assert.rejects(
    forward(post("{}"), UPSTREAM, { ...OPTIONS, seconds: 0.05, send }),
    refused("deadline", /did not answer within 0.05 s/),
  );
  await ended.promise;
});

Deno.test("forward() ends when the client goes away, also between attempts", async () => {
  const client = new AbortController();
  const reason = new Error("left");
  const send = () => {
    setTimeout(() => client.abort(reason), 20);
    return Promise.reject(new TypeError("refused"));
  };
  await assert.rejects(
    forward(post("{}"), { ...UPSTREAM, backoff: 60 }, {
      ...OPTIONS,
      seconds: 300,
      signal: client.signal,
      send,
    }),
    (error) => error === reason,
  );
});

Deno.test("forward() asks no one again when it is the client's body that breaks", async () => {
  const reason = new Refusal("too_large", "too many bytes");
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(reason),
  });
  let calls = 0;
  const send = async (request: Request) => {
    calls++;
    return new Response(await request.text());
  };
  await assert.rejects(
    forward(post(broken), UPSTREAM, { ...OPTIONS, send }),
    (error) => error === reason,
  );
  assert.equal(calls, 1);
});

Deno.test("forward() takes no more of an answer than its reader does, and lets go of it when that leaves", async () => {
  let pulled = 0;
  const left = Promise.withResolvers<void>();
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array([++pulled])),
    cancel: () => left.resolve(),
  }, { highWaterMark: 0 });
  const send = () => Promise.resolve(new Response(endless));
  const response = await forward(post("{}"), UPSTREAM, { ...OPTIONS, send });
  const reader = response.body!.getReader();
  for (let i = 1; i <= 3; i++) assert.deepEqual([...(await reader.read()).value!], [i]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(pulled <= 4, `${pulled} chunks were taken`);
  await reader.cancel();
  await left.promise;
});
