// Both sides of a worker on one thread, with a channel between them: what they say to each other, step by step. That it
// is the same in a worker is shown by worker_test.ts.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { Client } from "../../lib/worker/client.ts";
import type { Endpoint } from "../../lib/worker/endpoint.ts";
import { sentError } from "../../lib/worker/errors.ts";
import { loadModel } from "../../lib/worker/load_model.ts";
import { type ListedSplit, METHODS, type OpenedData, type OpenedModel } from "../../lib/worker/methods.ts";
import { REFERENCE } from "../../lib/worker/messages.ts";
import { openData } from "../../lib/worker/open_data.ts";
import { type Methods, serve } from "../../lib/worker/server.ts";
import { GRAY_SCOTT } from "../forecast/shipped.ts";
import { entry as toy } from "../toy/family.ts";
import { toyStart } from "./toy_start.ts";

function endpointOf(port: MessagePort): Endpoint {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.addEventListener("message", ({ data }) => listener(data));
      port.start();
    },
  };
}

/** Who calls methods that are answered on this thread. */
function clientOf(methods: Methods): Client {
  const { port1, port2 } = new MessageChannel();
  serve(endpointOf(port1), methods);
  const terminate = () => {
    port1.close();
    port2.close();
  };
  return new Client({ ...endpointOf(port2), onFailure() {}, terminate });
}

