// The cache of programs: bounded, shared, and kind to those who work with what it holds.

import assert from "node:assert/strict";
import { LeaseCache } from "../../lib/forecast/program_cache.ts";

/** Things that are made and freed, by name. */
class Things {
  readonly made: string[] = [];
  readonly freed: string[] = [];

  make(name: string): () => Promise<Disposable & { readonly name: string }> {
    return () => {
      this.made.push(name);
      return Promise.resolve({ name, [Symbol.dispose]: () => void this.freed.push(name) });
    };
  }
}

/** Lets what was freed be freed: that happens once its making has ended. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("LeaseCache frees the one unused longest, and makes it again when it is asked for", async () => {
  const things = new Things();
  using cache = new LeaseCache<Disposable>(2);
  const use = async (name: string) => (await cache.lease(name, things.make(name)))[Symbol.dispose]();
  for (const name of ["a", "b", "a", "c", "a"]) await use(name);
  await settle();
  assert.deepEqual([things.made, things.freed], [["a", "b", "c"], ["b"]]);
  await use("b");
  await settle();
  assert.deepEqual([things.made, things.freed], [["a", "b", "c", "b"], ["b", "c"]]);
});

Deno.test("LeaseCache keeps what is leased beyond its bound, and frees it when it is given back", async () => {
  const things = new Things();
  using cache = new LeaseCache<Disposable>(1);
  const leases = await Promise.all(["a", "b", "c"].map((name) => cache.lease(name, things.make(name))));
  await settle();
  assert.deepEqual(things.freed, []);
  leases[1]![Symbol.dispose]();
  // Twice is once.
  leases[1]![Symbol.dispose]();
  await settle();
  assert.deepEqual(things.freed, ["b"]);
  leases[0]![Symbol.dispose]();
  leases[2]![Symbol.dispose]();
  await settle();
  assert.deepEqual(things.freed, ["b", "a"]);
});

Deno.test("LeaseCache shares one making among calls that overlap, and frees after the last of them", async () => {
  const things = new Things();
  using cache = new LeaseCache<Disposable & { readonly name: string }>(0);
  const [first, second] = await Promise.all([1, 2].map(() => cache.lease("a", things.make("a"))));
  assert.equal(first!.value, second!.value);
  assert.deepEqual(things.made, ["a"]);
  first![Symbol.dispose]();
  await settle();
  assert.deepEqual(things.freed, []);
  second![Symbol.dispose]();
  await settle();
  assert.deepEqual(things.freed, ["a"]);
});

Deno.test("LeaseCache forgets a failure: who shared it tries by itself, as the next call does", async () => {
  const things = new Things();
  using cache = new LeaseCache<Disposable>(1);
  let tries = 0;
  const fail = () => Promise.reject<Disposable>(new RangeError(`try ${++tries}`));
  const waiting = [cache.lease("a", fail), cache.lease("a", fail)];
  await assert.rejects(waiting[0]!, /try 1/);
  await assert.rejects(waiting[1]!, /try 2/);
  await assert.rejects(() => cache.lease("a", fail), /try 3/);
  using again = await cache.lease("a", things.make("a"));
  assert.ok(again.value);
  // A failure takes no place of others.
  await assert.rejects(() => cache.lease("b", fail), /try 4/);
  await settle();
  assert.deepEqual(things.freed, []);
});

Deno.test("LeaseCache that is cleared frees what nobody works with at once, the rest when it is given back", async () => {
  const things = new Things();
  const cache = new LeaseCache<Disposable>();
  (await cache.lease("a", things.make("a")))[Symbol.dispose]();
  const held = await cache.lease("b", things.make("b"));
  const coming = cache.lease("c", things.make("c"));
  cache.clear();
  await settle();
  assert.deepEqual(things.freed, ["a"]);
  // A new one of the same name is another.
  using fresh = await cache.lease("b", things.make("b"));
  assert.notEqual(fresh.value, held.value);
  held[Symbol.dispose]();
  (await coming)[Symbol.dispose]();
  await settle();
  assert.deepEqual(things.freed, ["a", "b", "c"]);
  cache[Symbol.dispose]();
});
