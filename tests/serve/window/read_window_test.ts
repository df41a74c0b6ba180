// Windows of every form are the same sample, and each mistake is refused in words, with its reason.

import assert from "node:assert/strict";
import type { Sample } from "../../../lib/data/dataset.ts";
import { writeSamples } from "../../../lib/data/write_samples.ts";
import { writeNpy, writeNpz } from "../../../lib/io/npy_writer.ts";
import { writeSafetensors } from "../../../lib/io/safetensors_writer.ts";
import { writeZip } from "../../../lib/io/zip_writer.ts";
import { describeWindow, shapeOf } from "../../../lib/serve/answer/describe.ts";
import { toJson, toNpz } from "../../../lib/serve/answer/whole.ts";
import type { Limits } from "../../../lib/serve/limits.ts";
import { type Reason, Refusal } from "../../../lib/serve/refusal.ts";
import { readForecast } from "../../../lib/serve/window/read_window.ts";
import { jsonText, limits, small } from "../windows.ts";

const text = new TextEncoder();
const sample = small();
const ORIGIN = { model: "small", seed: 0 };

/** The description of the sample; its fields are `pressure`, `velocity`, `height` and `mask`. */
function description(): Record<string, unknown> {
  const fields = sample.info.fields.map(({ name, order, constant }) => [name, { order, constant }]);
  return { ...describeWindow(sample), fields: Object.fromEntries(fields) };
}

function tensors() {
  return sample.info.fields.map((field, i) => ({
    name: field.name,
    shape: shapeOf(sample.info, field, 3),
    data: sample.values[i]!,
  }));
}

function npz(described: unknown = description(), extra = {}): Uint8Array {
  const bytes = text.encode(JSON.stringify(described));
  const arrays = Object.fromEntries(tensors().map(({ name, ...array }) => [name, array]));
  return writeNpz({ ...arrays, description: { shape: [bytes.length], data: bytes }, ...extra });
}

function safetensors(described: unknown = description()): Uint8Array {
  return writeSafetensors(tensors(), "f32", { description: JSON.stringify(described) });
}

function json(change: (body: Record<string, unknown>) => unknown = (body) => body): Uint8Array {
  return text.encode(JSON.stringify(change(JSON.parse(jsonText(toJson(sample, ORIGIN))))));
}

async function read(body: Uint8Array, type = "", query = "", some: Partial<Limits> = {}): Promise<Sample> {
  return (await readForecast(body, type, query, limits(some))).start!;
}

/** Fails unless a body is refused for a reason, in words. */
async function refused(
  reason: Reason,
  words: RegExp,
  body: Uint8Array,
  query = "",
  some: Partial<Limits> = {},
  type = "",
): Promise<void> {
  await assert.rejects(read(body, type, query, some), (error) => {
    assert.ok(error instanceof Refusal, String((error as Error).stack));
    assert.match(error.message, words);
    assert.equal(error.reason, reason);
    assert.ok(error.message.length < 1000);
    return true;
  });
}

const HDF5 = await writeSamples([sample]);

Deno.test("a window is the same sample in each form", async () => {
  const folder = writeZip({
    "arrays.yaml": text.encode(JSON.stringify({
      ...description(),
      fields: {
        pressure: "p.npy",
        velocity: { file: "velocity.npy", order: 1 },
        height: { constant: true },
        mask: { array: "m", constant: true },
      },
    })),
    ...Object.fromEntries(
      tensors().map(({ name, ...array }) => [
        `${({ pressure: "p", mask: "m" })[name] ?? name}.npy`,
        writeNpy(array),
      ]),
    ),
  });
  for (
    const [type, body] of [
      ["application/json; charset=utf-8", json()],
      ["application/x-npz", npz()],
      ["application/zip", folder],
      ["application/x-npz", toNpz(sample)],
      ["application/x-safetensors", safetensors()],
      ["application/x-hdf5", HDF5],
    ] as const
  ) {
    assert.deepEqual(await read(body, type), sample, type);
    // What it is, is seen without a type too.
    assert.deepEqual(await read(body, "application/octet-stream"), sample, type);
  }
});

