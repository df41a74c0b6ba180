// Each physical check: a flow that keeps it is not reported, a planted violation is; grids, sides and names of all kinds.

import assert from "node:assert/strict";
import type { Boundary, Sample } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import { breaks } from "../../lib/metrics/breaks.ts";
import { physics } from "../../lib/metrics/physics.ts";
import { sharedTest } from "../shared.ts";
import { type Fault, flowFrame, type FlowOptions, NX, NY } from "./flow.ts";

const STEPS = [0, 1, 2, 3, 4];
const measured = (options: FlowOptions = {}) => STEPS.map((step) => physics(flowFrame(step, options)));
const truth = measured();

/** Laws that the flow breaks from its third frame on. */
function broken(faults: Readonly<Record<string, Fault>>) {
  const forecast = STEPS.slice(1).map((step) => physics(flowFrame(step, step < 3 ? {} : { faults })));
  return breaks(truth, forecast);
}

Deno.test("a clean forecast of a flow breaks nothing that the flow keeps", () => {
  assert.deepEqual(breaks(truth, truth.slice(1)), []);
  const names = truth[0]!.map(({ kind, name }) => `${kind} ${name}`);
  assert.deepEqual(names, [
    "total mass",
    "total tracer",
    "total momentum_x",
    "total momentum_y",
    "total energy",
    "divergence velocity",
    "least density",
    "least energy",
    "least tracer",
    "least pressure",
    "wall velocity at the near y wall",
    "wall velocity at the far y wall",
    "seam density across x",
    "seam energy across x",
    "seam tracer across x",
    "seam pressure across x",
    "seam velocity_x across x",
    "seam velocity_y across x",
  ]);
});

/** A violation of each check, what is reported of it, and its words. */
const PLANTED: readonly [string, Record<string, Fault>, RegExp][] = [
  [
    "total mass",
    { density: ([v]) => [v! * 1.01] },
    /total mass is off by 1 %, in the truth by under 0\.001 % \(allowed 0\.1 %\)/,
  ],
  ["total tracer", { tracer: ([v]) => [v! * 0.9] }, /total tracer is off by \d[\d.]* %/],
  [
    "total momentum_x",
    { velocity: ([u, v]) => [u! + 0.05, v!] },
    /total momentum_x is off by \d+ %, .* \(allowed \d\.\d+ %\)$/,
  ],
  ["total energy", { energy: ([v]) => [v! + 0.01] }, /total energy is off by 0\.4 %/],
  [
    "divergence velocity",
    { velocity: ([u, v], px) => [u! + 0.4 * Math.sin(4 * Math.PI * px), v!] },
    /divergence of velocity is \d+ % of its gradients/,
  ],
  [
    "least density",
    { density: ([v], px) => [px === 0 ? -0.01 : v!] },
    /density falls to -0\.01, in the truth to 0\.\d+ \(allowed 0\)$/,
  ],
  ["least pressure", { pressure: ([v], px) => [px === 0.5 ? -1 : v!] }, /pressure falls to -1,/],
  ["least energy", { energy: ([v], px) => [px === 0.5 ? -2 : v!] }, /energy falls to -2,/],
  [
    "least tracer",
    { tracer: ([v]) => [v! - 0.01] },
    /tracer falls to -0\.01, in the truth to 0 \(allowed -0\.001\)$/,
  ],
  [
    "wall velocity at the near y wall",
    { velocity: ([u, v], _x, py) => [u!, v! + 0.2 * Math.exp(-10 * py)] },
    /velocity at the near y wall crosses it at \d+ % of the speed inside/,
  ],
  [
    "wall velocity at the far y wall",
    { velocity: ([u, v], _x, py) => [u!, v! + 0.2 * Math.exp(-10 * (1 - py))] },
    /velocity at the far y wall crosses it/,
  ],
  [
    "seam density across x",
    { density: ([v], px) => [v! + px - 0.5 + 0.5 / NX] },
    /density across x jumps by \d+/,
  ],
  [
    "seam velocity_y across x",
    { velocity: ([u, v], px) => [u!, v! + 9 * px] },
    /velocity_y across x jumps by/,
  ],
];

