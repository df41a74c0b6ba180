// What a build brings for engines that lack it behaves as the engine's own: in a process whose own was taken away.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

interface Answer {
  /** As texts. */
  readonly widened: readonly string[];
  readonly narrowed: readonly number[];
  readonly log: readonly string[];
}

/** Numbers at and beside the places where rounding turns. */
function hardNumbers(): number[] {
  const near = [
    0,
    2 ** -25,
    2 ** -24,
    2 ** -14 - 2 ** -25,
    2 ** -14,
    1,
    1 + 2 ** -11,
    65504,
    65519,
    65520,
    1e9,
  ];
  const spread = Array.from({ length: 4000 }, (_, i) => 1.37 ** (i % 100 - 50) * (1 + i / 4096));
  return [...near, ...spread].flatMap((v) => [v, -v, v * (1 + 2 ** -40), v * (1 - 2 ** -40)]).concat(
    Infinity,
    NaN,
  );
}

/** Numbers as texts, since JSON has no NaN and no negative zero. */
const texts = (numbers: readonly number[]) => numbers.map((n) => Object.is(n, -0) ? "-0" : String(n));

async function inBareEngine(numbers: readonly number[]): Promise<Answer> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", fileURLToPath(new URL("bare_engine.ts", import.meta.url))],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(texts(numbers))));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("the polyfill computes and disposes as the engine does", async () => {
  const numbers = hardNumbers();
  const { widened, narrowed, log } = await inBareEngine(numbers);
  const view = new DataView(new ArrayBuffer(2));
  for (let bits = 0; bits < 65536; bits++) {
    view.setUint16(0, bits);
    assert.ok(Object.is(Number(widened[bits]), view.getFloat16(0)), `${bits}: ${widened[bits]}`);
  }
  numbers.forEach((number, i) => {
    view.setFloat16(0, number);
    if (!Number.isNaN(number)) assert.equal(narrowed[i], view.getUint16(0), `${number}`);
    else assert.equal(narrowed[i]! & 0x7c00, 0x7c00);
  });
  assert.deepEqual(log, ["b", "a", "moved", "true true", "1: one, 2: three,five", "later"]);
});
