// The package in workerd, whose modules are compiled beforehand: the same bits, a network of 12 MB at most inside 128 MB,
// a second to the first answer and words for what can not be read there. The example for Cloudflare runs as it is.

import assert from "node:assert/strict";
import type { Miniflare } from "miniflare";
import { modules, test, text, worker } from "./in_workerd.ts";
import { assertForecasts, assertNear, files, type Result, resultOf } from "./subject.ts";

/** What a free isolate may take. */
const MOST_BYTES = 128e6;
async function answer<T>(miniflare: Miniflare, path: string, body?: string): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body };
  return await (await miniflare.dispatchFetch(`http://localhost${path}`, init)).json() as T;
}

/** A line of the process's status, in bytes: of the runtime that this process has started. */
function statusOf(name: "VmHWM" | "VmRSS"): number {
  for (const { name: id } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(id)) continue;
    try {
      const status = Deno.readTextFileSync(`/proc/${id}/status`);
      if (!/^Name:\tworkerd$/m.test(status) || !status.includes(`\nPPid:\t${Deno.pid}\n`)) continue;
      return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) * 1024;
    } catch (error) {
      // Processes end while they are looked at.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error("no workerd is running");
}

/** What the isolate's inspector says of its heap, again and again until told to stop: the largest sum of all. */
async function watchHeap(miniflare: Miniflare): Promise<() => number> {
  const base = await miniflare.getInspectorURL();
  const list = await (await fetch(new URL("/json", String(base).replace(/^ws/, "http")))).json() as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(list[0]!.webSocketDebuggerUrl);
  let [largest, id] = [0, 0];
  await new Promise((resolve, reject) => [socket.onopen, socket.onerror] = [resolve, reject]);
  socket.onmessage = ({ data }) => {
    const { usedSize = 0, backingStorageSize = 0 } = JSON.parse(data as string).result ?? {};
    largest = Math.max(largest, usedSize + backingStorageSize);
  };
  const timer = setInterval(
    () => socket.send(JSON.stringify({ id: ++id, method: "Runtime.getHeapUsage" })),
    20,
  );
  return () => {
    clearInterval(timer);
    socket.close();
    return largest;
  };
}

const PROBE = {
  "worker.mjs": text("tests/dist/worker_probe.mjs"),
  "probe.mjs": text("tests/dist/probe.mjs"),
};

test("workerd gives the same forecast, and says that HDF5 is not for it", async () => {
  const miniflare = await worker(modules(PROBE), "FILES");
  try {
    const exact = await answer<Result>(miniflare, "/?exact");
    await assertForecasts({ exact, usual: await answer<Result>(miniflare, "/") }, "workerd");
    const { error } = await answer<{ error: string }>(miniflare, "/hdf5");
    assert.match(error, /Cannot read or write HDF5 here: .* wanted .npz, .npy, .safetensors or arrays/);
  } finally {
    await miniflare.dispose();
  }
});

test("a forecast in workerd takes less than 128 MB and answers soon after the start", async () => {
  const begun = performance.now();
  const miniflare = await worker(modules(PROBE), "FILES", { inspectorPort: 0 });
  try {
    await miniflare.ready;
    const ready = performance.now();
    const before = statusOf("VmRSS");
    const stop = await watchHeap(miniflare);
    const asked = performance.now();
    await assertNear(await answer<Result>(miniflare, "/"), "workerd");
    const seconds = (performance.now() - asked) / 1000;
    const [heap, memories] = [stop(), await answer<number>(miniflare, "/memory")];
    const grown = statusOf("VmHWM") - before;
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `workerd: heap and buffers ${mb(heap)}, WebAssembly memories ${mb(memories)}; process at most ${
        mb(grown)
      } above ` +
        `its start (${mb(before)}); started in ${((ready - begun) / 1000).toFixed(1)} s, first answer ${
          seconds.toFixed(1)
        } s`,
    );
    assert.ok(heap > 1e6 && memories > 1e6);
    assert.ok(heap + memories < MOST_BYTES, `${mb(heap)} and ${mb(memories)}`);
    assert.ok(grown < MOST_BYTES, mb(grown));
  } finally {
    await miniflare.dispose();
  }
});

test("the example for Cloudflare forecasts", async () => {
  const scripts = modules({
    "cloudflare.js": text("examples/edge/cloudflare.js"),
    "frames.js": text("examples/edge/frames.js"),
  });
  const miniflare = await worker(scripts, "WEIGHTS");
  await using subject = await files();
  try {
    const ask = () => answer<{ time: number; values: number[][] }[]>(miniflare, "/", subject.request());
    const [frame] = await ask();
    await assertNear(resultOf("Cloudflare's example", frame!.values), "workerd");
    // What the first request made is there for the others, also for those at the same time.
    for (const [other] of [await ask(), ...await Promise.all([ask(), ask()])]) assert.deepEqual(other, frame);
  } finally {
    await miniflare.dispose();
  }
});