for (const [name, faults, words] of PLANTED) {
  Deno.test(`a planted violation is reported: ${name}`, () => {
    const found = broken(faults);
    const own = found.find((one) => `${one.kind} ${one.name}` === name);
    assert.ok(own, `only ${found.map(({ text }) => text).join("; ")}`);
    assert.match(own.text, words);
    assert.match(own.text, /^step 3: /);
    assert.deepEqual([own.step, own.steps], [3, 2]);
    // Fields that were left alone are not named.
    const changed = [...Object.keys(faults), "mass", "momentum"];
    for (const { name } of found) {
      assert.ok(changed.some((field) => name.startsWith(field)), name);
    }
  });
}

Deno.test("what a truth does not keep is no law: leaks, sources, divergence, fronts at seams, negative values", () => {
  const leaking = STEPS.map((step) =>
    physics(
      flowFrame(step, {
        faults: { density: ([v]) => [v! * (1 - 0.02 * step)], pressure: ([v]) => [v! - 1] },
      }),
    )
  );
  const forecast = measured({ faults: { density: ([v]) => [v! * 1.3], pressure: ([v]) => [v! - 2] } });
  assert.deepEqual(breaks(leaking, forecast), []);
  assert.deepEqual(breaks([], forecast), []);
});

Deno.test("bounds are the truth's own: one that drifts a little allows ten times as much, and no more", () => {
  const drifting = (by: number) =>
    STEPS.map((step) => physics(flowFrame(step, { faults: { density: ([v]) => [v! * (1 + by * step)] } })));
  const laws = (by: number) => breaks(drifting(0.001), drifting(by)).filter(({ name }) => name === "mass");
  assert.deepEqual(laws(0.009), []);
  assert.equal(laws(0.011)[0]!.step, 5);
});

Deno.test("a forecast that is not a number keeps nothing", () => {
  const found = broken({ density: () => [NaN] }).map(({ kind, name }) => `${kind} ${name}`);
  assert.deepEqual(found, [
    "total mass",
    "total momentum_x",
    "total momentum_y",
    "least density",
    "seam density across x",
  ]);
});

Deno.test("a flow that begins at rest is compared with what it does later", () => {
  const still: Fault = (numbers) => numbers.map(() => 0);
  const series = STEPS.map((step) =>
    physics(flowFrame(step, step === 0 ? { faults: { velocity: still } } : {}))
  );
  assert.deepEqual(breaks(series, series.slice(1)), []);
});

Deno.test("hidden cells do not count, whatever they hold", () => {
  const hidden = new Uint8Array(NX * NY);
  hidden.fill(1, 3 * NY, 6 * NY);
  const bare = physics(flowFrame(0, { hidden }));
  const wild: Fault = (_, px) => px >= 3 / NX && px < 6 / NX ? [NaN, NaN] : _;
  const fault = (field: string): Fault => (numbers, px, py) =>
    wild(numbers, px, py).slice(0, field === "velocity" ? 2 : 1);
  const faults = Object.fromEntries(
    ["density", "energy", "tracer", "pressure", "velocity"].map((f) => [f, fault(f)]),
  );
  assert.deepEqual(physics(flowFrame(0, { hidden, faults })), bare);
  assert.notDeepEqual(bare, truth[0]);
});

Deno.test("fields are known by the names that a network has for them", () => {
  const names = { density: "n0", velocity: "wind" };
  const plain = physics(flowFrame(0, { names })).map(({ kind, name }) => `${kind} ${name}`);
  assert.ok(!plain.includes("total mass") && !plain.includes("divergence wind"));
  const mapped = physics(flowFrame(0, { names }), { map: { n0: "density", wind: "velocity" } });
  assert.deepEqual(
    mapped.slice(0, 6).map(({ value }) => value),
    truth[0]!.slice(0, 6).map(({ value }) => value),
  );
  assert.throws(() => physics(flowFrame(0), { frame: 1 }), /frame 1: the sample has 1/);
});