Deno.test("numbers of JSON may be nested, flat with a shape, or base64", async () => {
  const change = (values: unknown, shape?: number[]) =>
    json((body) => {
      const { window } = body as { window: { fields: Record<string, object> } };
      const height = { order: 0, constant: true, values, ...shape ? { shape } : {} };
      return { ...body, window: { ...window, fields: { ...window.fields, height } } };
    });
  const flat = [...sample.values[2]!];
  const nested = Array.from({ length: 8 }, (_, i) => flat.slice(9 * i, 9 * i + 9));
  const base64 = (numbers: Float32Array | Float64Array) => new Uint8Array(numbers.buffer).toBase64();
  assert.deepEqual(await read(change(nested)), sample);
  assert.deepEqual(await read(change(flat, [8, 9])), sample);
  assert.deepEqual(await read(change({ base64: base64(sample.values[2]!) }, [8, 9])), sample);
  const wide = { base64: base64(Float64Array.from(flat)), dtype: "f64" };
  assert.deepEqual(await read(change(wide, [8, 9])), sample);
  await refused("malformed", /height\.shape is absent/, change({ base64: "AAAA" }));
  await refused("malformed", /no base64/, change({ base64: "*" }, [8, 9]));
  await refused("malformed", /has 3 bytes, f32 takes 4 each/, change({ base64: "AAAA" }, [8, 9]));
  await refused("malformed", /dtype is "f16", wanted f32 or f64/, change({ base64: "", dtype: "f16" }, [0]));
  await refused("malformed", /height has 72 numbers, its shape \[9,9\] wants 81/, change(flat, [9, 9]));
  await refused("malformed", /has shape \[72\], wanted 2 axes: points of 2 axes/, change(flat));
  await refused("malformed", /wanted numbers, in lists of equal lengths/, change([[1, 2], [3]]));
  await refused("malformed", /fields.height.values is \[\["1"\]\], wanted numbers/, change([["1"]]));
});

Deno.test("frames of a window are chosen, also from its end", async () => {
  const times = async (query: string, body = HDF5) => [...(await read(body, "", query)).times];
  const [a, b, c] = sample.times;
  assert.deepEqual(await times("start=1"), [b, c]);
  assert.deepEqual(await times("start=-2"), [b, c]);
  assert.deepEqual(await times("stride=2"), [a, c]);
  assert.deepEqual(await times("frames=1&start=-2", npz()), [b]);
  await refused("malformed", /has frames 0 to 2, 3 frames from 1 were asked for/, HDF5, "start=1&frames=3");
  await refused("malformed", /has frames 0 to 2, frames from 3 were asked for/, npz(), "start=3");
  await refused("malformed", /has frames 0 to 2, frames from -4 were/, npz(), "start=-4");
  await refused("malformed", /trajectories 0 to 0, 1 was asked for/, HDF5, "trajectory=1");
  await refused("malformed", /trajectory 1 was asked for, arrays are of one/, npz(), "trajectory=1");
  await refused("malformed", /splits all, not "test"/, HDF5, "split=test");
});

