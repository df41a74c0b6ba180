// Requests that are wrong in some way: bodies of every content type, damaged, lying or made to be large; types, encodings
// and options that do not fit them. A few are right, so that what is behind the readers is reached too.

import fc from "fast-check";
import { gzipSync } from "node:zlib";
import type { Sample } from "../../../lib/data/dataset.ts";
import { writeSamples } from "../../../lib/data/write_samples.ts";
import { writeNpy, writeNpz } from "../../../lib/io/npy_writer.ts";
import { writeSafetensors } from "../../../lib/io/safetensors_writer.ts";
import { describeWindow, shapeOf } from "../../../lib/serve/answer/describe.ts";
import { toJson, toNpz } from "../../../lib/serve/answer/whole.ts";
import { broken, load, wildYaml } from "../../fuzz/kinds.ts";
import { addresses, heapPlaces, lying, zipPlaces } from "../../fuzz/lies.ts";
import { LIES } from "../../fuzz/mutate.ts";
import { jsonText, small } from "../windows.ts";
import { deflatedArchive, oneChunk } from "./bombs.ts";

/** A request before it is sent. */
export interface Sent {
  /** What of it is wrong, for the tally. */
  readonly kind: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
}

const text = new TextEncoder();

/** A window that the shipped network takes. */
export function validWindow(): Sample {
  const sample = small(6);
  const fields = sample.info.fields.map((field) =>
    field.name === "height" ? { ...field, name: "density" } : field
  );
  return { ...sample, info: { ...sample.info, fields } };
}

const WINDOW = validWindow();
const VALID = JSON.parse(jsonText(toJson(WINDOW, { model: "small", seed: 1 })));

/** Values that may stand anywhere in JSON. */
const odd = fc.constantFrom<unknown>(
  null,
  true,
  0,
  -1,
  1e300,
  1e-300,
  2 ** 53,
  "",
  "x",
  "x".repeat(3000),
  "../../etc/passwd",
  "file:///etc/passwd",
  "http://localhost/",
  "velocity.npy",
  "\u0000\ud800",
  [],
  {},
  [[]],
  [[], [1]],
  [null, null],
  ["a", 1],
  { base64: "AAAA" },
  { base64: "AAAAAAAAAAA=", dtype: "f64" },
  { constant: true, values: [1] },
  { a: { b: { c: [] } } },
);

/** Places of a tree, lists of numbers not entered. */
function pathsOf(tree: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof tree !== "object" || tree === null || (Array.isArray(tree) && typeof tree[0] === "number")) {
    return [path];
  }
  return [path, ...Object.entries(tree).flatMap(([name, inner]) => pathsOf(inner, [...path, name]))];
}

/** The tree with something else at a place: absent where it is undefined. */
function replaced(tree: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const copy: Record<string, unknown> = Array.isArray(tree) ? [...tree] as never : { ...tree as object };
  const inner = replaced(copy[name], rest, value);
  if (inner === undefined) delete copy[name];
  else copy[name] = inner;
  return copy;
}

/** A tree with one to three odd values. */
function oddTree(tree: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({
    path: fc.constantFrom(...pathsOf(tree).filter(({ length }) => length > 0)),
    name: fc.option(
      fc.constantFrom("extra", "__proto__", "constructor", "", "splits", "file", "array", "shape"),
      { freq: 3 },
    ),
    value: fc.oneof({ weight: 5, arbitrary: odd }, { weight: 1, arbitrary: fc.constant(undefined) }),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) =>
    changes.reduce(
      (now, { path, name, value }) =>
        replaced(now, name === null ? path : [...path.slice(0, -1), name], value),
      tree,
    )
  );
}

const jsonBytes = (tree: unknown) => text.encode(JSON.stringify(tree) ?? "");

function described(): Record<string, unknown> {
  const fields = WINDOW.info.fields.map(({ name, order, constant }) => [name, { order, constant }]);
  return { ...describeWindow(WINDOW), fields: Object.fromEntries(fields) };
}

const arrays = WINDOW.info.fields.map((field, i) => ({
  name: field.name,
  shape: shapeOf(WINDOW.info, field, 6),
  data: WINDOW.values[i]!,
}));

function npzOf(description: Uint8Array): Uint8Array {
  const named = Object.fromEntries(arrays.map(({ name, ...array }) => [name, array]));
  return writeNpz({ ...named, description: { shape: [description.length], data: description } });
}

function safetensorsOf(description: Uint8Array): Uint8Array {
  return writeSafetensors(arrays, "f32", { description: new TextDecoder().decode(description) });
}

