// Checkpoints: every good and hostile file, the formats' edges, numbers.

import assert from "node:assert/strict";
import type { ByteSource } from "../../lib/io/byte_source.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { halfToNumber, narrowToBfloat, numberToHalf, widenBfloat } from "../../lib/io/numbers.ts";
import { PickleObject, readPickle } from "../../lib/io/pickle.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { readZip } from "../../lib/io/zip.ts";
import { checkShapes } from "../../lib/models/check_shapes.ts";
import { checkFloating, readWeight } from "../../lib/weights/read.ts";
import { fixture, sharedTest } from "../shared.ts";

const TEXT = new TextEncoder();

/** Words of the refusal of each file of the checkpoints folder; files that are not here are read. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "truncated.pt": /truncated or damaged/,
  "truncated_tail.pt": /truncated or damaged/,
  "empty.pt": /empty/,
  "garbage.pt": /no safetensors file/,
  "short_storage.pt": /"embed.2.proj1.weight".*28672 bytes.*57344/,
  "missing_storage.pt": /"embed.2.proj2.weight".*absent/,
  "no_pickle.pt": /0 data.pkl/,
  "evil_system.pt": /posix.system.*never executed/,
  "evil_eval.pt": /eval.*never executed/,
  "evil_extra.pt": /system.*never executed/,
  "evil_deep.pt": /holds no weights/,
  "huge_header.safetensors": /claims 1152921504606846976 bytes/,
  "beyond_end.safetensors": /"x".*leave the file/,
  "overlap.safetensors": /"x" and "y" overlap/,
  "size_mismatch.safetensors": /"x".*needs 20 bytes.*16/,
  "not_json.safetensors": /no JSON/,
};

async function checkFolder(folder: string): Promise<void> {
  let seen = 0;
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.endsWith(".yaml")) continue;
    seen++;
    const open = async () => {
      using checkpoint = await openCheckpoint(`${folder}/${name}`);
      for (const tensor of checkpoint.tensors.values()) await tensor.read();
    };
    const refusal = REFUSED[name];
    if (!refusal) await open();
    else {
      await assert.rejects(open, (error: Error) => {
        assert.ok(error instanceof SyntaxError, `${name}: ${error}`);
        assert.match(error.message, refusal, name);
        assert.ok(error.message.includes(name), `${name}: the message must name the file`);
        return true;
      });
    }
  }
  assert.ok(seen > 10);
}

Deno.test("openCheckpoint() reads or refuses every file as expected", () =>
  checkFolder(fixture("golden/checkpoints")));
sharedTest("openCheckpoint() does so for the complete folder", "golden/checkpoints", checkFolder);

Deno.test("checkShapes() and checkFloating() name what is missing, unknown, misshapen or not floating-point", async () => {
  const one = (name: string, shape: number[]) => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  using file = await openCheckpoint(writeSafetensors([one("a", [2, 3]), one("b", [4])]));
  const shapes = new Map([...file.tensors].map(([name, { shape }]) => [name, shape] as const));
  const expect = (entries: [string, number[]][]) => () =>
    checkShapes(shapes, new Map(entries.map(([name, shape]) => [name, { shape }])), file.name);
  assert.throws(expect([["a", [2, 3]], ["b", [4]], ["c", [1]]]), /lacks "c"/);
  assert.throws(expect([["a", [2, 3]]]), /no "b"/);
  assert.throws(expect([["a", [2, 3]], ["b", [5]]]), /"b" has shape \[4\], wanted \[5\]/);
  assert.throws(expect([["a", [6]], ["b", [4]]]), /"a" has shape \[2, 3\], wanted \[6\]/);
  expect([["a", [2, 3]], ["b", [4]]])();
  checkFloating(file);
  using integers = await openCheckpoint(fixture("golden/checkpoints/integer_weights.pt"));
  assert.throws(() => checkFloating(integers), /wanted floating-point numbers/);
});

Deno.test("readWeight() refuses values that are not finite and says where", async () => {
  using file = await openCheckpoint(
    writeSafetensors([{ name: "w", shape: [3], data: Float32Array.of(1, NaN, 2) }]),
  );
  await assert.rejects(() => readWeight(file, file.tensors.get("w")!), /element 1 of "w" is NaN/);
});

Deno.test("writeSafetensors() round-trips f32, f16 and bf16", async () => {
  const data = Float32Array.of(0, -0, 1, -2.5, 65504, 2 ** -24, 1 / 3);
  for (const [dtype, tolerance] of [["f32", 0], ["f16", 2 ** -11], ["bf16", 2 ** -8]] as const) {
    using file = await openCheckpoint(
      writeSafetensors([{ name: "x", shape: [7], data }], dtype, { made: "here" }),
    );
    const back = await file.tensors.get("x")!.read();
    assert.equal(file.tensors.get("x")!.dtype, dtype);
    data.forEach((v, i) =>
      assert.ok(Math.abs(v - back[i]!) <= tolerance * Math.abs(v), `${dtype} ${v} ${back[i]}`)
    );
  }
});

Deno.test("numberToHalf() inverts halfToNumber() for every half and rounds to even", () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = halfToNumber(bits);
    if (Number.isNaN(value)) assert.ok(Number.isNaN(halfToNumber(numberToHalf(value))));
    else assert.equal(numberToHalf(value), bits);
  }
  assert.equal(halfToNumber(numberToHalf(1 + 2 ** -11)), 1);
  assert.equal(halfToNumber(numberToHalf(1 + 3 * 2 ** -11)), 1 + 2 ** -9);
  assert.equal(halfToNumber(numberToHalf(65520)), Infinity);
  assert.deepEqual([...widenBfloat(narrowToBfloat(Float32Array.of(1, -3.5, NaN)))], [1, -3.5, NaN]);
});

Deno.test("openCheckpoint() reads shards through their index and refuses paths out of the folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = Float32Array.of(1, 2);
    await Deno.writeFile(`${folder}/one.safetensors`, writeSafetensors([{ name: "a", shape: [2], data }]));
    await Deno.writeFile(`${folder}/two.safetensors`, writeSafetensors([{ name: "b", shape: [1, 2], data }]));
    const index = `${folder}/model.safetensors.index.json`;
    const write = (map: object) => Deno.writeTextFile(index, JSON.stringify({ weight_map: map }));
    await write({ a: "one.safetensors", b: "two.safetensors" });
    {
      using file = await openCheckpoint(index);
      assert.deepEqual([...(await file.tensors.get("b")!.read())], [1, 2]);
    }
    await write({ a: "../one.safetensors" });
    await assert.rejects(() => openCheckpoint(index), /wanted the name of a file beside the index/);
    await write({ c: "one.safetensors" });
    await assert.rejects(() => openCheckpoint(index), /"c" is not in "one.safetensors"/);
    await write({ a: "three.safetensors" });
    await assert.rejects(() => openCheckpoint(index), /three.safetensors.*no such file/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A source of 6 GB whose bytes are zero but for given pieces. */
