// The package in Deno, by path and by URL, and in Node, from the oldest that it promises on: the same bits as the
// sources, and one notice at most.

import assert from "node:assert/strict";
import { LEAST } from "../../app/build/package.ts";
import { assertForecasts, DIST, files, type Results, run } from "./subject.ts";
import { serveFolder } from "./serve.ts";

function parse(stdout: string): Results {
  return JSON.parse(stdout) as Results;
}

Deno.test("Deno imports the package by path, with the right to read it and no other", async () => {
  await using subject = await files();
  const { stdout, stderr } = await run(
    Deno.execPath(),
    [
      "run",
      "--no-prompt",
      `--allow-read=${subject.folder},${DIST}`,
      "console.mjs",
      `file://${DIST}/walrus.js`,
      subject.folder,
    ],
    subject.folder,
  );
  await assertForecasts(parse(stdout), "Deno by path");
  assert.doesNotMatch(stderr, /wasm\(\)/);
});

Deno.test("Deno imports the package by URL", async () => {
  await using subject = await files();
  await using server = serveFolder(DIST);
  const { stdout } = await run(
    Deno.execPath(),
    [
      "run",
      "--no-prompt",
      `--allow-import=127.0.0.1:${server.addr.port}`,
      `--allow-read=${subject.folder}`,
      "console.mjs",
      `http://127.0.0.1:${server.addr.port}/walrus.bundle.js`,
      subject.folder,
    ],
    subject.folder,
  );
  await assertForecasts(parse(stdout), "Deno by URL, walrus.bundle.js");
});

for (const version of [LEAST.node, "22", "24"]) {
  Deno.test(`Node ${version} imports the package, and says once what is slower there`, async () => {
    await using subject = await files();
    const { stdout, stderr } = await run(
      "npx",
      ["-y", `node@${version}`, "console.mjs", `${DIST}/walrus.js`, subject.folder],
      subject.folder,
    );
    const results = parse(stdout);
    await assertForecasts(results, `Node ${version}`);
    const notices = stderr.match(/wasm\(\): .*/g) ?? [];
    if (version === LEAST.node) {
      assert.match(results.usual.device, /\(SIMD, 1 threads\)/);
      assert.equal(notices.length, 1, stderr);
    } else {
      assert.match(results.usual.device, /relaxed SIMD/);
      assert.deepEqual(notices, []);
    }
  });
}
