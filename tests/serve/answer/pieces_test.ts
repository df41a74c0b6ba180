// Long texts are written a little at a time: the thread is others' in between.

import assert from "node:assert/strict";
import { numbersJson } from "../../../lib/serve/answer/numbers.ts";
import { encoded, paced } from "../../../lib/serve/answer/pieces.ts";

const numbers = Float32Array.from({ length: 400_000 }, (_, i) => Math.sin(i));

Deno.test("numbers in pieces are the numbers, in both forms", () => {
  const [decimal, base64] = (["decimal", "base64"] as const).map((form) =>
    [...numbersJson(numbers, form)].join("")
  );
  assert.deepEqual(Float32Array.from(JSON.parse(decimal!)), numbers);
  const { base64: text } = JSON.parse(base64!);
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  assert.deepEqual(new Float32Array(bytes.buffer), numbers);
  assert.deepEqual([...numbersJson(new Float32Array(0))].join(""), "[]");
});

Deno.test("a long text leaves the thread to others while it is written", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const began = performance.now();
  const body = paced(encoded(numbersJson(numbers)));
  const text = await new Response(body).text();
  const milliseconds = performance.now() - began;
  clearInterval(timer);
  assert.equal(JSON.parse(text).length, numbers.length);
  console.log(`${numbers.length} numbers in ${milliseconds.toFixed(0)} ms, ${turns} turns of others`);
  // One each time that the thread was kept for some milliseconds.
  assert.ok(turns > 5, `${turns} turns in ${milliseconds} ms`);
});
