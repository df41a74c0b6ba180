// Links: what is set comes back, what is as usual is left out, what does not fit is no error, none is longer than 500.

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Linked, LONGEST, queryOf, readQuery } from "../../pages/app/link/query.ts";
import { FIRST_VIEW } from "../../pages/app/scene.ts";
import { FIRST_SETTINGS } from "../../pages/app/setup/choice.ts";

const USUAL: Linked = {
  data: { kind: "example", name: "gray_scott" },
  model: { kind: "shipped" },
  compare: null,
  settings: FIRST_SETTINGS,
  view: FIRST_VIEW,
};

Deno.test("the usual state needs no query, and an empty query gives it", () => {
  assert.equal(queryOf(USUAL, null, null), "");
  assert.deepEqual(readQuery(""), { ...USUAL, data: null });
});

Deno.test("a link keeps data, networks, settings and view", () => {
  const state: Linked = {
    data: { kind: "link", url: "https://example.org/a%20b.hdf5" },
    model: { kind: "hub", name: "hf:polymathic-ai/walrus" },
    compare: { kind: "shipped" },
    settings: {
      ...FIRST_SETTINGS,
      trajectory: 2,
      start: 3,
      steps: 12,
      stride: 2,
      seed: 7,
      seeds: 4,
      jitter: false,
      backend: "wasm",
      grid: "native",
      boundaries: { "symmetry 2": "wall", slip: "open" },
    },
    view: { ...FIRST_VIEW, quantity: "velocity_x", map: "magma", low: -1.5, high: 2, step: 7, follow: false },
  };
  const query = queryOf(state, null, null);
  const back = readQuery(query);
  assert.deepEqual(back.settings, state.settings);
  assert.deepEqual(back.view, state.view);
  assert.deepEqual([back.model, back.compare], [state.model, state.compare]);
  assert.deepEqual(back.data, { kind: "link", url: "https://example.org/a%20b.hdf5" });
});

Deno.test("a link to an own file tells the receiver which one it is", () => {
  const query = queryOf({ ...USUAL, data: null }, null, { name: "flow.hdf5", bytes: 94e6, sha: "00ff" });
  assert.equal(query, "?file=flow.hdf5&bytes=94000000&sha=00ff");
  assert.deepEqual(readQuery(query).data, { kind: "missing", file: "flow.hdf5", bytes: 94e6, sha: "00ff" });
});

Deno.test("a plane is named by its axis", () => {
  const axis = (name: string) => ({
    name,
    points: 32,
    coordinates: new Float64Array(32),
    unit: null,
    boundary: ["open", "open"] as const,
  });
  const scene = { grid: { axes: ["x", "y", "z"].map(axis), points: 32 ** 3, system: "cartesian" } };
  const view = { ...FIRST_VIEW, plane: { axis: 2, index: 16 } };
  const query = queryOf({ ...USUAL, view }, scene as never, null);
  assert.equal(query, "?plane=z:16");
  assert.deepEqual(readQuery(query).view.plane, view.plane);
});

Deno.test("whatever is in a query, it is read; no query is too long", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    for (const name of ["data", "steps", "low", "plane", "compare", "map", "file", "step", "boundary"]) {
      readQuery(`?${name}=${encodeURIComponent(a)}&${b}`);
    }
  }));
  const url = `https://example.org/${"long/".repeat(91)}a.hdf5`;
  const state: Linked = {
    ...USUAL,
    data: { kind: "link", url },
    settings: { ...FIRST_SETTINGS, steps: 33, seed: 12345 },
  };
  const query = queryOf(state, null, null);
  assert.ok(query.length <= LONGEST && query.includes("data="), query);
});

Deno.test("numbers beyond their ends are left out", () => {
  const { settings, view } = readQuery(
    "?steps=0&start=-1&stride=1.5&seeds=1000&seed=x&low=&high=abc&step=1e9&map=jet&backend=gpu&boundary=a:hot,b,:wall",
  );
  assert.deepEqual(settings, FIRST_SETTINGS);
  assert.deepEqual(view, FIRST_VIEW);
});
