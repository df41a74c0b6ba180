// Answers that are written in a worker.

import assert from "node:assert/strict";
import { Writer } from "../../app/serve/writer.ts";
import { writeAnswer } from "../../lib/serve/answer/whole.ts";
import { readForecast } from "../../lib/serve/window/read_window.ts";
import { limits, small } from "../serve/windows.ts";

Deno.test("an answer is written in a worker as on this thread, which stays free", async () => {
  using writer = new Writer();
  const [sample, origin] = [small(), { model: "small", seed: 1 }];
  const never = new AbortController().signal;
  for (const form of ["npz", "hdf5"] as const) {
    const [there, here] = await Promise.all([
      writer.write(form, sample, origin, never),
      writeAnswer(form, sample, origin),
    ]);
    // Files of HDF5 have the times of their making in them.
    if (form === "npz") assert.deepEqual(there, here);
    const read = async (bytes: Uint8Array) => (await readForecast(bytes, "", "", limits())).start;
    assert.deepEqual(await read(there), await read(here));
  }
});

Deno.test("an answer whose reader left is given up, and the next is written", async () => {
  using writer = new Writer();
  const leaving = new AbortController();
  const given = writer.write("hdf5", small(), { model: "small", seed: 1 }, leaving.signal);
  leaving.abort(new Error("it left"));
  await assert.rejects(given, /it left/);
  const bytes = await writer.write("npz", small(), { model: "small", seed: 1 }, new AbortController().signal);
  assert.ok(bytes.length > 1000);
});
