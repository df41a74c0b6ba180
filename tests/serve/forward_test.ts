// Requests that another endpoint answers: over real connections where those break, else by a function in their place.

import assert from "node:assert/strict";
import { readRecords, recordOf } from "../../lib/serve/answer/records.ts";
import { DEADLINE } from "../../lib/serve/deadline.ts";
import { forward, type ForwardOptions, type Upstream } from "../../lib/serve/forward.ts";
import { Refusal } from "../../lib/serve/refusal.ts";

const UPSTREAM: Upstream = { url: "http://gpu.example/base/", backoff: 0.001 };
const OPTIONS: ForwardOptions = { id: "request-1", seconds: 5 };

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request("http://edge.example/v1/forecast?steps=2", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

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

/** A request over a connection of its own; what came of its answer, and why it broke off. */
async function collect(response: Response): Promise<{ bytes: Uint8Array; error: unknown }> {
  const parts: number[] = [];
  try {
    for await (const chunk of response.body!) parts.push(...chunk);
    return { bytes: Uint8Array.from(parts), error: null };
  } catch (error) {
    return { bytes: Uint8Array.from(parts), error };
  }
}

/** An endpoint that sends these bytes as the chunked answer of this type, then cuts the connection. */
async function cutting(
  type: string,
  chunks: readonly Uint8Array[],
  run: (upstream: Upstream) => Promise<void>,
  header = "transfer-encoding: chunked",
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    const connection = await listener.accept();
    try {
      await connection.read(new Uint8Array(65536));
      const send = async (bytes: Uint8Array) => {
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      };
      const text = new TextEncoder();
      await send(text.encode(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${header}\r\n\r\n`));
      for (const chunk of chunks) {
        if (header.startsWith("transfer")) await send(text.encode(`${chunk.length.toString(16)}\r\n`));
        await send(chunk);
        if (header.startsWith("transfer")) await send(text.encode("\r\n"));
      }
    } finally {
      connection.close();
    }
  })();
  await run({ url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`, backoff: 0.001 });
  await served;
}

/** A record of frames. */
function record(header: unknown, numbers: readonly number[] = []): Uint8Array {
  return recordOf(header, [Float32Array.from(numbers)]);
}

/** Headers and numbers of records. */
async function recordsOf(
  bytes: Uint8Array,
): Promise<{ header: Record<string, unknown>; numbers: number[] }[]> {
  const records = await Array.fromAsync(readRecords(ReadableStream.from([bytes]), 1 << 20));
  return records.map(({ header, numbers }) => ({ header, numbers: [...numbers] }));
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

Deno.test("an answer in frames that is cut ends with an error record behind the last whole one", async () => {
  const whole = [record({ info: { steps: 3 } }), record({ step: 1 }, [1, 2])];
  const half = record({ step: 2 }, [3, 4]).subarray(0, 21);
  await cutting("application/x-walrus-frames", [...whole, half], async (upstream) => {
    const { bytes, error } = await collect(await forward(post("{}"), upstream, OPTIONS));
    assert.equal(error, null);
    const records = await recordsOf(bytes);
    assert.deepEqual(records.slice(0, 2), [
      { header: { info: { steps: 3 } }, numbers: [] },
      { header: { step: 1 }, numbers: [1, 2] },
    ]);
    assert.equal(records.length, 3);
    const told = records[2]!.header.error as Record<string, unknown>;
    assert.equal(told.status, 502);
    assert.equal(told.reason, "upstream");
    assert.match(String(told.detail), /broke off its answer/);
  });
});

Deno.test("an answer in frames that ends too early, without a cut, ends with an error record as well", async () => {
  const bytes = new Blob([record({ info: {} }) as Uint8Array<ArrayBuffer>]).stream();
  const type = { "content-type": "application/x-walrus-frames" };
  const send = () => Promise.resolve(new Response(bytes, { headers: type }));
  const response = await forward(post("{}"), UPSTREAM, { ...OPTIONS, send });
  const records = await recordsOf((await collect(response)).bytes);
  assert.match(JSON.stringify(records[1]!.header), /ended before its last record/);
});

Deno.test("a whole answer in frames is passed on byte for byte, however it is cut into chunks", async () => {
  const all = [record({ info: {} }), record({ step: 1 }, [1, 2, 3]), record({ end: {} })];
  const joined = new Uint8Array(await new Blob(all as BlobPart[]).arrayBuffer());
  const chunks = Array.from(joined, (byte) => Uint8Array.of(byte));
  const type = { "content-type": "application/x-walrus-frames" };
  const send = () => Promise.resolve(new Response(ReadableStream.from(chunks), { headers: type }));
  const response = await forward(post("{}"), UPSTREAM, { ...OPTIONS, send });
  assert.deepEqual((await collect(response)).bytes, joined);
});

Deno.test("server-sent events that are cut end with an error event behind the last whole one", async () => {
  const events = "event: start\ndata: {}\n\nevent: frame\r\ndata: 1\r\n\r\nevent: fra";
  await cutting("text/event-stream; charset=utf-8", [new TextEncoder().encode(events)], async (upstream) => {
    const { bytes, error } = await collect(await forward(post("{}"), upstream, OPTIONS));
    assert.equal(error, null);
    const text = new TextDecoder().decode(bytes);
    assert.ok(text.startsWith(events.slice(0, events.lastIndexOf("event"))), text);
    assert.match(text, /event: error\ndata: \{.*"reason":"upstream".*\}\n\n$/);
  });
});

Deno.test("any other answer that is cut is broken, not short", async () => {
  const half = new TextEncoder().encode(`{"frames": [`);
  for (const header of ["transfer-encoding: chunked", "content-length: 100"]) {
    await cutting("application/json", [half], async (upstream) => {
      const response = await forward(post("{}"), upstream, OPTIONS);
      const { error } = await collect(response);
      assert.ok(error, header);
    }, header);
  }
});

Deno.test("an endpoint that falls silent in the midst of its answer is given up", async () => {
  const left = Promise.withResolvers<void>();
  const stuck = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(record({ info: {} })),
  });
  const send = ({ signal }: Request) => {
    signal.addEventListener("abort", () => left.resolve());
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    stuck.pipeTo(writable, { signal }).catch(() => {});
    const headers = { "content-type": "application/x-walrus-frames" };
    return Promise.resolve(new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>, { headers }));
  };
  const upstream = { ...UPSTREAM, silence: 0.05 };
  const response = await forward(post("{}"), upstream, { ...OPTIONS, send });
  const records = await recordsOf((await collect(response)).bytes);
  assert.match(JSON.stringify(records[1]!.header), /was silent for 0.05 s/);
  await left.promise;
});
