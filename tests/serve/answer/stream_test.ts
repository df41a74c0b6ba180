// Frames as they come: what is sent, when it is computed, what is told of an end that is none.

import assert from "node:assert/strict";
import type { Sample } from "../../../lib/data/dataset.ts";
import type { Frame } from "../../../lib/forecast/frame.ts";
import { answerOf, type AnswerOptions } from "../../../lib/serve/answer/answer_of.ts";
import { chooseAnswer, formatNamed } from "../../../lib/serve/answer/format.ts";
import { readFrames } from "../../../lib/serve/answer/read_frames.ts";
import { readRecords } from "../../../lib/serve/answer/records.ts";
import { Refusal } from "../../../lib/serve/refusal.ts";
import { records } from "../../../examples/serve/read_frames.ts";
import { following, limits, small } from "../windows.ts";

const ABOUT: AnswerOptions = { model: "small", seed: 3, steps: 4, limits: limits() };
const FRAMES = formatNamed("frames")!;

async function streamed(
  frames: AsyncIterable<Frame>,
  format = FRAMES,
  about = ABOUT,
  start: Sample = small(),
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { body, type } = await answerOf(format, start, frames, about);
  assert.equal(type, format.type);
  return body as ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** The same bytes in parts of other sizes. */
function inParts(bytes: Uint8Array, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const parts = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.slice(i * size, (i + 1) * size),
  );
  return ReadableStream.from(parts) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

Deno.test("readFrames() yields the frames of a rollout, whatever the parts they come in", async () => {
  const start = small();
  const wanted = await Array.fromAsync(following(start, 4));
  const bytes = await new Response(await streamed(following(start, 4))).bytes();
  for (const size of [1, 7, 64, 4096, bytes.length]) {
    assert.deepEqual(await Array.fromAsync(readFrames(new Response(inParts(bytes, size)))), wanted);
  }
  assert.ok(wanted.every(({ hidden }) => hidden !== null));
});

Deno.test("the client of the examples reads the same records as the library", async () => {
  const bytes = await new Response(await streamed(following(small(), 3))).bytes();
  const plain = await Array.fromAsync(records(inParts(bytes, 1000)));
  const own = await Array.fromAsync(readRecords(inParts(bytes, 1000), 1e6));
  assert.deepEqual(plain, own.map(({ header, numbers }) => ({ ...header, numbers })));
  assert.deepEqual(plain.map((record) => Object.keys(record)[0]), ["info", "step", "step", "step", "end"]);
});

Deno.test("a frame is computed when the reader has taken the one before it", async () => {
  for (const format of [FRAMES, formatNamed("sse")!]) {
    let computed = 0;
    const reader = (await streamed(following(small(), 20, (step) => computed = step), format)).getReader();
    // What refuses the first frame has to be known before a status is sent.
    assert.equal(computed, 1);
    for (let frame = 1; frame <= 3; frame++) {
      // With the first frame comes what is told before it.
      if (frame === 1) await reader.read();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(computed, frame);
    }
    await reader.cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(computed, 3);
  }
});

Deno.test("a reader that leaves ends the forecast", async () => {
  let ended = false;
  async function* frames() {
    try {
      yield* following(small(), 100);
    } finally {
      ended = true;
    }
  }
  for await (const { step } of readFrames(new Response(await streamed(frames())))) if (step === 2) break;
  assert.equal(ended, true);
});

Deno.test("an error within a stream is told, after the frames that hold", async () => {
  async function* failing() {
    yield* following(small(), 2);
    throw new Refusal("deadline", "The forecast took longer than 3 s");
  }
  const got: number[] = [];
  await assert.rejects(
    async () => {
      for await (const { step } of readFrames(new Response(await streamed(failing())))) got.push(step);
    },
    (error: Error) => {
      assert.match(error.message, /The forecast ended: The forecast took longer than 3 s/);
      assert.deepEqual(error.cause, {
        status: 504,
        reason: "deadline",
        detail: "The forecast took longer than 3 s",
      });
      return true;
    },
  );
  assert.deepEqual(got, [1, 2]);
  const events = await new Response(await streamed(failing(), formatNamed("sse")!)).text();
  assert.match(events, /\n\nevent: error\ndata: {"status":504,"reason":"deadline",.*}\n\n$/);
  // What is no refusal says nothing of the inside.
  async function* broken() {
    yield* following(small(), 1);
    throw new Error("/home/someone/secret");
  }
  const told = await new Response(await streamed(broken(), formatNamed("sse")!)).text();
  assert.match(told, /event: error\ndata: {"status":500,"reason":"failed","detail":"The forecast failed"}/);
});

Deno.test("what refuses the first frame is an error before anything is sent", async () => {
  // deno-lint-ignore require-yield
  async function* refusing(): AsyncGenerator<Frame> {
    await Promise.resolve();
    throw new RangeError("too small");
  }
  for (const name of ["frames", "sse", "json"]) {
    await assert.rejects(answerOf(formatNamed(name)!, small(), refusing(), ABOUT), /too small/);
  }
});

Deno.test("a stream that was cut is no short forecast, wherever it was cut", async () => {
  const bytes = await new Response(await streamed(following(small(), 2))).bytes();
  const last = 8 + new DataView(bytes.buffer).getUint32(0, true);
  for (const length of [0, 4, last - 3, bytes.length - 200, bytes.length - 33, bytes.length - 1]) {
    const read = () => Array.fromAsync(readFrames(new Response(bytes.slice(0, length))));
    await assert.rejects(read(), /^SyntaxError: Cannot read the frames: .*(cut off|end within|has no body)/);
  }
  const wrong = bytes.slice();
  new DataView(wrong.buffer).setUint32(0, 2 ** 31, true);
  await assert.rejects(Array.fromAsync(readFrames(new Response(wrong))), /a record claims 2147483648 and/);
  await assert.rejects(
    Array.fromAsync(readFrames(new Response('{"detail": "The queue is full"}', { status: 503 }))),
    /The service answered 503: The queue is full/,
  );
});

Deno.test("server-sent events are start, frames, end", async () => {
  const events = (await new Response(await streamed(following(small(), 2), formatNamed("sse")!)).text())
    .trim().split("\n\n").map((event) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event)!;
      return { name, data: JSON.parse(data!) };
    });
  assert.deepEqual(events.map(({ name }) => name), ["start", "frame", "frame", "end"]);
  const [start, first, , end] = events;
  assert.deepEqual([start!.data.model, start!.data.steps, start!.data.seed], ["small", 4, 3]);
  assert.deepEqual(Object.keys(start!.data.constant), ["height", "mask"]);
  assert.deepEqual(start!.data.window.fields[1].shape, [8, 9, 2]);
  const [frame] = await Array.fromAsync(following(small(), 1));
  assert.deepEqual(Float32Array.from(first!.data.values.velocity), frame!.values[1]);
  assert.deepEqual([first!.data.step, first!.data.time], [1, frame!.time]);
  assert.deepEqual(end!.data, { frames: 2 });
});

