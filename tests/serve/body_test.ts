// Bodies within their bounds.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { readBody } from "../../lib/serve/body.ts";
import { HeldBytes } from "../../lib/serve/held.ts";
import { Refusal } from "../../lib/serve/refusal.ts";

const never = new AbortController().signal;
const limits = { bytes: 100_000, stall: 5 };

function request(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request("http://service/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
}

async function read(of: Request, own: Partial<typeof limits> = {}, held = new HeldBytes(1 << 20)) {
  using holding = held.open();
  return await readBody(of, { ...limits, ...own }, holding, never);
}

async function refused(...args: Parameters<typeof read>): Promise<Refusal> {
  const error = await read(...args).then(() => null, (error) => error);
  assert.ok(error instanceof Refusal, String(error));
  return error;
}

/** A body that gives a chunk every so often, and tells what was taken of it. */
function slow(chunks: number, size: number, milliseconds: number) {
  const seen = { given: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (seen.given++ === chunks) controller.close();
      else if (!seen.cancelled) controller.enqueue(new Uint8Array(size));
    },
    cancel() {
      seen.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { stream, seen };
}

Deno.test("a body comes as it was sent, also as gzip", async () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
  assert.deepEqual(await read(request(bytes)), { bytes, received: 5000 });
  const zipped = new Uint8Array(gzipSync(bytes));
  const { bytes: unzipped, received } = await read(request(zipped, { "content-encoding": "gzip" }));
  assert.deepEqual([unzipped, received], [bytes, zipped.length]);
});

Deno.test("a body that says it is too large is refused before it is read", async () => {
  const { stream, seen } = slow(100, 1000, 0);
  const error = await refused(request(stream, { "content-length": "100001" }));
  assert.deepEqual([error.reason, seen.given], ["too_large", 0]);
  assert.match(error.message, /100001 bytes or more, at most 100000/);
});

Deno.test("a body that lies about its length is refused when it is too large, not when it has ended", async () => {
  const { stream, seen } = slow(1000, 10_000, 0);
  const error = await refused(request(stream, { "content-length": "10" }));
  assert.equal(error.reason, "too_large");
  assert.ok(seen.cancelled && seen.given <= 13, String(seen.given));
});

Deno.test("a bomb of gzip is refused once what it holds is too large", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(50 << 20)));
  assert.ok(bomb.length < limits.bytes);
  const held = new HeldBytes(1 << 20);
  const error = await refused(request(bomb, { "content-encoding": "gzip" }), {}, held);
  assert.equal(error.reason, "too_large");
  assert.match(error.message, /unpacks to more than 100000 bytes/);
  assert.equal(held.bytes, 0);
});

Deno.test("gzip that is cut off or none is malformed, other encodings are unsupported", async () => {
  const zipped = new Uint8Array(gzipSync(new Uint8Array(1000))).subarray(0, 15);
  assert.equal((await refused(request(zipped, { "content-encoding": "gzip" }))).reason, "malformed");
  assert.equal((await refused(request("text", { "content-encoding": "gzip" }))).reason, "malformed");
  assert.equal((await refused(request("text", { "content-encoding": "br" }))).reason, "unsupported_media");
});

Deno.test("a body that stalls, or trickles, ends by timeout", async () => {
  for (const [size, pause] of [[1, 20], [50, 5], [1, 10_000]] as const) {
    const { stream } = slow(100_000, size, pause);
    const began = performance.now();
    const error = await refused(request(stream), { stall: 0.2 });
    assert.deepEqual([error.reason, error.status], ["timeout", 408], `${size} bytes each ${pause} ms`);
    assert.ok(performance.now() - began < 1500);
    if (pause > 1000) break;
  }
});

Deno.test({
  name: "a slow body that does come on is read, however long it takes",
  async fn() {
    const { stream } = slow(6, 16_384, 60);
    assert.equal((await read(request(stream), { stall: 0.25 })).bytes.length, 6 * 16_384);
  },
});

Deno.test("what all bodies together hold is bounded, and given back", async () => {
  const held = new HeldBytes(200_000);
  const other = held.open();
  other.add(100_000);
  const error = await refused(request(new Uint8Array(90_000)), {}, held);
  assert.deepEqual([error.reason, error.status, error.retryAfter], ["busy", 503, 1]);
  other[Symbol.dispose]();
  assert.equal(held.bytes, 0);
  assert.equal((await read(request(new Uint8Array(90_000)), {}, held)).received, 90_000);
});

Deno.test("a client that leaves ends the reading of its body", async () => {
  const { stream, seen } = slow(1000, 1, 10);
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(new Error("it left")), 30);
  using holding = new HeldBytes(1 << 20).open();
  await assert.rejects(readBody(request(stream), limits, holding, leaving.signal), /it left/);
  assert.ok(seen.cancelled);
});
