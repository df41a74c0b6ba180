// Bodies that claim much, or become much when they are unpacked: refused before memory is taken for it.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { crc32 } from "../../../lib/io/crc32.ts";
import { hdf5Library } from "../../../lib/io/hdf5_library.ts";
import { writeNpz } from "../../../lib/io/npy_writer.ts";
import type { Limits } from "../../../lib/serve/limits.ts";
import { type Reason, Refusal } from "../../../lib/serve/refusal.ts";
import { decodeBody, inflate } from "../../../lib/serve/window/inflate.ts";
import { readForecast } from "../../../lib/serve/window/read_window.ts";
import { archive, deflated, oneChunk } from "../malformed/bombs.ts";
import { limits } from "../windows.ts";

const text = new TextEncoder();
const MB = 1 << 20;
const SMALL = limits({ bytes: 4 * MB });

async function refused(
  reason: Reason,
  words: RegExp,
  body: Uint8Array,
  some: Limits = SMALL,
  type = "",
  query = "",
): Promise<void> {
  await assert.rejects(readForecast(body, type, query, some), (error) => {
    assert.ok(error instanceof Refusal, String((error as Error).stack));
    assert.match(error.message, words);
    assert.equal(error.reason, reason);
    return true;
  });
}

Deno.test("an archive's claims are held against the limit before anything is unpacked", async () => {
  const zeros = new Uint8Array(16 * MB);
  const packed = await deflated(zeros);
  assert.ok(packed.length < 20_000);
  await refused(
    "too_large",
    /unpacks to 16777216 bytes, .* at most 4194304/,
    archive("arrays.yaml", packed, zeros.length, crc32(zeros)),
  );
  // It claims less than it becomes.
  await refused(
    "malformed",
    /is damaged: it unpacks to more than 1000 bytes/,
    archive("arrays.yaml", packed, 1000, 0),
  );
  await refused(
    "malformed",
    /unpacks to 16777216 bytes, it claims 16800000/,
    archive("description.npy", packed, 16_800_000, 0),
    limits(),
  );
  await refused(
    "malformed",
    /its checksum differs/,
    archive("arrays.yaml", await deflated(new Uint8Array(100)), 100, 7),
  );
  await refused("too_large", /archive has 60000 entries/, archive("arrays.yaml", packed, 10, 0, 60_000));
});

Deno.test("what unpacks to more than its bound is never in memory", async () => {
  const packed = gzipSync(new Uint8Array(512 * MB));
  const before = Deno.memoryUsage();
  let most = 0;
  const watch = setInterval(() => most = Math.max(most, Deno.memoryUsage().external), 1);
  await assert.rejects(inflate(packed, "gzip", 8 * MB), /more than 8388608 bytes/);
  clearInterval(watch);
  assert.ok(most - before.external < 64 * MB, `${most - before.external} bytes were taken`);
  const decoded = (body: Uint8Array, encoding: string | null) => decodeBody(body, encoding, SMALL);
  await assert.rejects(decoded(packed, "gzip"), (error: Refusal) => error.reason === "too_large");
  await assert.rejects(
    decoded(packed.subarray(0, 100), "gzip"),
    (error: Refusal) => error.reason === "malformed",
  );
  await assert.rejects(decoded(packed, "br"), /encoded as "br", wanted gzip, x-gzip, deflate or none/);
  assert.deepEqual(await decoded(gzipSync("a"), "GZIP"), text.encode("a"));
  assert.deepEqual(await decoded(text.encode("a"), null), text.encode("a"));
});

