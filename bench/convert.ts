// How should fields lie in a file that training reads? Training takes windows of seven frames from random places: each
// layout is written and read so, with this library and, where a Python with h5py is given, with that one. Rounds are
// interleaved; the file is in the page cache. Then, how much memory a conversion takes.
//
// usage: deno run -A bench/convert.ts [--python FILE] [--rounds 5] [--out bench/results/convert.json]

import { openData } from "walrus";
import { streamWell } from "walrus/data";
import { atomicFile, writeNpy } from "walrus/io";
import { numbers, turbulence } from "./convert/fields.ts";
import { processorName } from "./machine.ts";
import { writeResults } from "./results.ts";

const WINDOW = 7;
const WINDOWS = 24;
const [TRAJECTORIES, STEPS, POINTS, COMPONENTS] = [2, 48, 256, 3];

/** Frames of a chunk and level; 0 frames: in one piece. */
const LAYOUTS = [
  { frames: 0, level: 1 },
  ...[1, 2, 4, 6, 9].map((level) => ({ frames: 1, level })),
  ...[4, 8, 16].map((frames) => ({ frames, level: 4 })),
];

const options = Object.fromEntries(
  Array.from({ length: Deno.args.length / 2 }, (_, i) => [Deno.args[2 * i]!.slice(2), Deno.args[2 * i + 1]!]),
);
const rounds = Number(options.rounds ?? 5);
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const digits = (value: number) => Number(value.toPrecision(3));
const nameOf = ({ frames, level }: (typeof LAYOUTS)[number]) =>
  frames === 0 ? "in one piece" : `${frames} frame${frames > 1 ? "s" : ""} a chunk, shuffle, gzip ${level}`;

/** Frames of both fields, made once. */
const frames = Array.from({ length: TRAJECTORIES }, (_, n) => {
  const components = Array.from({ length: COMPONENTS }, (_, c) => turbulence(POINTS, 10 * n + c + 1));
  return Array.from({ length: STEPS }, (_, t) => {
    const [a, u, v] = components.map((component) => component(t)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const velocity = new Float32Array(2 * u.length);
    u.forEach((value, i) => velocity.set([value, v[i]!], 2 * i));
    return [a, velocity] as const;
  });
});

async function write(
  path: string,
  { frames: framesPerChunk, level }: (typeof LAYOUTS)[number],
): Promise<number> {
  const axis = Float64Array.from({ length: POINTS }, (_, i) => i / POINTS);
  const file = await atomicFile(path);
  const well = streamWell(file, {
    dataset: "turbulence",
    gridType: "cartesian",
    axes: [{ name: "x", coordinates: axis }, { name: "y", coordinates: axis }],
    trajectories: TRAJECTORIES,
    times: Float64Array.from({ length: STEPS }, (_, i) => i),
    boundaries: [[2, 2], [2, 2]],
    fields: [{ name: "density", order: 0, constant: false }, { name: "velocity", order: 1, constant: false }],
    framesPerChunk,
    level,
  });
  for (const trajectory of frames) {
    for (const fields of trajectory) for (const [i, values] of fields.entries()) await well.append(i, values);
  }
  const bytes = await well.finish();
  await file.commit();
  return bytes;
}

/** Milliseconds of windows from random places, the same ones for all. */
async function read(path: string): Promise<number> {
  using data = await openData(path);
  const split = await data.split();
  const random = numbers(7);
  const began = performance.now();
  for (let i = 0; i < WINDOWS; i++) {
    const from = Math.floor(random() * (STEPS - WINDOW + 1));
    const { values } = await split.trajectory(Math.floor(random() * TRAJECTORIES))
      .sample(Array.from({ length: WINDOW }, (_, t) => from + t));
    if (values[0]!.length !== WINDOW * POINTS ** 2) throw new Error("a window is not whole");
  }
  return (performance.now() - began) / WINDOWS;
}

const PYTHON = `
import sys, time, h5py
state = 7
def random():
    global state
    state = (state * 1664525 + 1013904223) & 0xffffffff
    return state / 2**32
with h5py.File(sys.argv[1]) as file:
    began = time.perf_counter()
    for _ in range(${WINDOWS}):
        start = int(random() * ${STEPS - WINDOW + 1}); n = int(random() * ${TRAJECTORIES})
        for name in ("t0_fields/density", "t1_fields/velocity"):
            assert file[name][n, start : start + ${WINDOW}].shape[0] == ${WINDOW}
    print((time.perf_counter() - began) / ${WINDOWS} * 1000)
`;

async function readByPython(path: string): Promise<number | null> {
  if (!options.python) return null;
  const { stdout } = await new Deno.Command(options.python, { args: ["-c", PYTHON, path] }).output();
  return Number(new TextDecoder().decode(stdout));
}

/** Most memory that a conversion of a large array takes, beside that of a small one. */
async function memoryOf(
  folder: string,
  steps: number,
): Promise<{ megabytes: number; peakMegabytes: number }> {
  const source = `${folder}/steps_${steps}`;
  await Deno.mkdir(source);
  const points = 256;
  const head = writeNpy({ shape: [0, 0, 0], data: new Float32Array(0) });
  const text = String.fromCharCode(...head).replace(
    /\(0, 0, 0\), }\s+$/,
    `(${steps}, ${points}, ${points}), }`,
  );
  const header = Uint8Array.from(`${text.padEnd(head.length - 1)}\n`, (letter) => letter.charCodeAt(0));
  const file = await Deno.open(`${source}/u.npy`, { write: true, create: true });
  await file.write(header);
  const frame = turbulence(points, 3)(0);
  for (let t = 0; t < steps; t++) {
    const bytes = new Uint8Array(frame.map((value) => value + t).buffer);
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  }
  file.close();
  await Deno.writeTextFile(
    `${source}/arrays.yaml`,
    `name: steps_${steps}\ngrid: {axes: [x, y], spacing: 1}\nboundaries: {x: wall, y: wall}\nfields: {u: u.npy}\n`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "app/convert/main.ts",
      source,
      "--out",
      `${folder}/out`,
      "--workers",
      "1",
      "--level",
      "1",
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  let peak = 0;
  const poll = setInterval(() => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    } catch { /* It has ended. */ }
  }, 50);
  const { success } = await child.status;
  clearInterval(poll);
  if (!success) throw new Error(`the conversion of ${steps} frames failed`);
  return { megabytes: digits(4 * steps * points ** 2 / 1e6), peakMegabytes: Math.round(peak) };
}

