// The store: replaced records, subscribers told once for many changes.

import assert from "node:assert/strict";
import { makeStore } from "../../pages/app/store.ts";

Deno.test("a store tells of many changes at once, and of none where nothing changed", async () => {
  const store = makeStore({ a: 1, b: "x" });
  const heard: unknown[] = [];
  const stop = store.subscribe((state) => heard.push(state));
  const before = store.get();
  store.update({ a: 2 });
  store.update(({ a }) => ({ a: a + 1, b: "y" }));
  assert.deepEqual([before, store.get()], [{ a: 1, b: "x" }, { a: 3, b: "y" }]);
  assert.deepEqual(heard, []);
  await Promise.resolve();
  assert.deepEqual(heard, [{ a: 3, b: "y" }]);
  store.update({ a: 3 });
  store.update({ a: NaN });
  store.update({ a: NaN });
  await Promise.resolve();
  assert.equal(heard.length, 2);
  stop();
  store.update({ a: 0 });
  await Promise.resolve();
  assert.equal(heard.length, 2);
});

Deno.test("a change made by a subscriber is told too", async () => {
  const store = makeStore({ a: 0, double: 0 });
  const heard: number[] = [];
  store.subscribe(({ a }) => store.update({ double: 2 * a }));
  store.subscribe(({ double }) => heard.push(double));
  store.update({ a: 4 });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(heard.at(-1), 8);
});
