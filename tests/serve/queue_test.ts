// Whose turn it is.

import assert from "node:assert/strict";
import { FairQueue } from "../../lib/serve/queue.ts";
import { Refusal } from "../../lib/serve/refusal.ts";

const never = new AbortController().signal;

/** What `run` is refused with. */
async function refusal(run: () => Promise<unknown>): Promise<Refusal> {
  const error = await run().then(() => null, (error) => error);
  assert.ok(error instanceof Refusal, String(error));
  return error;
}

Deno.test("requests of one client have their turn in the order in which they came", async () => {
  const queue = new FairQueue({ running: 1, waiting: 10 });
  const order: number[] = [];
  await Promise.all([0, 1, 2, 3].map(async (i) => {
    using _place = await queue.take("a", 10, never);
    order.push(i);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }));
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

Deno.test("a client with one request does not wait behind all of another", async () => {
  const queue = new FairQueue({ running: 1, waiting: 100 });
  const order: string[] = [];
  const ask = async (client: string) => {
    using _place = await queue.take(client, 100, never);
    order.push(client);
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const many = Array.from({ length: 20 }, () => ask("many"));
  await Promise.all([...many, ask("few"), ask("few"), ask("third")]);
  const places = order.flatMap((client, i) => client === "many" ? [] : [[client, i]]);
  assert.deepEqual(places, [["few", 1], ["third", 2], ["few", 4]], order.join());
});

Deno.test("of two places one client does not get both while another waits", async () => {
  const queue = new FairQueue({ running: 2, waiting: 100 });
  const first = await queue.take("a", 100, never);
  const second = await queue.take("a", 100, never);
  const taken: string[] = [];
  const waiting = ["a", "b"].map((client) =>
    queue.take(client, 100, never).then((place) => {
      taken.push(client);
      return place;
    })
  );
  first[Symbol.dispose]();
  const place = await Promise.race(waiting);
  assert.deepEqual(taken, ["b"]);
  place[Symbol.dispose]();
  second[Symbol.dispose]();
  for (const other of await Promise.all(waiting)) other[Symbol.dispose]();
  assert.equal(queue.running, 0);
});

Deno.test("a full queue refuses with the time that its requests probably take", async () => {
  let now = 0;
  const queue = new FairQueue({ running: 1, waiting: 2, now: () => now });
  const first = await queue.take("a", 10, never);
  now = 4000;
  first[Symbol.dispose]();
  using _running = await queue.take("a", 10, never);
  const leaving = new AbortController();
  const waiting = ["a", "b"].map((client) => queue.take(client, 10, leaving.signal));
  const busy = await refusal(() => queue.take("c", 10, never));
  assert.deepEqual([busy.reason, busy.status], ["busy", 503]);
  // One runs, two wait, four seconds each.
  assert.equal(busy.retryAfter, 12);
  assert.match(busy.message, /1 requests run and 2 wait, at most 2 may/);
  leaving.abort(new Error("enough"));
  for (const one of waiting) await assert.rejects(one, /enough/);
  assert.equal(queue.waiting, 0);
});

Deno.test("a client that has as many as it may is refused, others are not", async () => {
  const queue = new FairQueue({ running: 1, waiting: 10 });
  const place = await queue.take("a", 2, never);
  const leaving = new AbortController();
  const waiting = queue.take("a", 2, leaving.signal);
  const many = await refusal(() => queue.take("a", 2, never));
  assert.deepEqual([many.reason, many.status, many.retryAfter], ["too_many", 429, 1]);
  const other = queue.take("b", 2, never);
  place[Symbol.dispose]();
  (await other)[Symbol.dispose]();
  (await waiting)[Symbol.dispose]();
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

Deno.test("a place is given back once", async () => {
  const queue = new FairQueue({ running: 2, waiting: 0 });
  const [one, two] = [await queue.take("a", 9, never), await queue.take("a", 9, never)];
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  assert.equal(queue.running, 1);
  two[Symbol.dispose]();
  assert.equal(queue.running, 0);
});
