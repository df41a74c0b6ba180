// Filters that the HDF5 library lacks: read through plug-ins, or named with what to do.

import assert from "node:assert/strict";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { hdf5Library } from "../../lib/io/hdf5_library.ts";
import { fixture } from "../shared.ts";

const path = fixture("numbers/filters.hdf5");
const wanted = Array.from({ length: 64 }, (_, i) => i % 9);

/** Filters that no plug-in has, and their names. */
const MISSING: Readonly<Record<string, string>> = {
  blosc_zlib: "blosc with zlib",
  blosc2_zlib: "blosc2 with zlib",
  bzip2: "bzip2",
  sz3: "SZ3",
};

async function readAll(): Promise<void> {
  using file = await openHdf5(path);
  for (const name of await file.keys("/")) {
    const missing = MISSING[name];
    if (missing === undefined) {
      assert.deepEqual([...await file.readFloat32(name)], wanted, name);
      continue;
    }
    await assert.rejects(() => file.readFloat32(name), (error: Error) => {
      assert.ok(error instanceof SyntaxError);
      assert.ok(error.message.includes(`filter "${missing}`), error.message);
      assert.match(error.message, /h5repack -f GZIP=4 OLD NEW$/);
      return true;
    });
  }
}

Deno.test("openHdf5() reads lzf, zstd, lz4, zfp, bitshuffle and blosc, and names others", readAll);

Deno.test("files that are open stay so while plug-ins are added, and a library that was set back has them", async () => {
  using other = await openHdf5(fixture("samples-bad/00_good.hdf5"));
  const before = await other.readFloat32("t0_fields/A");
  await readAll();
  assert.deepEqual(await other.readFloat32("t0_fields/A"), before);
  (await hdf5Library()).restart();
  await readAll();
});

Deno.test("a plug-in that may not be read is named, with what to do", async () => {
  const script = `
    import { openHdf5 } from ${JSON.stringify(new URL("../../lib/io/hdf5.ts", import.meta.url).href)};
    using file = await openHdf5(${JSON.stringify(path)});
    try { await file.readFloat32("lzf"); } catch (error) { console.log(error.name, error.message); }`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const run = new Deno.Command(Deno.execPath(), {
    args: ["run", `--config=${config}`, `--allow-read=${path}`, "--no-prompt", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = run.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout } = await run.output();
  const text = new TextDecoder().decode(stdout);
  assert.match(text, /^SyntaxError .*"lzf": the plug-in of its filter "lzf" can not be loaded .*h5repack/);
});