function sparse(pieces: ReadonlyMap<number, Uint8Array>, size: number): ByteSource {
  const read = (offset: number, length: number) => {
    const out = new Uint8Array(length);
    for (const [start, bytes] of pieces) {
      for (let i = Math.max(offset, start); i < Math.min(offset + length, start + bytes.length); i++) {
        out[i - offset] = bytes[i - start]!;
      }
    }
    return Promise.resolve(out);
  };
  return { name: "sparse.pt", size, read, close() {}, [Symbol.dispose]() {} };
}

Deno.test("readZip() follows 64-bit records beyond 4 GiB", async () => {
  const size = 6 * 2 ** 30;
  const far = 5 * 2 ** 30;
  const name = TEXT.encode("archive/data/0");
  const central = new Uint8Array(46 + name.length + 28);
  const view = new DataView(central.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint32(20, 0xffffffff, true);
  view.setUint32(24, 0xffffffff, true);
  view.setUint16(28, name.length, true);
  view.setUint16(30, 28, true);
  view.setUint32(42, 0xffffffff, true);
  central.set(name, 46);
  const extra = 46 + name.length;
  view.setUint16(extra, 1, true);
  view.setUint16(extra + 2, 24, true);
  view.setBigUint64(extra + 4, BigInt(2 ** 29), true);
  view.setBigUint64(extra + 12, BigInt(2 ** 29), true);
  view.setBigUint64(extra + 20, BigInt(far), true);
  const end = new Uint8Array(56 + 20 + 22);
  const tail = new DataView(end.buffer);
  const directory = size - end.length - central.length;
  tail.setUint32(0, 0x06064b50, true);
  tail.setBigUint64(32, 1n, true);
  tail.setBigUint64(40, BigInt(central.length), true);
  tail.setBigUint64(48, BigInt(directory), true);
  tail.setUint32(56, 0x07064b50, true);
  tail.setBigUint64(64, BigInt(size - end.length), true);
  tail.setUint32(76, 0x06054b50, true);
  const source = sparse(new Map([[directory, central], [size - end.length, end]]), size);
  const entries = await readZip(source);
  assert.deepEqual(entries.get("archive/data/0"), {
    name: "archive/data/0",
    size: 2 ** 29,
    stored: 2 ** 29,
    deflated: false,
    crc: 0,
    headerOffset: far,
  });
});

Deno.test("readPickle() refuses names, opcodes, lengths and memo entries it does not need", () => {
  const context = { name: "x.pt", callables: {}, constants: {}, persistent: () => null };
  const refuse = (bytes: number[], words: RegExp) =>
    assert.throws(() => readPickle(Uint8Array.from(bytes), context), (e: Error) => {
      assert.ok(e instanceof SyntaxError);
      assert.match(e.message, words);
      return true;
    });
  const ascii = (text: string) => [...TEXT.encode(text)];
  refuse([0x80, 2, ...ascii("cos\nsystem\n"), 0x2e], /"os.system"/);
  refuse([0x80, 2, ...ascii("c__proto__\nconstructor\n"), 0x2e], /never executed/);
  refuse([0x80, 2, 0x58, 0xff, 0xff, 0xff, 0x7f], /claimed beyond its end/);
  refuse([0x80, 2, 0x68, 9], /memo entry 9 is empty/);
  refuse([0x80, 2, ...new Array<number>(2 ** 18 + 1).fill(0x5d), 0x2e], /more than 262144 objects/);
  refuse([0x80, 2, 0x82, 0, 0x2e], /opcode 0x82/);
  // Names that lead from a harmless module into one that acts, protocol 4, and attributes reached for.
  const short = (text: string) => [0x8c, text.length, ...ascii(text)];
  refuse([0x80, 4, ...short("torch.serialization"), ...short("os.system"), 0x93, 0x2e], /never executed/);
  refuse([0x80, 2, ...ascii("csubprocess\nPopen\n"), 0x2e], /"subprocess.Popen"/);
  refuse([0x80, 2, ...ascii("cnumpy.testing\nrunstring\n"), 0x2e], /never executed/);
  const getattr = [...ascii("c__builtin__\ngetattr\n"), ...ascii("cbuiltins\nobject\n")];
  refuse([0x80, 2, ...getattr, ...short("__subclasses__"), 0x86, 0x52, 0x2e], /attribute.*never executed/);
  refuse([0x80, 2, 0x4b, 1, 0x29, 0x52, 0x2e], /calls something that is no callable/);
  refuse([0x80, 2, 0x8a, 0xff, 0x2e], /claimed beyond its end/);
  refuse([0x80, 9], /protocol/);
  refuse([0x80, 2, 0x2e], /finds no value/);
  refuse([], /beyond its end/);
  const dictionary = readPickle(
    Uint8Array.from([0x80, 2, 0x7d, 0x8c, 9, ...ascii("__proto__"), 0x4b, 1, 0x73, 0x2e]),
    context,
  );
  assert.ok(dictionary instanceof Map && dictionary.get("__proto__") === 1);
});

Deno.test("readPickle() describes objects that are not built", () => {
  const context = { name: "x.pt", callables: {}, constants: {}, persistent: () => null };
  const ascii = (text: string) => [...TEXT.encode(text)];
  const read = (...bytes: number[]) => readPickle(Uint8Array.from([0x80, 2, ...bytes, 0x2e]), context);
  // argparse.Namespace, made of its class, given a state.
  const made = read(
    ...ascii("cargparse\nNamespace\n"),
    0x29,
    0x81,
    0x7d,
    0x8c,
    2,
    ...ascii("lr"),
    0x4b,
    3,
    0x73,
    0x62,
  );
  assert.ok(made instanceof PickleObject);
  assert.deepEqual([made.path, [...made.state as Map<string, number>]], ["argparse.Namespace", [["lr", 3]]]);
  // A kind of dictionary, and an integer of twenty bytes.
  const counter = read(...ascii("ccollections\nCounter\n"), 0x29, 0x52, 0x4b, 1, 0x4b, 2, 0x73);
  assert.deepEqual([...(counter as PickleObject).entries!], [[1, 2]]);
  assert.ok(read(0x8a, 20, ...new Array<number>(20).fill(1)) instanceof PickleObject);
});
