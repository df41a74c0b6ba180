// Types that are no plain numbers: text, tables of parameters, virtual datasets, many attributes; and the refusals of
// what is not read, by the names of its types.

import assert from "node:assert/strict";
import { memorySource } from "../../lib/io/byte_source.ts";
import { DisposedError } from "../../lib/io/disposed.ts";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { fixture } from "../shared.ts";

const path = fixture("numbers/others.hdf5");

/** Words of the refusal of each dataset that is not read. */
const REFUSED: Readonly<Record<string, string>> = {
  array: "array of [2, 3] 32-bit floats",
  complex: 'compound of ("r", "i")',
  compound: 'compound of ("x", "y")',
  first_bit_set: "a float whose mantissa begins with a stored 1",
  gap: '"nothing" is absent',
  int128: "a 128-bit integer",
  list: "list of any length of 32-bit floats",
  opaque: "opaque bytes",
  outside: 'lies in another file, "other.h5"',
  reference: "reference",
  ring0: "is made of itself",
  ring1: "is made of itself",
  table_fixed: 'compound of ("name", "value")',
  text: "text",
  texts: "text",
};

Deno.test("openHdf5() refuses what holds no numbers by the name of its type", async () => {
  using file = await openHdf5(path);
  for (const [name, words] of Object.entries(REFUSED)) {
    await assert.rejects(() => file.readFloat32(name), (error) => {
      assert.ok(error instanceof SyntaxError, `${name}: ${error}`);
      assert.ok(error.message.includes(path) && error.message.includes(words), `${name}: ${error.message}`);
      return true;
    });
  }
});

Deno.test("openHdf5() refuses virtual datasets that are made of each other, also when both are asked for at once", async () => {
  using file = await openHdf5(path);
  const both = await Promise.allSettled(["ring0", "ring1"].map((name) => file.dataset(name)));
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
});

Deno.test("openHdf5() reads virtual datasets of the file itself", async () => {
  using file = await openHdf5(path);
  assert.deepEqual([...await file.readFloat64("virtual")], Array.from({ length: 24 }, (_, i) => i));
  assert.deepEqual([...await file.readFloat32("virtual", [1, 2], [2, 3])], [8, 9, 10, 14, 15, 16]);
});

Deno.test("openHdf5() reads tables of a text and a number as parameters by name", async () => {
  using file = await openHdf5(path);
  assert.deepEqual(await file.parameters("table_fixed"), { nu: 1.5, eps: 2 });
  assert.deepEqual(await file.parameters("table_turned"), { nx: 2, ny: 3 });
  assert.deepEqual(await file.parameters("table_texts"), { alpha: 1.5, "β": -2 });
  assert.deepEqual(await file.parameters("table_flags"), { on: 1, off: 0 });
  assert.equal((await file.dataset("table_texts")).holds, "parameters");
  await assert.rejects(
    () => file.parameters("compound"),
    /"compound" holds 2 rows of compound of \("x", "y"\)/,
  );
});

Deno.test("openHdf5() reads attributes without padding, and names the types that it does not read", async () => {
  using file = await openHdf5(path);
  assert.deepEqual({ ...await file.attributes("/") }, {
    complex: { unread: 'compound of ("r", "i")' },
    empty: [],
    ended: ["ab c    ", "xy"],
    half: Math.fround(0.0999755859375),
    reference: { unread: "reference" },
    spaces: ["ab c", "xy\0z"],
    table: { parameters: { alpha: 1.5, "β": -2 } },
    zeros: ["ab c    ", "xy"],
  });
});

Deno.test("openHdf5() reads attributes that are so many that they lie in a heap", async () => {
  using file = await openHdf5(fixture("numbers/many.hdf5"));
  const { large, ...numbers } = await file.attributes("a");
  assert.deepEqual(large, Array.from({ length: 1500 }, (_, i) => i));
  assert.equal(Object.keys(numbers).length, 400);
  for (const [name, value] of Object.entries(numbers)) assert.equal(value, Number(name.slice(7)) + 0.5);
  assert.deepEqual([...await file.readFloat32("a")], [1.5, 2]);
});

Deno.test("a source that is not synchronous gives the same attributes and numbers", async () => {
  const bytes = await Deno.readFile(fixture("numbers/many.hdf5"));
  const { readSync: _, ...source } = memorySource(bytes, "many.hdf5");
  using file = await openHdf5(source);
  assert.equal((await file.attributes("a"))["number 7"], 7.5);
  assert.deepEqual([...await file.readFloat64("a")], [1.5, 2]);
});

Deno.test("a file that is closed rejects every call with that, those that wait too", async () => {
  const file = await openHdf5(path);
  const waiting = [file.kind("virtual"), file.readFloat32("virtual"), file.attributes("/")];
  file.close();
  const calls = [
    ...waiting,
    file.kind("virtual"),
    file.keys("/"),
    file.attributes("/"),
    file.dataset("virtual"),
    file.parameters("table_fixed"),
    file.readFloat64("virtual"),
  ];
  for (const settled of await Promise.allSettled(calls)) {
    assert.ok(
      settled.status === "rejected" && settled.reason instanceof DisposedError,
      JSON.stringify(settled),
    );
    assert.match(settled.reason.message, /^Cannot .*others.hdf5": the file is closed$/);
  }
});