Deno.test("JSON that is deep, or of many values, is refused while it is read", async () => {
  const body = (inner: string) => text.encode(`{"window": {"fields": {"a": {"values": ${inner}}}}}`);
  await refused("too_large", /more than 24 lists and objects inside each other/, body("[".repeat(1_000_000)));
  await refused("too_large", /more than 24 lists/, body('{"a":'.repeat(500_000)));
  await refused("too_large", /more than 20000 names and values/, body(`[${"{},".repeat(1_000_000)}{}]`));
  await refused("too_large", /more than 20000 names and values/, body(`[${"[],".repeat(1_000_000)}[]]`));
  await refused("too_large", /more than 524288 numbers/, body(`[${"0,".repeat(1_000_000)}0]`));
  await refused(
    "too_large",
    /its description has lists of \[100000, 1\] numbers/,
    text.encode(
      `{"window": {"fields": {}, "time": [${"[1],".repeat(99_999)}[1]]}}`,
    ),
  );
  await refused(
    "malformed",
    /no JSON, its end stands at 4, wanted ,/,
    text.encode("[1  "),
    SMALL,
    "application/json",
  );
  await refused("malformed", /wanted a text that ends/, text.encode(`{"${"\\\\".repeat(1_000_000)}`));
  await refused("malformed", /wanted "a" once/, text.encode('{"a": 1, "a": 2}'));
  await refused("malformed", /wanted another name than "__proto__"/, text.encode('{"__proto__": 1}'));
});

Deno.test("headers of safetensors and of arrays that lie are refused", async () => {
  const header = (json: string, more = 0) => {
    const bytes = text.encode(json);
    const body = new Uint8Array(8 + bytes.length + more);
    new DataView(body.buffer).setBigUint64(0, BigInt(bytes.length), true);
    body.set(bytes, 8);
    return body;
  };
  const type = "application/x-safetensors";
  const tensor = (shape: string, end: number) =>
    `{"a":{"dtype":"F32","shape":${shape},"data_offsets":[0,${end}]}}`;
  await refused(
    "malformed",
    /needs .* bytes, its range has 4/,
    header(tensor("[1000000000]", 4), 4),
    SMALL,
    type,
  );
  await refused("malformed", /leave the file/, header(tensor("[1000000000]", 4e9), 4), SMALL, type);
  await refused("too_large", /more than 24 lists/, header("[".repeat(100_000)), SMALL, type);
  await refused("too_large", /The header has 3000000 bytes/, header(" ".repeat(3_000_000)), SMALL, type);
  const npy = (shape: string) => {
    const words = `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + "\n";
    return Uint8Array.from([0x93, ...text.encode("NUMPY"), 1, 0, words.length, 0, ...text.encode(words)]);
  };
  const description = text.encode('{"fields": {"a": {}}, "grid": {"axes": ["x"]}}');
  const claims = {
    "(1000000, 1000000)": /needs 1000000000000 bytes, it has 0/,
    "(0, 1000000000000)": /input is empty/,
  };
  for (const [shape, words] of Object.entries(claims)) {
    const packed = npy(shape);
    await refused(
      "malformed",
      words,
      archive("description.npy", await deflated(packed), packed.length, crc32(packed)),
    );
  }
  const body = writeNpz({ description: { shape: [description.length], data: description } });
  await refused("malformed", /fields.a: there is no array "a", there are ""/, body);
});

Deno.test("an HDF5 file may not claim chunks beyond the limit, though it is small and a frame is small", async () => {
  const bytes = await oneChunk([64, 512, 512]);
  assert.ok(bytes.length < 100_000, `${bytes.length} bytes`);
  const { module } = await hdf5Library();
  const before = module.HEAPU8.byteLength;
  await refused(
    "too_large",
    /claims chunks in "t0_fields\/a" of 67108864 bytes, .* at most 4194304/,
    bytes,
    SMALL,
    "",
    "frames=1",
  );
  await refused("too_large", /fields take 67108864 bytes/, bytes, SMALL);
  assert.equal(module.HEAPU8.byteLength, before);
  const { start } = await readForecast(bytes, "", "frames=1", limits({ bytes: 65 * MB }));
  assert.deepEqual(start!.values[0], new Float32Array(512 * 512));
});

Deno.test("an HDF5 file may not claim more trajectories than it can hold", async () => {
  for (const count of [100_000n, 50_000_000n, 4_000_000_000n]) {
    const bytes = await oneChunk([3, 8, 8], count);
    await refused("too_large", /claims trajectories of \d+ bytes, this service takes at most 4194304/, bytes);
  }
});