const wildDescription = fc.oneof(
  { weight: 3, arbitrary: oddTree(described()).map(jsonBytes) },
  { weight: 1, arbitrary: broken([jsonBytes(described())]) },
  { weight: 1, arbitrary: wildYaml },
);

/** Shapes of arrays that lie, in the header of an array that has no numbers. */
const lyingArray = fc.record({
  descr: fc.constantFrom("<f4", "|u1", ">f8", "|O", "<U9", "<c8", "f4", ""),
  order: fc.constantFrom("True", "False", "0"),
  shape: fc.array(fc.constantFrom(0, 1, 6, 8, 9, 2 ** 31, 2 ** 53, 1e300), { maxLength: 5 }),
}).map(({ descr, order, shape }) => {
  const array = writeNpy({ shape: [1], data: Float32Array.of(1) });
  const words = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(", ")},), }`;
  array.set(text.encode(words.padEnd(array.length - 15).slice(0, array.length - 15)), 10);
  return array;
});

/** Bodies by content type. */
async function bodies(): Promise<Readonly<Record<string, fc.Arbitrary<Uint8Array>>>> {
  const valid = jsonBytes(VALID);
  const hdf5 = await writeSamples([WINDOW]);
  const wells = [
    hdf5,
    ...await Promise.all(
      ["00_good", "48_latest_format_superblock3", "49_userblock_512"].map((n) =>
        load(`samples-bad/${n}.hdf5`)
      ),
    ),
  ];
  const bad = await Promise.all(
    [...Deno.readDirSync("tests/fixtures/samples-bad")].filter(({ name }) => name.endsWith(".hdf5"))
      .map(({ name }) => load(`samples-bad/${name}`)),
  );
  const npz = npzOf(jsonBytes(described()));
  const answered = toNpz(WINDOW);
  const packed = await Promise.all(
    arrays.map(async ({ name, ...array }) => await deflatedArchive(`${name}.npy`, writeNpy(array))),
  );
  const tensors = safetensorsOf(jsonBytes(described()));
  const headerEnd = 8 + Number(new DataView(tensors.buffer).getBigUint64(0, true));
  const bomb = await deflatedArchive("description.npy", new Uint8Array(16 << 20));
  const chunk = await oneChunk([16, 512, 512]);
  return {
    "application/json": fc.oneof(
      { weight: 6, arbitrary: oddTree(VALID).map(jsonBytes) },
      {
        weight: 2,
        arbitrary: oddTree({ data: { dataset: "mini", start: 1 }, steps: 2, outputs: ["A"] }).map(jsonBytes),
      },
      { weight: 3, arbitrary: broken([valid], [[0, 0.02]]) },
      { weight: 1, arbitrary: fc.json({ maxDepth: 8 }).map((json) => text.encode(json)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "[".repeat(1 << 20),
          '{"a":'.repeat(1 << 18),
          `{"window":[${"{},".repeat(1 << 18)}{}]}`,
          `{"window":{"fields":{"a":{"values":[${"0,".repeat(1 << 19)}0]}}}}`,
          `{"window":{"time":[${"[1],".repeat(1 << 17)}[1]]}}`,
          `{"${"a".repeat(1 << 20)}":1}`,
          `{${Array.from({ length: 50_000 }, (_, i) => `"a${i}":1`).join()}}`,
        ).map((json) => text.encode(json)),
      },
      { weight: 1, arbitrary: fc.constant(valid) },
    ),
    "application/x-npz": fc.oneof(
      { weight: 3, arbitrary: broken([npz, answered, ...packed], [[0, 0.1], [0.9, 1]]) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(npz, ...packed).chain((seed) => lying(seed, zipPlaces(seed), LIES)),
      },
      { weight: 4, arbitrary: wildDescription.map(npzOf) },
      { weight: 2, arbitrary: lyingArray.map((array) => replaceMember(npz, "pressure.npy", array)) },
      { weight: 1, arbitrary: fc.constantFrom(bomb, npz) },
    ),
    "application/x-safetensors": fc.oneof(
      { weight: 3, arbitrary: broken([tensors], [[0, headerEnd / tensors.length]]) },
      { weight: 4, arbitrary: wildDescription.map(safetensorsOf) },
      { weight: 2, arbitrary: lyingHeader(tensors, headerEnd) },
      { weight: 1, arbitrary: fc.constant(tensors) },
    ),
    "application/x-hdf5": fc.oneof(
      { weight: 3, arbitrary: broken(wells, [[0, 0.1]]) },
      {
        weight: 3,
        arbitrary: fc.constantFrom(...wells.map((seed) => ({ seed, ...addresses(seed) }))).chain((
          { seed, places, values },
        ) => lying(seed, places, values)),
      },
      { weight: 2, arbitrary: lying(hdf5, heapPlaces(hdf5), [...LIES, 8n, 16n, 32n]) },
      { weight: 2, arbitrary: fc.constantFrom(...bad) },
      { weight: 1, arbitrary: fc.constantFrom(chunk, hdf5) },
    ),
  };
}

/** An archive in which the bytes of a stored entry begin with others. */
function replaceMember(archive: Uint8Array, name: string, bytes: Uint8Array): Uint8Array {
  const copy = archive.slice();
  const words = text.encode(name);
  const at = copy.findIndex((_, i) => words.every((letter, k) => copy[i + k] === letter)) + words.length;
  copy.set(bytes, at);
  return copy;
}

/** A header of safetensors with an odd entry, its length right. */
function lyingHeader(file: Uint8Array, end: number): fc.Arbitrary<Uint8Array> {
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, end)));
  return oddTree(header).map((tree) => {
    const bytes = jsonBytes(tree);
    const out = new Uint8Array(8 + bytes.length + file.length - end);
    new DataView(out.buffer).setBigUint64(0, BigInt(bytes.length), true);
    out.set(bytes, 8);
    out.set(file.subarray(end), 8 + bytes.length);
    return out;
  });
}

const query = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  {
    weight: 4,
    arbitrary: fc.array(
      fc.tuple(
        fc.constantFrom(
          "steps",
          "seed",
          "start",
          "stride",
          "frames",
          "model",
          "grid",
          "map",
          "outputs",
          "draws",
          "format",
          "lead",
          "kvCache",
          "transforms",
          "trajectory",
          "split",
          "numbers",
          "x",
        ),
        fc.constantFrom(
          "1",
          "2",
          "-1",
          "0",
          "1e9",
          "NaN",
          "",
          "true",
          "small",
          "A=B",
          "pressure=pressure",
          "velocity_x=velocity_y",
          "pressure",
          "npz",
          "frames",
          "resample",
          "\u0000",
          "%",
          "x".repeat(2000),
        ),
      ),
      { minLength: 1, maxLength: 3 },
    ).map((pairs) => `?${new URLSearchParams(pairs)}`),
  },
);

/** Requests of every content type. */
export async function malformed(): Promise<fc.Arbitrary<Sent>> {
  const byType = Object.entries(await bodies());
  const types = byType.map(([type]) => type);
  const gzipBomb = gzipSync(new Uint8Array(64 << 20));
  return fc.oneof(...byType.map(([type, body]) =>
    fc.record({
      body,
      declared: fc.oneof(
        { weight: 12, arbitrary: fc.constant(type) },
        { weight: 2, arbitrary: fc.constantFrom("application/octet-stream", "") },
        { weight: 1, arbitrary: fc.constantFrom(...types, "image/png", "text/plain", ";", "a/b;c=d") },
      ),
      encoding: fc.oneof(
        { weight: 12, arbitrary: fc.constant(null) },
        { weight: 2, arbitrary: fc.constant("gzip") },
        { weight: 1, arbitrary: fc.constantFrom("not packed", "cut", "bomb", "br", "gzip, gzip") },
      ),
      accept: fc.oneof(
        { weight: 12, arbitrary: fc.constant("*/*") },
        {
          weight: 2,
          arbitrary: fc.constantFrom(
            "application/x-npz",
            "application/x-hdf5",
            "text/event-stream",
            "application/x-walrus-frames",
          ),
        },
        { weight: 1, arbitrary: fc.constantFrom("image/png", ";;;", "*/*;q=0", ",".repeat(1000)) },
      ),
      query,
    }).map(({ body, declared, encoding, accept, query }): Sent => {
      const packed = encoding === "gzip"
        ? gzipSync(body)
        : encoding === "cut"
        ? gzipSync(body).subarray(0, -9)
        : encoding === "bomb"
        ? gzipBomb
        : body;
      const label = encoding === "not packed" || encoding === "cut" || encoding === "bomb"
        ? "gzip"
        : encoding;
      return {
        kind: type,
        body: packed,
        headers: { "content-type": declared, accept, ...label === null ? {} : { "content-encoding": label } },
        query: type === "application/json" ? (query.includes("format") ? query : "") : query,
      };
    })
  ));
}
