// Sources: files, servers with and without ranges, atomic writing.

import assert from "node:assert/strict";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { borrowedSource, partSource, readInto } from "../../lib/io/byte_source.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import { openSource } from "../../lib/io/source.ts";
import { openData } from "../../lib/data/open_data.ts";
import { fixture, inRepository } from "../shared.ts";

interface Served extends AsyncDisposable {
  readonly url: string;
  readonly requests: string[];
  bytes: number;
}

/** Serves one file; `mode` says how well the server knows ranges. */
function serve(body: Uint8Array, mode: "ranges" | "whole" | "changing" | "missing" = "ranges"): Served {
  const requests: string[] = [];
  let count = 0;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const range = request.headers.get("range") ?? "";
    requests.push(range);
    count++;
    if (mode === "missing") return new Response("no", { status: 404, statusText: "Not Found" });
    const match = /^bytes=(\d+)-(\d+)$/.exec(range);
    if (mode === "whole" || !match) return new Response(body.slice());
    const [from, to] = [Number(match[1]), Math.min(Number(match[2]), body.length - 1)];
    served.bytes += to + 1 - from;
    return new Response(body.slice(from, to + 1), {
      status: 206,
      headers: {
        "content-range": `bytes ${from}-${to}/${body.length}`,
        etag: mode === "changing" ? `"${count}"` : `"same"`,
      },
    });
  });
  const served: Served = {
    url: `http://127.0.0.1:${server.addr.port}/file.hdf5`,
    requests,
    bytes: 0,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return served;
}

Deno.test("openSource() reads ranges of a server, each block once", async () => {
  const body = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) & 255);
  await using server = serve(body);
  using source = await openSource(server.url);
  assert.equal(source.size, body.length);
  assert.deepEqual(await source.read(700_000, 200_000), body.slice(700_000, 900_000));
  assert.deepEqual(await source.read(700_010, 10), body.slice(700_010, 700_020));
  assert.equal(server.requests.length, 2);
  await assert.rejects(() => source.read(999_999, 2), /bytes 999999 to 1000001 are wanted, it has 1000000/);
});

Deno.test("readInto() fills memory, also what threads share, from every kind of source", async () => {
  const bytes = Uint8Array.from({ length: 700_000 }, (_, i) => (i * i) >> 7);
  const folder = await Deno.makeTempDir();
  await using served = serve(bytes);
  try {
    const path = `${folder}/bytes`;
    await Deno.writeFile(path, bytes);
    for (const input of [path, served.url, new Blob([bytes]), bytes]) {
      using source = await openSource(input);
      using part = partSource(source, "part", 5, 690_000);
      const memory = new WebAssembly.Memory({ initial: 12, maximum: 12, shared: true });
      const into = (from: number, to: number) =>
        new Uint8Array(memory.buffer as ArrayBuffer, from, to - from);
      // Reads of one source may overlap.
      const [, , , small] = await Promise.all([
        readInto(source, 3, into(3, 600_000)),
        readInto(part, 600_000 - 5, into(600_000, 600_100)),
        readInto(borrowedSource(source), 600_100, into(600_100, 700_000)),
        source.read(7, 9),
      ]);
      assert.ok(into(3, 700_000).every((byte, i) => byte === bytes[3 + i]));
      assert.deepEqual(small, bytes.slice(7, 16));
      await assert.rejects(() => readInto(source, 699_999, into(0, 2)), RangeError);
      await assert.rejects(() => readInto(part, 689_999, into(0, 2)), RangeError);
      assert.equal(into(0, 1)[0], 0);
      const last = readInto(source, 0, into(0, 700_000));
      // Reads begin a moment later.
      if (input === path) {
        await Promise.resolve();
        source.close();
        await assert.rejects(last, /it is closed/);
        await assert.rejects(() => readInto(source, 0, into(0, 2)), /it is closed/);
      } else await last;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openSource() takes small files whole from servers without ranges, and names failures", async () => {
  const body = Uint8Array.of(1, 2, 3);
  {
    await using server = serve(body, "whole");
    using source = await openSource(server.url);
    assert.deepEqual([...(await source.read(1, 2))], [2, 3]);
  }
  await using missing = serve(body, "missing");
  await assert.rejects(
    () => openSource(missing.url),
    (e: Error) => e.message.includes("404") && e.message.includes(missing.url),
  );
  await using changing = serve(new Uint8Array(300_000), "changing");
  using source = await openSource(changing.url);
  await assert.rejects(() => source.read(200_000, 10), /changed on the server/);
  await assert.rejects(() => openSource("ftp://example.org/x"), /wanted file:, http: or https:/);
  await assert.rejects(() => openSource("/no/such/file"), /"\/no\/such\/file": there is no such file/);
  await assert.rejects(() => openSource(fixture("golden")), /folder/);
});

Deno.test("openData() reads a file over HTTP by range, equal to the local one", async () => {
  const path = inRepository("examples/data/euler_quadrants_mini.hdf5");
  const body = await Deno.readFile(path);
  await using server = serve(body);
  using remote = await openData(server.url);
  using local = await openData(path);
  const [there, here] = [await remote.split(), await local.split()];
  const before = server.bytes;
  const [a, b] = [await there.trajectory(0).sample([9]), await here.trajectory(0).sample([9])];
  assert.deepEqual(a.values, b.values);
  assert.ok(
    server.bytes - before < body.length / 2,
    `${server.bytes - before} of ${body.length} bytes for one frame`,
  );
  assert.ok(server.requests.length < 40, `${server.requests.length} requests`);
});

Deno.test("openHdf5() reads a Blob, and calls on one file may overlap", async () => {
  const bytes = await Deno.readFile(fixture("samples-bad/00_good.hdf5"));
  using file = await openHdf5(new Blob([bytes]));
  const results = await Promise.all([
    file.readFloat32("t0_fields/A", [0, 3, 0, 0], [1, 1, 6, 5]),
    file.attributes("/"),
    file.readFloat64("dimensions/time"),
    file.readFloat32("t1_fields/velocity", [0, 9, 0, 0, 0], [1, 1, 6, 5, 2]),
  ]);
  assert.equal(results[0].length, 30);
  assert.equal(results[1].dataset_name, "bad");
  assert.equal(results[2].length, 10);
  assert.equal(results[3].length, 60);
  await assert.rejects(
    () => file.readFloat32("t0_fields/A", [0, 9, 0, 0], [1, 2, 6, 5]),
    /has shape \[1,10,6,5\]/,
  );
});

Deno.test("writeFileAtomic() leaves the old file or the new one, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/deep/out.bin`;
    await writeFileAtomic(path, Uint8Array.of(1));
    await writeFileAtomic(path, Uint8Array.of(2));
    assert.deepEqual([...(await Deno.readFile(path))], [2]);
    const abort = AbortSignal.abort();
    await assert.rejects(() => writeFileAtomic(path, Uint8Array.of(3), abort));
    assert.deepEqual([...(await Deno.readFile(path))], [2]);
    assert.deepEqual([...Deno.readDirSync(`${folder}/deep`)].map((e) => e.name), ["out.bin"]);
    await assert.rejects(() => writeFileAtomic(`${path}/below`, Uint8Array.of(3)), /Cannot write/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
