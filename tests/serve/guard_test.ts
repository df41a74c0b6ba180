// Bodies on their way to readers.

import assert from "node:assert/strict";
import { guarded } from "../../lib/serve/guard.ts";
import { LeftError } from "../../lib/serve/signals.ts";
import { Refusal } from "../../lib/serve/refusal.ts";

/** A body whose chunks are counted as they are made. */
function counted(chunks: number, size = 10) {
  const seen = { made: 0, cancelled: null as unknown };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (seen.made === chunks) return controller.close();
      controller.enqueue(new Uint8Array(size).fill(seen.made++));
    },
    cancel(reason) {
      seen.cancelled = reason;
    },
  }, { highWaterMark: 0 });
  return { body, seen };
}

function guard(body: Uint8Array | ReadableStream<Uint8Array>, stall = 5) {
  const ending = new AbortController();
  const ends: [number, unknown][] = [];
  const stream = guarded(body, {
    stall,
    signal: ending.signal,
    onEnd: (bytes, error) => ends.push([bytes, error]),
  });
  return { stream, ends, ending };
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("chunks are made as they are read, and the end is told once with all bytes", async () => {
  const { body, seen } = counted(5);
  const { stream, ends } = guard(body);
  const reader = stream.getReader();
  assert.equal(seen.made, 0);
  await reader.read();
  await wait(20);
  assert.equal(seen.made, 1);
  for (let i = 0; i < 4; i++) await reader.read();
  assert.ok((await reader.read()).done);
  assert.deepEqual(ends, [[50, null]]);
});

Deno.test("a body that was made whole comes in pieces", async () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i);
  const { stream, ends } = guard(bytes);
  let chunks = 0;
  const parts: number[] = [];
  for await (const chunk of stream) {
    chunks++;
    parts.push(...chunk);
  }
  assert.deepEqual(Uint8Array.from(parts), bytes);
  assert.equal(chunks, 4);
  assert.deepEqual(ends, [[200_000, null]]);
});

Deno.test("a reader that stalls is given up, and the body told", async () => {
  const { body, seen } = counted(100);
  const { stream, ends } = guard(body, 0.05);
  const reader = stream.getReader();
  await reader.read();
  await wait(150);
  const [bytes, error] = ends[0]!;
  assert.ok(error instanceof Refusal && error.reason === "timeout", String(error));
  assert.match(error.message, /was not read for 0.05 seconds/);
  assert.equal(bytes, 10);
  assert.equal(seen.cancelled, error);
  await assert.rejects(reader.read(), error);
});

Deno.test("a body that nobody reads is given up as well", async () => {
  const { body, seen } = counted(100);
  const { ends } = guard(body, 0.05);
  await wait(100);
  assert.deepEqual([seen.made, ends.length], [0, 1]);
  assert.match(String(ends[0]![1]), /was not read/);
});

Deno.test("a reader that leaves ends the body at once", async () => {
  const { body, seen } = counted(100);
  const { stream, ends } = guard(body);
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel("bye");
  assert.equal(ends.length, 1);
  assert.ok(ends[0]![1] instanceof LeftError);
  assert.ok(seen.cancelled instanceof LeftError);
  assert.equal(seen.made, 1);
});

Deno.test("a body that fails breaks off, and says why", async () => {
  const error = new Error("it broke");
  const { stream, ends } = guard(
    new ReadableStream({
      pull(controller) {
        controller.error(error);
      },
    }, { highWaterMark: 0 }),
  );
  await assert.rejects(stream.getReader().read(), error);
  assert.deepEqual(ends, [[0, error]]);
});

Deno.test("a signal gives a body time for its last words, then breaks it off", async () => {
  const late = new Refusal("deadline", "too late");
  const talkative = (signal: AbortSignal) => {
    let said = false;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (said) return controller.close();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        said = true;
        controller.enqueue(new TextEncoder().encode("late"));
      },
    }, { highWaterMark: 0 });
  };
  const source = new AbortController();
  const { stream, ends, ending } = guard(talkative(source.signal));
  setTimeout(() => {
    source.abort();
    ending.abort(late);
  }, 20);
  assert.equal(await new Response(stream).text(), "late");
  assert.deepEqual(ends, [[4, null]]);

  const silent = guard(new ReadableStream<Uint8Array>({}, { highWaterMark: 0 }));
  const reading = silent.stream.getReader().read();
  silent.ending.abort(late);
  await assert.rejects(reading, late);
  assert.deepEqual(silent.ends, [[0, late]]);
});

Deno.test("what a client that left took is given back before its runtime cancels", async () => {
  const { stream, ends, ending } = guard(new ReadableStream<Uint8Array>({}, { highWaterMark: 0 }));
  const reader = stream.getReader();
  const reading = reader.read();
  reading.catch(() => {});
  const left = new LeftError("The client left");
  ending.abort(left);
  assert.deepEqual(ends, [[0, left]]);
  await assert.rejects(reading, left);
});
