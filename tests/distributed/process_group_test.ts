// Groups of processes: that of one alone, and the one that other tests stand several processes in for.

import assert from "node:assert/strict";
import { type ProcessGroup, singleProcess } from "../../lib/distributed/process_group.ts";
import { memoryGroup } from "./memory_group.ts";

Deno.test("singleProcess() leaves numbers as they are", async () => {
  using group = singleProcess();
  assert.deepEqual([group.rank, group.size], [0, 1]);
  const values = Float32Array.of(1, -2, NaN);
  await group.barrier();
  await group.allReduce(values, "sum");
  await group.allReduce(values, "max");
  await group.broadcast(values, 0);
  assert.deepEqual(values, Float32Array.of(1, -2, NaN));
  for (const own of [await group.reduceScatter(values, [3]), await group.allGather(values, [3])]) {
    assert.deepEqual(own, values);
    assert.notEqual(own, values);
  }
  using part = await group.split(7);
  assert.deepEqual([part.rank, part.size], [0, 1]);
});

Deno.test("singleProcess() refuses other ranks and counts that do not fit", async () => {
  using group = singleProcess();
  const values = new Float32Array(3);
  await assert.rejects(() => group.broadcast(values, 1), /Root is 1, wanted 0: there is one process/);
  for (const counts of [[2], [1, 2], []]) {
    const message = `Counts are [${counts.join(", ")}], wanted [3] for one process`;
    await assert.rejects(() => group.reduceScatter(values, counts), { name: "RangeError", message });
    await assert.rejects(() => group.allGather(values, counts), { name: "RangeError", message });
  }
});

/** What every rank gives. */
function each<T>(group: readonly ProcessGroup[], run: (own: ProcessGroup) => Promise<T>): Promise<T[]> {
  return Promise.all(group.map(run));
}

Deno.test("memoryGroup() does what processes do together", async () => {
  const group = memoryGroup(3);
  const reduced = (op: "sum" | "max") =>
    each(group, async (own) => {
      const values = Float32Array.of(own.rank, 1 - own.rank);
      await own.allReduce(values, op);
      return [...values];
    });
  assert.deepEqual(await reduced("sum"), [[3, 0], [3, 0], [3, 0]]);
  assert.deepEqual(await reduced("max"), [[2, 1], [2, 1], [2, 1]]);
  const sent = await each(group, async (own) => {
    const values = Float32Array.of(own.rank);
    await own.broadcast(values, 2);
    return values[0];
  });
  assert.deepEqual(sent, [2, 2, 2]);
  const scattered = await each(group, (own) => own.reduceScatter(Float32Array.of(1, 2, 3), [1, 0, 2]));
  assert.deepEqual(scattered.map((own) => [...own]), [[3], [], [6, 9]]);
  const gathered = await each(
    group,
    ({ rank, allGather }) => allGather(new Float32Array(rank).fill(rank), [0, 1, 2]),
  );
  assert.deepEqual(gathered.map((own) => [...own]), [[1, 2, 2], [1, 2, 2], [1, 2, 2]]);
  const parts = await each(group, (own) => own.split(own.rank % 2));
  assert.deepEqual(parts.map(({ rank, size }) => [rank, size]), [[0, 2], [0, 1], [1, 2]]);
  const ranks = await each(parts, async (own) => {
    const values = Float32Array.of(group.indexOf(own) < 0 ? 1 : 0);
    await own.allReduce(values, "sum");
    return values[0];
  });
  assert.deepEqual(ranks, [2, 1, 2]);
});

Deno.test("memoryGroup() fails on all ranks when one leaves or calls something else", async () => {
  const [a, b] = memoryGroup(2) as [ProcessGroup, ProcessGroup];
  const waiting = a.allReduce(new Float32Array(1), "sum");
  b[Symbol.dispose]();
  await assert.rejects(waiting, /Rank 1 of 2 left the group/);
  await assert.rejects(a.barrier(), /Rank 1 of 2 left/);
  const [c, d] = memoryGroup(2) as [ProcessGroup, ProcessGroup];
  const both = [c.allReduce(new Float32Array(1), "sum"), d.allReduce(new Float32Array(2), "sum")];
  for (const call of both) await assert.rejects(call, /Ranks call "allReduce sum 1" and "allReduce sum 2"/);
});