/** A sample of one frame. */
function sampleOn(
  system: string,
  axes: readonly string[],
  coordinates: readonly Float64Array[],
  shape: readonly number[],
  fields: Readonly<Record<string, (...at: number[]) => number[]>>,
  boundary: Boundary = "open",
  scalars: Readonly<Record<string, number>> = {},
): Sample {
  const indices = Array.from({ length: shape.reduce((a, b) => a * b) }, (_, p) => {
    let rest = p;
    return shape.toReversed().map((n) => {
      const i = rest % n;
      rest = Math.floor(rest / n);
      return i;
    }).toReversed();
  });
  const scattered = coordinates.length !== shape.length;
  return {
    info: {
      dataset: "made",
      grid: { system, axes, shape, coordinates },
      boundaries: shape.map(() => [boundary, boundary]),
      fields: Object.keys(fields).map((name) => (
        { name, order: /velocity|momentum/.test(name) ? 1 : 0, constant: false }
      )),
      masked: false,
      scalars,
    },
    times: Float64Array.of(0),
    values: Object.values(fields).map((value) =>
      Float32Array.from(
        indices.flatMap((index) => value(...coordinates.map((x, axis) => x[index[scattered ? 0 : axis]!]!))),
      )
    ),
    hidden: null,
  };
}

const uneven = (n: number) => Float64Array.from({ length: n }, (_, i) => (i + 0.3 * Math.sin(i)) / n);
const value = (sample: Sample, kind: string, name: string) =>
  physics(sample).find((one) => one.kind === kind && one.name === name)?.value;

Deno.test("the divergence is exact for parabolas on uneven axes that go up or down, in 2D and 3D", () => {
  for (const down of [false, true]) {
    const axis = (n: number) => down ? uneven(n).toReversed() : uneven(n);
    const solenoidal = { velocity: (x: number, y: number) => [x * x, -2 * x * y] };
    const plane = sampleOn("cartesian", ["x", "y"], [axis(14), axis(11)], [14, 11], solenoidal);
    assert.ok(value(plane, "divergence", "velocity")! < 1e-6);
    const growing = { velocity: (x: number, y: number, z: number) => [x, y, z] };
    const cube = sampleOn("cartesian", ["x", "y", "z"], [axis(6), axis(7), axis(8)], [6, 7, 8], growing);
    // Three slopes of 1, and nothing else: 3 / sqrt(3).
    assert.ok(Math.abs(value(cube, "divergence", "velocity")! - Math.sqrt(3)) < 1e-6);
  }
});

Deno.test("periodic axes are differentiated across their seam, a thin axis changes nothing", () => {
  const x = Float64Array.from({ length: 48 }, (_, i) => i / 48);
  const velocity = (px: number, py: number) => [Math.cos(2 * Math.PI * py), Math.sin(2 * Math.PI * px)];
  const plane = sampleOn("cartesian", ["x", "y"], [x, x], [48, 48], { velocity }, "periodic");
  assert.ok(value(plane, "divergence", "velocity")! < 1e-6);
  const thin = sampleOn("cartesian", ["x", "y", "z"], [x, x, Float64Array.of(0)], [48, 48, 1], {
    velocity: (px, py) => [...velocity(px, py), 0],
  }, "periodic");
  assert.ok(value(thin, "divergence", "velocity")! < 1e-6);
});

