// Life and death of worker threads, seen from outside: processes end, with and without dispose.

import assert from "node:assert/strict";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import { apply, operand } from "../../../lib/ir/scalar.ts";
import { wholeView } from "../../../lib/compile/view.ts";
import { launchOf } from "../random_launches.ts";
import { runLaunches } from "../run_launch.ts";

const DEVICE = new URL("../../../lib/backend/wasm/device.ts", import.meta.url).href;

/** Runs a program without any permission; returns how long it took and what it wrote. */
async function process(source: string): Promise<{ code: number; seconds: number; text: string }> {
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--quiet", "--cached-only", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { code, seconds: (performance.now() - start) / 1000, text };
}

Deno.test("wasm() needs no permission and its threads end with dispose", async () => {
  const { code, seconds, text } = await process(`
    import { wasm } from "${DEVICE}";
    { using device = await wasm({ threads: 3 }); console.log(device.threads); }
  `);
  assert.deepEqual([code, text], [0, "3\n"]);
  assert.ok(seconds < 10);
});

Deno.test("wasm() does not keep a process alive that forgot to dispose of it", async () => {
  const { code, text } = await process(`
    import { wasm } from "${DEVICE}";
    const device = await wasm({ threads: 3 });
    console.log(device.threads);
  `);
  assert.deepEqual([code, text], [0, "3\n"]);
});

Deno.test("wasm() starts its threads again after they left idle", async () => {
  const square = launchOf("map", [wholeView(0, "f32", [3])], [wholeView(1, "f32", [3])], {
    expression: apply("mul", operand(0), operand(0)),
  });
  const contents = [0, 1].map(() => ({ dtype: "f32" as const, data: Float32Array.of(1, 2, 3) }));
  using device = await wasm({ threads: 3 });
  for (const pause of [0, 1500, 0]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    assert.deepEqual((await runLaunches(device, [square], contents))[1], Float32Array.of(1, 4, 9));
  }
});

Deno.test("wasm() runs hundreds of short programs in a row without losing a thread", async () => {
  const launches = Array.from(
    { length: 40 },
    (_, i) =>
      launchOf("map", [wholeView(i & 1, "f32", [7])], [wholeView(1 - (i & 1), "f32", [7])], {
        expression: apply("add", operand(0), operand(0)),
      }),
  );
  const contents = [0, 1].map(() => ({ dtype: "f32" as const, data: new Float32Array(7).fill(2 ** -40) }));
  using device = await wasm({ threads: 4 });
  for (let i = 0; i < 300; i++) {
    assert.deepEqual((await runLaunches(device, launches, contents))[0], new Float32Array(7).fill(1));
  }
});

Deno.test("wasm() falls back to one thread with a warning where there is no shared memory", async () => {
  const { code, text } = await process(`
    delete globalThis.SharedArrayBuffer;
    const { wasm } = await import("${DEVICE}");
    using device = await wasm({ threads: 2 });
    console.log(device.threads);
  `);
  assert.equal(code, 0);
  assert.ok(text.includes("2 threads were requested, running on 1"), text);
  assert.ok(text.includes("1\n"));
});
