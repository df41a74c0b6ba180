// Answers of another endpoint that break off, over real connections: in records they end with words, else they are broken.

import assert from "node:assert/strict";
import { readRecords, recordOf } from "../../lib/serve/answer/records.ts";
import { forward, type Upstream } from "../../lib/serve/forward.ts";
import { OPTIONS, post, UPSTREAM } from "./forwarding.ts";

/** What came of an answer, and why it broke off. */
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
