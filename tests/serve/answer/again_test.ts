// What is answered can be sent again: each form of an answer read as a window has the frames that were answered.

import assert from "node:assert/strict";
import type { Sample } from "../../../lib/data/dataset.ts";
import { type Answer, answerOf } from "../../../lib/serve/answer/answer_of.ts";
import { formatNamed } from "../../../lib/serve/answer/format.ts";
import { readForecast } from "../../../lib/serve/window/read_window.ts";
import { following, grayScott, limits, small } from "../windows.ts";

const ABOUT = { model: "small", seed: 3, steps: 4, limits: limits() };

async function wanted(start: Sample): Promise<Sample> {
  const frames = await Array.fromAsync(following(start, ABOUT.steps));
  return {
    ...start,
    times: Float64Array.from(frames, ({ time }) => time),
    values: start.info.fields.map(({ constant }, i) =>
      constant ? start.values[i]! : Float32Array.from(frames.flatMap(({ values }) => [...values[i]!]))
    ),
  };
}

const bytesOf = (body: Answer["body"]) => new Response(body as BodyInit).bytes();

const starts = { grayScott: () => grayScott(), small: () => Promise.resolve(small()) };

for (const [name, start] of Object.entries(starts)) {
  for (const format of ["json", "npz", "hdf5"] as const) {
    Deno.test(`an answer in ${format} of ${name} is a window with its frames`, async () => {
      const window = await start();
      const { type, body } = await answerOf(
        formatNamed(format)!,
        window,
        following(window, ABOUT.steps),
        ABOUT,
      );
      const { start: again, options } = await readForecast(
        await bytesOf(body),
        type,
        new URLSearchParams(),
        limits(),
      );
      assert.deepEqual(again, await wanted(window));
      if (format === "json") assert.deepEqual([options.model, options.steps, options.seed], ["small", 4, 3]);
    });
  }
}

Deno.test("JSON in base64 has the same numbers", async () => {
  const window = small();
  const about = { ...ABOUT, numbers: "base64" } as const;
  const { body } = await answerOf(formatNamed("json")!, window, following(window, ABOUT.steps), about);
  const read = await readForecast(await bytesOf(body), "", new URLSearchParams(), limits());
  assert.deepEqual(read.start, await wanted(window));
});

Deno.test("outputs leaves the other fields out, and is refused for a field that is not there", async () => {
  const window = small();
  const about = { ...ABOUT, outputs: ["velocity", "mask"] };
  const { body } = await answerOf(formatNamed("npz")!, window, following(window, ABOUT.steps), about);
  const read = await readForecast(await bytesOf(body), "", new URLSearchParams(), limits());
  const all = await wanted(window);
  assert.deepEqual(read.start!.info.fields.map(({ name }) => name), ["velocity", "mask"]);
  assert.deepEqual(read.start!.values, [all.values[1], all.values[3]]);
  await assert.rejects(
    answerOf(formatNamed("npz")!, window, following(window, 1), { ...about, outputs: ["speed"] }),
    /outputs names "speed", the fields of the window are pressure, velocity, height, mask/,
  );
  await assert.rejects(
    answerOf(formatNamed("json")!, window, following(window, 1), { ...about, outputs: ["mask"] }),
    /wanted one that varies in time/,
  );
});
