// A download that several wait for: begun once, told to all, ended by any while it runs, begun anew when it failed.

import assert from "node:assert/strict";
import type { OnBytes } from "../../pages/app/download.ts";
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
  const two = download.wait(second);
  tell(5, 10);
  assert.deepEqual([begun, told], [1, ["a 3", "b 3", "a 5", "b 5"]]);
  second.abort.abort(new Error("enough"));
  await assert.rejects(one, /enough/);
  await assert.rejects(two, /enough/);
  const again = download.wait(waiting("c"));
  finish("done");
  assert.deepEqual([await again, begun], ["done", 2]);
  assert.equal(await download.wait(waiting("d")), "done");
  assert.equal(begun, 2);
});
