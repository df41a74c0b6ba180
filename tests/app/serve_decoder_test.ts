// Bodies that are decoded in a worker: what harms the worker harms its own request alone.

import assert from "node:assert/strict";
import { Decoder } from "../../app/serve/decoder.ts";
import { LIMITS } from "../../lib/serve/limits.ts";
import { Refusal } from "../../lib/serve/refusal.ts";
import { inRepository } from "../shared.ts";

const HDF5 = Deno.readFileSync(inRepository("examples/data/gray_scott_mini.hdf5"));
const never = () => new AbortController().signal;

/** A worker that stays silent for a body of one 1, ends for one of a 2, and tells for others how many it has answered. */
function scripted(): URL {
  const text = `
    let answered = 0;
    self.onmessage = ({ data: { body } }) => {
      if (body[0] === 1) return;
      if (body[0] === 2) setTimeout(() => { throw new Error("out of memory"); });
      else self.postMessage({ request: { options: { steps: ++answered }, start: null, data: null } });
    };`;
  return new URL(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}

/** Bytes that are not read on this thread. */
function body(first: number): Uint8Array {
  return Uint8Array.of(first);
}

Deno.test("a window is decoded in a worker, as on this thread", async () => {
  using decoder = new Decoder();
  const { start, options } = await decoder.read(
    HDF5.slice(),
    "application/x-hdf5",
    "?steps=3&frames=4",
    LIMITS,
    never(),
  );
  assert.equal(options.steps, 3);
  assert.deepEqual(start!.info.grid.shape, [64, 64]);
  assert.deepEqual(start!.values.map(({ length }) => length), [4 * 64 * 64, 4 * 64 * 64]);
});

Deno.test("what is wrong in a body is told as it is on this thread, and the worker goes on", async () => {
  using decoder = new Decoder();
  const wrong = () => decoder.read(HDF5.slice(0, 5000), "application/x-hdf5", "", LIMITS, never());
  await assert.rejects(
    wrong(),
    (error) => error instanceof Refusal && error.status === 400 && error.message.length > 10,
  );
  const { start } = await decoder.read(HDF5.slice(), "", "", LIMITS, never());
  assert.equal(start!.times.length, 13);
});

Deno.test("short JSON waits for nobody's file", async () => {
  using decoder = new Decoder(() => {}, scripted());
  const stuck = decoder.read(body(1), "application/x-hdf5", "", LIMITS, AbortSignal.timeout(500));
  const text = new TextEncoder().encode('{"data": {"dataset": "waves"}, "steps": 2}');
  const { data } = await decoder.read(text, "application/json; charset=utf-8", "", LIMITS, never());
  assert.equal(data!.dataset, "waves");
  await assert.rejects(stuck, { name: "TimeoutError" });
});

Deno.test("a body that is decoded for too long is given up with its worker, those behind it are decoded by another", async () => {
  const faults: unknown[] = [];
  using decoder = new Decoder((error) => void faults.push(error), scripted());
  assert.equal((await decoder.read(body(0), "", "", LIMITS, never())).options.steps, 1);
  assert.equal((await decoder.read(body(0), "", "", LIMITS, never())).options.steps, 2);
  const stuck = decoder.read(body(1), "", "", LIMITS, AbortSignal.timeout(50));
  const behind = decoder.read(body(0), "", "", LIMITS, never());
  await assert.rejects(stuck, { name: "TimeoutError" });
  assert.equal((await behind).options.steps, 1);
  assert.deepEqual(faults, []);
});

Deno.test("a worker that ends takes its request with it, which is refused in words; it is the host's to know why", async () => {
  const faults: unknown[] = [];
  using decoder = new Decoder((error) => void faults.push(error), scripted());
  const ended = decoder.read(body(2), "", "", LIMITS, never());
  const behind = decoder.read(body(0), "", "", LIMITS, never());
  await assert.rejects(ended, (error) => error instanceof Refusal && error.reason === "malformed");
  assert.equal((await behind).options.steps, 1);
  assert.match(String(faults[0]), /worker that decodes ended: .*out of memory/);
});

Deno.test("a request that leaves while it waits for others is not decoded", async () => {
  using decoder = new Decoder(() => {}, scripted());
  const leaving = new AbortController();
  const stuck = decoder.read(body(1), "", "", LIMITS, AbortSignal.timeout(300));
  const left = decoder.read(body(2), "", "", LIMITS, leaving.signal);
  const behind = decoder.read(body(0), "", "", LIMITS, never());
  const reason = new Error("left");
  leaving.abort(reason);
  await assert.rejects(left, (error) => error === reason);
  await assert.rejects(stuck, { name: "TimeoutError" });
  assert.equal((await behind).options.steps, 1);
});

Deno.test("a worker is replaced when much has gone through it", async () => {
  using decoder = new Decoder(() => {}, scripted());
  const large = () => decoder.read(new Uint8Array(160 << 20), "", "", LIMITS, never());
  assert.equal((await large()).options.steps, 1);
  assert.equal((await large()).options.steps, 2);
  assert.equal((await large()).options.steps, 1);
});