/** Asks a server by hand: gives what it says. */
function asked(methods: Methods): { ask: (question: unknown) => Promise<void>; said: unknown[] } {
  let hear: (message: unknown) => void = () => {};
  const said: unknown[] = [];
  serve({ post: (message) => said.push(message), onMessage: (listener) => hear = listener }, methods);
  const ask = async (question: unknown) => {
    hear(question);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { ask, said };
}

const nothing = (id: number) => ({ name: "RangeError", message: `The worker has nothing of number ${id}` });

Deno.test("methods of data list, read and close what is open", async () => {
  using here = await openData(GRAY_SCOTT);
  const split = await here.split();
  const trajectory = split.trajectory(0);
  using client = clientOf(METHODS);
  const { id, ...opened } = await client.call<OpenedData>("openData", [GRAY_SCOTT, {}]);
  const { name, format, warnings, splits } = here;
  assert.deepEqual(opened, { name, format, warnings, splits });
  const listed = await client.call<ListedSplit>("split", [id, split.name]);
  assert.deepEqual([listed.name, listed.dataset], [split.name, split.dataset]);
  assert.equal(listed.trajectories.length, split.trajectories);
  assert.deepEqual(listed.trajectories[0], {
    name: trajectory.name,
    info: trajectory.info,
    steps: trajectory.steps,
    kind: split.kind(0),
  });
  assert.deepEqual(await client.call("times", [id, split.name, 0]), await trajectory.times());
  const { info: _, ...sample } = await trajectory.sample([3, 0]);
  assert.deepEqual(await client.call("sample", [id, split.name, 0, [3, 0]]), sample);
  assert.deepEqual(await client.call("statistics", [id]), await here.statistics());
  await assert.rejects(client.call("sample", [id, split.name, 0, [9999]]), RangeError);
  await client.call("closeData", [id]);
  await client.call("closeData", [id]);
  await assert.rejects(client.call("split", [id, split.name]), nothing(id));
  await assert.rejects(client.call("statistics", [id]), nothing(id));
});

Deno.test("methods of networks load, forecast, ask, are aborted, left and closed", async () => {
  const { checkpoint, start } = await toyStart();
  using device = await wasm({ threads: 1, kernels: "forecast" });
  using here = await loadModel(checkpoint, { device, registry: [toy] });
  const wanted = await Array.fromAsync(here.rollout(start, { steps: 3 }));
  using client = clientOf(METHODS);
  const options = { backend: "wasm", deviceOptions: { wasm: { threads: 1 } }, modules: [toy.module] };
  const { id, ...opened } = await client.call<OpenedModel>("loadModel", [checkpoint, options]);
  const { family, config } = here.model;
  assert.deepEqual(opened, { family, config, learnt: null, warnings: [], deviceName: device.name });
  const rollout = (how: object) => client.stream<object>("rollout", [id, start, how]);
  const needs: unknown[] = [];
  const admit = (need: unknown) => {
    needs.push(need);
    throw new RangeError("no room");
  };
  await assert.rejects(Array.fromAsync(rollout({ steps: 1, admit })), {
    name: "RangeError",
    message: "no room",
  });
  assert.equal(needs.length, 1);
  const frames = await Array.fromAsync(rollout({ steps: 3 }));
  assert.deepEqual(
    frames,
    wanted.map(({ values, step, time }) => ({ values, step, time, deviceName: device.name })),
  );

  for await (const _ of rollout({ steps: 1000 })) break;
  const ending = new AbortController();
  const enough = new Error("enough");
  await assert.rejects(async () => {
    for await (const _ of rollout({ steps: 1000, signal: ending.signal })) ending.abort(enough);
  }, enough);
  assert.deepEqual(await Array.fromAsync(rollout({ steps: 3 })), frames);

  await client.call("closeModel", [id]);
  await assert.rejects(Array.fromAsync(rollout({ steps: 1 })), nothing(id));
});

Deno.test("what can not be loaded or called is refused, and the others go on", async () => {
  using client = clientOf(METHODS);
  const options = { backend: "wasm", deviceOptions: { wasm: { threads: 1 } }, modules: [] };
  await assert.rejects(client.call("loadModel", ["missing.safetensors", options]), {
    name: "RangeError",
    message: /missing\.safetensors/,
  });
  await assert.rejects(client.call("openDatum", []), {
    name: "RangeError",
    message: 'The worker has no method "openDatum"',
  });
  await assert.rejects(client.call("statistics", [7]), nothing(7));
});

Deno.test("a stream that is left ends, and what is said of unknown numbers is not heard", async () => {
  const ended: string[] = [];
  const { ask, said } = asked({
    async *count(to: number) {
      try {
        for (let i = 1; i <= to; i++) yield await Promise.resolve(i);
      } finally {
        ended.push("count");
      }
    },
  });
  await ask({ call: 1, method: "count", args: [2], stream: true });
  await ask({ next: 1 });
  await ask({ next: 1 });
  assert.deepEqual(said.splice(0), [{ call: 1, item: 1 }, { call: 1, item: 2 }, {
    call: 1,
    value: undefined,
  }]);
  await ask({ call: 2, method: "count", args: [9], stream: true });
  await ask({ leave: 2 });
  assert.deepEqual(ended.splice(0), ["count", "count"]);
  assert.deepEqual(said.splice(0), [{ call: 2, item: 1 }]);
  const reason = sentError(new Error("late"));
  for (const question of [{ next: 2 }, { leave: 2 }, { abort: 2, reason }, { reply: 2, value: 1 }]) {
    await ask(question);
  }
  assert.equal(said.length, 0);
});

Deno.test("functions and signals among arguments are called and told of by their numbers", async () => {
  const { ask, said } = asked({
    async twice({ of }: { of: (x: number) => Promise<number> }, url: URL, signal: AbortSignal) {
      const first = await of(1);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return [first, url.href, (signal.reason as Error).message];
    },
  });
  const refer = (kind: string, of: number | string) => ({ kind, of, [REFERENCE]: true });
  const args = [{ of: refer("function", 5) }, refer("url", "https://example.org/"), refer("signal", 6)];
  await ask({ call: 1, method: "twice", args, stream: false });
  assert.deepEqual(said.splice(0), [{ invoke: 5, reply: 1, args: [1] }]);
  await ask({ reply: 1, value: 2 });
  assert.equal(said.length, 0);
  await ask({ abort: 6, reason: sentError(new Error("enough")) });
  assert.deepEqual(said.splice(0), [{ call: 1, value: [2, "https://example.org/", "enough"] }]);

  await ask({ call: 2, method: "twice", args, stream: false });
  await ask({ reply: 2, error: sentError(new TypeError("no number")) });
  const answer = said.at(-1) as { call: number; error: { name: string; message: string } };
  assert.deepEqual([answer.call, answer.error.name, answer.error.message], [2, "TypeError", "no number"]);
});
