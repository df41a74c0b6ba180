// A download that several wait for: begun once, told to all, ended by any while it runs, begun anew when it failed. A
// file that is read while it comes.

import assert from "node:assert/strict";
import type { OnBytes } from "../../pages/app/download.ts";
import { ArrivingFile } from "../../pages/app/setup/arriving_file.ts";
import { SharedDownload } from "../../pages/app/setup/shared_download.ts";

Deno.test("a download is shared by all who wait for it", async () => {
  let begun = 0;
  let tell: OnBytes = () => {};
  let finish: (text: string) => void = () => {};
  const download = new SharedDownload<string>((signal, onBytes) => {
    begun++;
    tell = onBytes;
    return new Promise((resolve, reject) => {
      finish = resolve;
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const told: string[] = [];
  const waiting = (name: string) => {
    const abort = new AbortController();
    return { abort, signal: abort.signal, onBytes: (done: number) => void told.push(`${name} ${done}`) };
  };
  const [first, second] = [waiting("a"), waiting("b")];
  const one = download.wait(first);
  tell(3, 10);
  // Sooner than a page is to be drawn again.
  tell(4, 10);
  const two = download.wait(second);
  tell(10, 10);
  assert.deepEqual([begun, told], [1, ["a 3", "b 4", "a 10", "b 10"]]);
  second.abort.abort(new Error("enough"));
  await assert.rejects(one, /enough/);
  await assert.rejects(two, /enough/);
  const again = download.wait(waiting("c"));
  finish("done");
  assert.deepEqual([await again, begun], ["done", 2]);
  assert.equal(await download.wait(waiting("d")), "done");
  assert.equal(begun, 2);
});

Deno.test("a file that is on its way is read as far as it is here; the rest is waited for", async () => {
  const bytes = Uint8Array.from({ length: 10 }, (_, i) => i);
  const file = new ArrivingFile("w", 10);
  const source = file.source();
  file.add(bytes.subarray(0, 4));
  assert.deepEqual(await source.read(1, 3), bytes.slice(1, 4));
  let here = false;
  const later = source.read(3, 4).then((read) => (here = true, read));
  file.add(bytes.subarray(4, 6));
  await Promise.resolve();
  assert.equal(here, false);
  file.add(bytes.subarray(6));
  assert.deepEqual(await later, bytes.slice(3, 7));
  file.complete(new Blob([bytes]));
  assert.deepEqual(await source.read(0, 10), bytes);
  await assert.rejects(source.read(8, 3), /bytes 8 to 11 are wanted, it has 10/);
});

Deno.test("who waits for a file that will not come is told why", async () => {
  const file = new ArrivingFile("w", 10);
  const source = file.source();
  const waiting = source.read(0, 10);
  file.add(new Uint8Array(4));
  file.fail(new Error("cut"));
  await assert.rejects(waiting, /cut/);
  await assert.rejects(source.read(4, 1), /cut/);
  assert.equal((await source.read(0, 4)).length, 4);
  const short = new ArrivingFile("w", 10);
  const all = short.source().read(0, 10);
  short.complete(new Blob([new Uint8Array(9)]));
  await assert.rejects(all, /w has 9 bytes, wanted 10/);
});