Deno.test("an answer that is too large to be held is refused with what would do", async () => {
  const about = { ...ABOUT, steps: 1000, limits: limits({ answer: 100_000 }) };
  await assert.rejects(
    answerOf(formatNamed("npz")!, small(), following(small(), 1), about),
    /1000 frames would be an answer of 864000 bytes, .* wanted fewer, or application\/x-walrus-frames/,
  );
  await streamed(following(small(), 1), FRAMES, about);
});

Deno.test("chooseAnswer() takes the form that is wanted most, and names those there are", () => {
  const ask = (accept: string, query = "") =>
    chooseAnswer(new Request(`https://example.org/v1/forecast${query}`, { headers: { accept } })).name;
  assert.equal(ask(""), "json");
  assert.equal(ask("text/html, */*;q=0.1"), "json");
  assert.equal(ask("application/json;q=0.2, application/x-hdf5"), "hdf5");
  assert.equal(ask("text/*"), "sse");
  assert.equal(ask("application/*, application/json;q=0"), "npz");
  assert.equal(ask("application/zip"), "npz");
  assert.equal(ask("image/png", "?format=frames"), "frames");
  assert.equal(ask("image/png", "?format=application/x-hdf"), "hdf5");
  assert.throws(() => ask("image/png"), /accepts "image\/png", there are application\/json, /);
  assert.throws(
    () => ask("*/*", "?format=toString"),
    /format is "toString", wanted json, npz, hdf5, sse, frames/,
  );
  assert.throws(() => ask("application/json;q=0"), /accepts/);
});