Deno.test("the mass of a shell of density 1 is its volume", () => {
  const middles = (from: number, to: number, n: number) =>
    Float64Array.from({ length: n }, (_, i) => from + ((to - from) * (i + 0.5)) / n);
  const angles = middles(0, Math.PI, 40);
  const shape = [30, 40, 8];
  const density = () => [1];
  const around = middles(0, 2 * Math.PI, 8);
  const whole = (4 / 3) * Math.PI * (8 - 1);
  const shell = sampleOn("spherical", ["r", "theta", "phi"], [middles(1, 2, 30), angles, around], shape, {
    density,
  });
  assert.ok(Math.abs(value(shell, "total", "mass")! / whole - 1) < 0.002);
  const logs = sampleOn(
    "spherical",
    ["log_r", "theta", "phi"],
    [middles(0, Math.log(2), 30), angles, around],
    shape,
    {
      density,
    },
  );
  assert.ok(Math.abs(value(logs, "total", "mass")! / whole - 1) < 0.002);
  const latitudes = sampleOn(
    "spherical",
    ["theta", "phi"],
    [middles(-Math.PI / 2, Math.PI / 2, 40), around],
    [40, 8],
    { height: density, velocity: () => [1, 1] },
  );
  assert.ok(Math.abs(value(latitudes, "total", "mass")! / (4 * Math.PI) - 1) < 0.002);
  // Vectors in the directions of a sphere are neither added nor differentiated.
  assert.deepEqual(physics(latitudes).map(({ name }) => name), ["mass", "kinetic energy", "height"]);
});

Deno.test("energies: of shallow water with g, of gases with gamma, of motion alone; from momentum and density", () => {
  const x = Float64Array.from({ length: 4 }, (_, i) => i);
  const of = (fields: Record<string, () => number[]>, scalars: Record<string, number> = {}) =>
    sampleOn("cartesian", ["x", "y"], [x, x], [4, 4], fields, "open", scalars);
  const height = { height: () => [2], velocity: () => [3, 4] };
  assert.equal(value(of(height, { g: 10 }), "total", "energy"), 16 * (2 * 12.5 + 10 * 2));
  assert.equal(value(of(height), "total", "kinetic energy"), 16 * 25);
  assert.equal(value(of(height), "total", "momentum_y"), 16 * 8);
  const gas = { density: () => [2], pressure: () => [1], momentum: () => [6, 8] };
  assert.equal(value(of(gas, { gamma: 1.5 }), "total", "energy"), 16 * (25 + 2));
  assert.equal(value(of(gas), "total", "kinetic energy"), 16 * 25);
  assert.deepEqual(physics(of({ momentum: () => [1, 2] })).map(({ name }) => name), [
    "momentum_x",
    "momentum_y",
  ]);
});

Deno.test("points that are scattered have totals and least values only; axes without order count from 0", () => {
  const at = Float64Array.of(0.3, 0.1, 0.7, 0.5);
  const fields = { density: () => [2], velocity: () => [1, 2] };
  const cloud = sampleOn("cartesian", ["point"], [at, at], [4], fields);
  assert.deepEqual(physics(cloud).map(({ name }) => name), ["mass", "kinetic energy", "density"]);
  const disordered = sampleOn("cartesian", ["x", "y"], [at, at], [4, 4], fields, "wall");
  assert.equal(value(disordered, "total", "mass"), 32);
  const one = sampleOn("cartesian", ["x", "y"], [Float64Array.of(0), at], [1, 4], fields, "periodic");
  assert.equal(value(one, "divergence", "velocity"), undefined);
});

sharedTest("the solvers' own trajectories break nothing", "corpus/datasets", async (folder) => {
  for await (const { name } of Deno.readDir(folder)) {
    using data = await openData(`${folder}/${name}`);
    const trajectory = (await data.split("test")).trajectory(0);
    const sample = await trajectory.sample(
      Array.from({ length: Math.min(12, trajectory.steps) }, (_, i) => i),
    );
    const frames = Array.from(sample.times, (_, frame) => physics(sample, { frame }));
    assert.ok(frames[0]!.length > 1, name);
    assert.deepEqual(breaks(frames, frames.slice(1)), [], name);
  }
});
