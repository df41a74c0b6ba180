// Turns by themselves: order, what waits and what runs when something is disposed of, when memory is given back.

import assert from "node:assert/strict";
import { attend, Life, Queue, type Request, type Turn } from "../../lib/backend/queue.ts";
import { DisposedError } from "../../lib/compile/device.ts";

const request = (lives: Life[] = [], signal?: AbortSignal): Request => ({ action: "run", lives, signal });

/** A task that lasts until it is let go, and what it found when it asked. */
function task() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = async (turn: Turn) => {
    await promise;
    turn.check();
    return "done";
  };
  return { run, letGo: resolve };
}

Deno.test("Queue runs entries in order, one at a time, the first before enter() returns", async () => {
  const queue = new Queue();
  const log: string[] = [];
  const first = task();
  const entries = [
    queue.enter(request(), (turn) => {
      log.push("first");
      return first.run(turn);
    }),
    queue.enter(request(), () => log.push("second")),
    queue.enter(request(), () => Promise.reject(new TypeError("third"))),
    queue.enter(request(), () => log.push("fourth")),
  ];
  assert.deepEqual([log, queue.isIdle], [["first"], false]);
  await Promise.resolve();
  first.letGo();
  const settled = await Promise.allSettled(entries);
  assert.deepEqual(settled.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  assert.deepEqual([log, queue.isIdle], [["first", "second", "fourth"], true]);
  void queue.enter(request(), () => log.push("at once"));
  assert.equal(log.at(-1), "at once");
});

Deno.test("Queue starts thousands of waiting entries without growing the stack", async () => {
  const queue = new Queue();
  const first = task();
  const blocked = queue.enter(request(), first.run);
  let count = 0;
  const entries = Array.from({ length: 50_000 }, () => queue.enter(request(), () => count++));
  first.letGo();
  await Promise.all([blocked, ...entries]);
  assert.equal(count, 50_000);
});

Deno.test("Life.end() rejects what waits at once and tells what runs; others go on", async () => {
  const queue = new Queue();
  const [gone, stays] = [new Life('buffer "gone"'), new Life('buffer "stays"')];
  const first = task();
  const running = queue.enter(request([gone]), first.run);
  const waiting = queue.enter(request([stays, gone]), () => "never");
  const other = queue.enter(request([stays]), () => "other");
  assert.equal(gone.end(), true);
  assert.equal(gone.end(), false);
  const want = { name: "DisposedError", message: 'Cannot run: buffer "gone" is disposed of' };
  await assert.rejects(waiting, want);
  await assert.rejects(queue.enter(request([gone]), () => "never"), want);
  let freed = false;
  queue.release(() => freed = true);
  assert.equal(freed, false);
  first.letGo();
  await assert.rejects(running, DisposedError);
  assert.equal(freed, true);
  assert.equal(await other, "other");
  await queue.idle();
});

Deno.test("a signal ends entries before and during their turn, with its reason", async () => {
  const queue = new Queue();
  const controller = new AbortController();
  const first = task();
  const running = queue.enter(request([], controller.signal), first.run);
  const waiting = queue.enter(request([], controller.signal), () => "never");
  const reason = new RangeError("enough");
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  first.letGo();
  await assert.rejects(running, reason);
  await assert.rejects(queue.enter(request([], controller.signal), () => "never"), reason);
  await queue.idle();
});

Deno.test("attend() waits no longer than what it is for", async () => {
  const life = new Life('the device "d"');
  const [never, controller] = [new Promise<number>(() => {}), new AbortController()];
  assert.equal(await attend(request([life]), Promise.resolve(3)), 3);
  await assert.rejects(attend(request([life]), Promise.reject(new TypeError("own"))), /own/);
  const aborted = attend(request([life], controller.signal), never);
  const disposed = attend(request([life]), never);
  controller.abort();
  await assert.rejects(aborted, { name: "AbortError" });
  life.end();
  await assert.rejects(disposed, { message: 'Cannot run: the device "d" is disposed of' });
  await assert.rejects(attend(request([life]), Promise.resolve(3)), DisposedError);
});