const folder = await Deno.makeTempDir();
try {
  const rows = [];
  for (const [i, layout] of LAYOUTS.entries()) {
    const began = performance.now();
    const bytes = await write(`${folder}/${i}.hdf5`, layout);
    rows.push({
      layout,
      bytes,
      writing: performance.now() - began,
      own: [] as number[],
      h5py: [] as number[],
    });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [i, row] of rows.entries()) {
      row.own.push(await read(`${folder}/${i}.hdf5`));
      const other = await readByPython(`${folder}/${i}.hdf5`);
      if (other !== null) row.h5py.push(other);
    }
  }
  const raw = 4 * TRAJECTORIES * STEPS * POINTS ** 2 * COMPONENTS;
  const table = rows.map(({ layout, bytes, writing, own, h5py }) => ({
    layout: nameOf(layout),
    share: digits(bytes / raw),
    writtenMegabytesPerSecond: digits(raw / writing / 1e3),
    millisecondsAWindow: digits(median(own)),
    best: digits(Math.min(...own)),
    ...h5py.length > 0 ? { h5pyMilliseconds: digits(median(h5py)), h5pyBest: digits(Math.min(...h5py)) } : {},
  }));
  console.table(table);
  const memory = [await memoryOf(folder, 64), await memoryOf(folder, 4096)];
  console.table(memory);
  if (options.out) {
    await writeResults(options.out, {
      question:
        "How should fields lie in a file of which training reads windows of seven frames, and what memory does a conversion take?",
      command: "deno run -A bench/convert.ts --python FILE --out bench/results/convert.json",
      data:
        `${TRAJECTORIES} trajectories of ${STEPS} frames of ${POINTS} x ${POINTS} points, ${COMPONENTS} components, in the page cache`,
      processor: await processorName(),
      runtime: `Deno ${Deno.version.deno}`,
      rounds,
      rows: table,
      memory,
    });
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