Deno.test("options are checked, every mistake named", async () => {
  await refused(
    "malformed",
    /steps is "many", wanted an integer from 1; .*"sead" is not known/,
    npz(),
    "steps=many&sead=1",
  );
  await refused("malformed", /steps is given twice/, npz(), "steps=1&steps=2");
  await refused("malformed", /grid is "large", wanted auto or native or/, npz(), "grid=large");
  await refused("malformed", /transforms.A is "log", wanted log10 or zeros_like/, npz(), "transforms=A=log");
  await refused("malformed", /map is "A", wanted names by field/, npz(), "map=A");
  await refused("too_large", /steps is 5, this service forecasts at most 4/, npz(), "steps=5", { steps: 4 });
  await refused("malformed", /"steps" stands in the query, wanted in the body/, json(), "steps=2");
  await refused(
    "malformed",
    /has neither window nor data, wanted one/,
    json(({ window: _, ...rest }) => rest),
  );
  await refused(
    "malformed",
    /has both window and data, wanted one/,
    json((body) => ({ ...body, data: { dataset: "a" } })),
  );
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x${i}`, i]));
  await refused(
    "malformed",
    /"x0", "x1", .*"x7" and 42 more are not known, there are/,
    json((body) => ({ ...body, ...many })),
  );
  const { options } = await readForecast(
    npz(),
    "",
    "map=pressure=p,height=h&draws=false&outputs=a,b&lead=.5",
    limits(),
  );
  assert.deepEqual(options, {
    steps: 1,
    seed: 0,
    kvCache: false,
    numbers: "decimal",
    map: { pressure: "p", height: "h" },
    draws: false,
    outputs: ["a", "b"],
    lead: 0.5,
  });
});

Deno.test("a window beyond a limit is refused before its numbers are read", async () => {
  for (const body of [json(), npz(), safetensors(), HDF5]) {
    await refused("too_large", /has 72 points, this service takes at most 71/, body, "", { points: 71 });
    await refused("too_large", /has 4 (fields|entries), this service takes at most 3/, body, "", {
      fields: 3,
    });
    await refused("too_large", /has 3 frames, this service takes at most 2/, body, "", { frames: 2 });
    await refused("too_large", /The body has \d+ bytes, .* at most 100/, body, "", { bytes: 100 });
  }
  // Numbers of 8 bits take four times as many bytes in a window.
  const wide = { shape: [3, 80, 90], data: new Uint8Array(21_600) };
  const body = npz({ ...description(), fields: { wide: {} } }, { wide });
  await refused("too_large", /The window's fields take 86400 bytes/, body, "", { bytes: 40_000 });
});

Deno.test("numbers that no forecast can start from are refused by name", async () => {
  const change = (i: number, at: number, value: number): Sample => ({
    ...sample,
    values: sample.values.map((field, k) => k === i ? field.with(at, value) : field),
  });
  await refused(
    "unfit",
    /Cannot forecast from the window: frame 1, velocity_y is NaN/,
    toNpz(change(1, 145, NaN)),
  );
  await refused("unfit", /frame 2, pressure is Infinity/, toNpz(change(0, 150, Infinity)));
  // A hidden cell may hold anything.
  await read(toNpz(change(0, 3, NaN)));
  const timed = (times: number[]) => toNpz({ ...sample, times: Float64Array.from(times) });
  await refused("unfit", /time of frame 2 is 1 after 1, wanted times that grow/, timed([0, 1, 1]));
  await refused("unfit", /time of frame 1 is NaN/, timed([0, NaN, 1]));
});

Deno.test("descriptions that do not fit are refused with the entry", async () => {
  const changed = (
    change: object,
  ) => [npz({ ...description(), ...change }), safetensors({ ...description(), ...change })];
  for (const body of changed({ splits: { train: [0] } })) await refused("malformed", /has splits/, body);
  for (const body of changed({ fields: { pressure: "q" } })) {
    await refused("malformed", /fields.pressure: there is no array "q", there are/, body);
  }
  for (const body of changed({ fields: { velocity: {} } })) {
    await refused(
      "malformed",
      /fields.velocity has shape \[3,8,9,2\], wanted 3 axes: frames, points of 2 axes/,
      body,
    );
  }
  for (const body of changed({ boundaries: { x: "wall", y: "glass" } })) {
    await refused("malformed", /boundaries.y is "glass", wanted wall, open or periodic/, body);
  }
  for (const body of changed({ time: [0, 1] })) {
    await refused("malformed", /time has 2 numbers, wanted 3/, body);
  }
  for (const body of changed({ scalars: { a: [1, 2] } })) {
    await refused("too_large", /scalars.a has 2 numbers, this service takes at most 1/, body);
  }
  for (const body of changed({ fields: {} })) {
    await refused("malformed", /fields are \{\}, wanted an object of at least one/, body);
  }
  for (const body of changed({ grid: 3, name: "" })) {
    await refused("malformed", /name is ""/, body);
  }
  for (const body of [npz([]), safetensors(7)]) {
    await refused("malformed", /description is .*, wanted an object/, body);
  }
  await refused(
    "malformed",
    /no array "description" and no arrays.yaml, its arrays are "a"/,
    writeNpz({ a: { shape: [1], data: new Uint8Array(1) } }),
  );
  await refused("malformed", /__metadata__ has no description, it has nothing/, writeSafetensors(tensors()));
});

Deno.test("what is no window is refused by what it is", async () => {
  await refused(
    "unsupported_media",
    /The body is of type "image\/png", wanted application\/json,/,
    npz(),
    "",
    {},
    "image/png",
  );
  await refused("unsupported_media", /begins as none of the forms of a window/, text.encode("hello"));
  await refused("unsupported_media", /begins as none of the forms of a window/, new Uint8Array(0));
  await refused("malformed", /no JSON, "a" stands at 1, wanted a name/, text.encode("{a"));
  await refused("malformed", /no UTF-8/, Uint8Array.of(0x7b, 0xff), "", {}, "application/json");
  await refused("malformed", /The body is no object/, text.encode("[1]"), "", {}, "application/json");
  await refused(
    "malformed",
    /Cannot read "window": .*end record is missing/,
    json(),
    "",
    {},
    "application/zip",
  );
  await refused("malformed", /no HDF5 file/, npz(), "", {}, "application/x-hdf5");
  await refused(
    "malformed",
    /Cannot read "window": its header claims/,
    npz(),
    "",
    {},
    "application/x-safetensors",
  );
  await refused("malformed", /"window.hdf5?": |of "window"|Cannot read "window"/, HDF5.slice(0, 3000));
});
