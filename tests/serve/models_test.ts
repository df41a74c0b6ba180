// Networks within a memory: loaded once, ended when another needs theirs, refused before weights are read.

import assert from "node:assert/strict";
import type { Sample } from "../../lib/data/dataset.ts";
import type { MemoryEstimate } from "../../lib/forecast/prepare.ts";
import { forecastFrames, type ForecastTask } from "../../lib/serve/forecast.ts";
import { ModelPool } from "../../lib/serve/models.ts";
import { StubModel, type StubOptions } from "./stub_model.ts";

const never = new AbortController().signal;
const MEMORY = 10_000;

/** A window of two fields on so many points. */
function windowOf(points: number): Sample {
  return {
    info: {
      dataset: "stub",
      grid: {
        system: "cartesian",
        axes: ["x"],
        shape: [points],
        coordinates: [Float64Array.from({ length: points }, (_, i) => i)],
      },
      boundaries: [["periodic", "periodic"]],
      fields: ["A", "B"].map((name) => ({ name, order: 0, constant: false })),
      masked: false,
      scalars: {},
    },
    times: Float64Array.of(0),
    values: [new Float32Array(points), new Float32Array(points)],
    hidden: null,
  };
}

/** A pool of stubs that are planned to take so much, and what happened to them. */
function poolOf(needs: Readonly<Record<string, number>>, options: StubOptions = {}) {
  const told: string[] = [];
  const made: Record<string, StubModel[]> = {};
  const served = Object.fromEntries(
    Object.entries(needs).map(([name, working]) => [name, {
      load: () => {
        const need: MemoryEstimate = { weights: 1000, working };
        const model = new StubModel({ need, weights: 1000, ...options });
        (made[name] ??= []).push(model);
        return Promise.resolve(model);
      },
    }]),
  );
  const pool = new ModelPool(served, MEMORY, { model: (name, event) => told.push(`${name} ${event}`) });
  return { pool, told, made };
}

const task = (model: string, points = 8, steps = 2): ForecastTask => ({
  model,
  start: windowOf(points),
  statistics: null,
  choices: { steps },
});

/** All frames of a forecast. */
async function run(pool: ModelPool, of: ForecastTask, signal = never): Promise<number> {
  let frames = 0;
  for await (const _ of forecastFrames(pool, of, signal, { onLoaded: () => {} })) frames++;
  return frames;
}

Deno.test("a network is loaded once, whoever asks at the same time", async () => {
  const { pool, told, made } = poolOf({ a: 1000 });
  const counts = await Promise.all(Array.from({ length: 8 }, () => run(pool, task("a"))));
  assert.deepEqual(counts, new Array(8).fill(2));
  assert.deepEqual([told, made.a!.length], [["a loaded"], 1]);
  assert.deepEqual(pool.loaded, { a: 2000 });
  pool[Symbol.dispose]();
  assert.ok(made.a![0]!.disposed);
});

Deno.test("a network that failed to load is tried again", async () => {
  let tries = 0;
  const load = () =>
    ++tries === 1 ? Promise.reject(new Error("no such file")) : Promise.resolve(new StubModel());
  using pool = new ModelPool({ a: { load } }, MEMORY, {});
  await assert.rejects(run(pool, task("a")), /no such file/);
  assert.equal(await run(pool, task("a")), 2);
  assert.equal(tries, 2);
});

Deno.test("the network that was used longest ago ends when another needs its memory", async () => {
  const { pool, told } = poolOf({ a: 3000, b: 3000, c: 3000 });
  await run(pool, task("a"));
  await run(pool, task("b"));
  await run(pool, task("a"));
  assert.deepEqual(pool.loaded, { a: 4000, b: 4000 });
  await run(pool, task("c"));
  assert.deepEqual(told, ["a loaded", "b loaded", "c loaded", "b evicted"]);
  assert.deepEqual(pool.loaded, { a: 4000, c: 4000 });
  assert.equal(await run(pool, task("b")), 2);
  assert.deepEqual(pool.loaded, { c: 4000, b: 4000 });
});

Deno.test("what can never fit is refused by its plan, before a weight is read and without ending others", async () => {
  const { pool, told, made } = poolOf({ a: 1000, huge: 9500 });
  await run(pool, task("a"));
  await assert.rejects(run(pool, task("huge")), {
    reason: "memory",
    status: 507,
    message:
      /would take 11 kB \(1 kB of weights, 10 kB of intermediate results\), "huge" may take 10 kB here/,
  });
  assert.deepEqual([made.huge![0]!.begun, made.huge![0]!.computed], [0, 0]);
  assert.deepEqual(told, ["a loaded", "huge loaded"]);
});

Deno.test("a network in use is never ended: who needs its memory waits, and comes before those who came later", async () => {
  const { pool, told, made } = poolOf({ a: 5000, b: 5000 }, { pace: 5 });
  const order: string[] = [];
  const first = forecastFrames(pool, task("a", 8, 3), never, { onLoaded: () => {} });
  await first.next();
  const second = run(pool, task("b")).then(() => order.push("b"));
  await new Promise((resolve) => setTimeout(resolve, 10));
  const third = run(pool, task("a")).then(() => order.push("a"));
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.deepEqual([order, told], [[], ["a loaded", "b loaded"]]);
  assert.ok(!made.a![0]!.disposed);
  for await (const _ of first);
  await Promise.all([second, third]);
  assert.deepEqual(order, ["b", "a"]);
  assert.deepEqual(told, ["a loaded", "b loaded", "a evicted", "a loaded", "b evicted"]);
});

Deno.test("two who need each other's memory both get it", async () => {
  const { pool, made } = poolOf({ a: 3500, b: 3500 }, { pace: 2 });
  await Promise.all([run(pool, task("a")), run(pool, task("b"))]);
  // Kinds of windows that are new to both, at the same time.
  assert.deepEqual(await Promise.all([run(pool, task("a", 16)), run(pool, task("b", 16))]), [2, 2]);
  const bytes = Object.values(pool.loaded).reduce((sum, own) => sum + own, 0);
  assert.ok(bytes <= MEMORY, `${bytes}`);
  assert.ok(made.a!.length + made.b!.length > 2);
});

Deno.test("programs of many kinds of windows go with their network once they take too much", async () => {
  const { pool, told } = poolOf({ a: 3000 });
  for (const points of [8, 9, 10, 11, 12]) {
    assert.equal(await run(pool, task("a", points)), 2);
    assert.ok(pool.loaded.a! <= MEMORY, `${pool.loaded.a}`);
  }
  assert.deepEqual(told, ["a loaded", "a evicted", "a loaded", "a evicted", "a loaded"]);
});

Deno.test("who waits for memory can leave, and lets the next have it", async () => {
  const { pool } = poolOf({ a: 6000, b: 6000 });
  const first = forecastFrames(pool, task("a"), never, { onLoaded: () => {} });
  await first.next();
  const leaving = new AbortController();
  const waiting = run(pool, task("b"), leaving.signal);
  await new Promise((resolve) => setTimeout(resolve, 5));
  leaving.abort(new Error("it left"));
  await assert.rejects(waiting, /it left/);
  assert.equal(await run(pool, task("a")), 2);
  await first.return(undefined);
  assert.equal(await run(pool, task("b")), 2);
});

Deno.test("a name that there is not is refused with those there are", async () => {
  const { pool } = poolOf({ small: 1000, large: 1000 });
  await assert.rejects(run(pool, task("smal")), {
    reason: "not_found",
    message: 'There is no model "smal", did you mean "small"?; there are small, large',
  });
});

Deno.test("a window that a network can not take is refused in its words, and the network given back", async () => {
  const { pool } = poolOf({ a: 9000, b: 9000 });
  const { start, ...rest } = task("a");
  const one = {
    ...start,
    info: { ...start.info, fields: start.info.fields.slice(1) },
    values: start.values.slice(1),
  };
  await assert.rejects(run(pool, { ...rest, start: one }), {
    reason: "unfit",
    message: "Got 1 fields, wanted 2 scalars",
  });
  const two = {
    ...start,
    times: Float64Array.of(0, 1),
    values: start.values.map((v) => new Float32Array([...v, ...v])),
  };
  await assert.rejects(run(pool, { ...rest, start: two }), /has 2 frames, this network takes 1 to 1/);
  await assert.rejects(
    run(pool, { ...rest, start, choices: { steps: 1, kvCache: true } }),
    /Cannot keep a KV cache/,
  );
  await assert.rejects(
    run(pool, { ...rest, start, choices: { steps: 1, map: { C: "B" } } }),
    /map.C: the window has no such/,
  );
  assert.equal(await run(pool, task("b")), 2);
});
