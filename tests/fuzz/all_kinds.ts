// What else is fuzzed: configurations of runs, statistics, descriptions of arrays, folders of arrays; each read as the
// library reads it.

import fc from "fast-check";
import { openData } from "../../lib/data/open_data.ts";
import { readStatistics } from "../../lib/data/statistics.ts";
import { type ByteSource, memorySource } from "../../lib/io/byte_source.ts";
import { writeNpy, writeNpz } from "../../lib/io/npy_writer.ts";
import { parseRunConfig } from "../../lib/train/run_config.ts";
import { cfKinds } from "./cf.ts";
import { collectionKinds } from "./collections.ts";
import { broken, type Cost, counted, type Kind, kinds, wildYaml } from "./kinds.ts";

const text = new TextEncoder();
const NOTHING: Cost = { given: 0, asked: 0 };

/** Copies with one letter changed: most are still read. */
function mistyped(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.record({
    seed: fc.constantFrom(...seeds),
    at: fc.nat(),
    letter: fc.integer({ min: 0x20, max: 0x7e }),
  }).map(({ seed, at, letter }) => {
    const file = seed.slice();
    file[at % file.length] = letter;
    return file;
  });
}

/** Broken copies of a file, mistyped ones, and wild YAML. */
function brokenYaml(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 3, arbitrary: broken(seeds) },
    { weight: 3, arbitrary: mistyped(seeds) },
    { weight: 1, arbitrary: wildYaml },
  );
}

const RUN = `folder: out/run
model: { hidden_dim: 32, intermediate_dim: 4, blocks: 1, heads: 2 }
data: { root: data, strides: [1, 2], systems: [gray_scott_mini], samples: 2 }
training: { steps: 20, accumulate: 2, lora: { rank: 4 } }
optimizer: { lr: 1.0e-3 }
schedule: { kind: cosine, warmup: 2, cooldown: 4 }
validation: { every: 10, rollout: 4 }
log: { every: 1 }
backend: wasm
`;

const STATISTICS = ["mean", "std", "rms", "mean_delta", "std_delta", "rms_delta"]
  .map((map) => `${map}:\n  A: 1.0000e-01\n  velocity: [0.5, -2]\n  D: [[1, 0], [0, 1]]\n`).join("");

const DESCRIPTION = `name: cavity
grid: { axes: [x, y], spacing: 0.25 }
boundaries: { x: periodic, y: [wall, open] }
time: 0.1
fields:
  velocity: { file: velocity.npy, order: 1 }
  density: fields.npz
  mask: { file: fields.npz, constant: true }
scalars: { viscosity: [0.01, 0.02] }
splits: { train: 0-0, valid: [1] }
`;

/** Values that the description may be given anywhere. */
const odd = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  1e300,
  "0-99999999999",
  "1-0",
  "velocity.npy",
  "../velocity.npy",
  "fields.npz",
  [],
  [[]],
  {},
  true,
  "x".repeat(500),
);

/** Descriptions that are well-formed, with entries that are none. */
const oddDescription = fc.record({
  name: fc.oneof(fc.constant("cavity"), odd),
  grid: fc.oneof(
    fc.record({ axes: fc.oneof(fc.constant(["x", "y"]), odd), spacing: odd }),
    fc.record({ axes: fc.constant(["x", "y"]), coordinates: fc.dictionary(fc.constantFrom("x", "y"), odd) }),
  ),
  boundaries: fc.oneof(fc.constant({ x: "wall", y: "open" }), odd),
  time: fc.oneof(fc.constant(1), odd),
  fields: fc.dictionary(
    fc.constantFrom("velocity", "density", "__proto__", "constructor", ""),
    fc.oneof(fc.constantFrom("velocity.npy", "fields.npz"), fc.record({ file: odd, order: odd })),
  ),
  splits: fc.oneof(fc.dictionary(fc.constantFrom("train", "__proto__"), odd), odd),
}, { requiredKeys: ["name", "grid", "boundaries", "fields"] }).map((tree) =>
  text.encode(JSON.stringify(tree))
);

function numbers(...shape: number[]): { readonly shape: number[]; readonly data: Float32Array } {
  const size = shape.reduce((n, s) => n * s, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)) };
}

const VELOCITY = writeNpy(numbers(2, 4, 6, 5, 2));
const FIELDS = writeNpz({ density: numbers(2, 4, 6, 5), mask: numbers(6, 5) });

/** Opens a folder of arrays of which one file is the fuzzed one, and reads a sample of it. */
async function readFolder(name: string, file: Uint8Array): Promise<Cost> {
  const { source, asked } = counted(file);
  const whole: Record<string, Uint8Array> = {
    "arrays.yaml": text.encode(DESCRIPTION),
    "velocity.npy": VELOCITY,
    "fields.npz": FIELDS,
  };
  const files = new Map(
    Object.entries(whole).map(([other, bytes]): [string, () => Promise<ByteSource>] => [
      other,
      () => Promise.resolve(other === name ? source : memorySource(bytes, `fuzzed/${other}`)),
    ]),
  );
  using data = await openData(files);
  const trajectory = (await data.split()).trajectory(0);
  const { values } = await trajectory.sample([0, 1, 2].slice(0, trajectory.steps));
  return { given: values.reduce((n, { byteLength }) => n + byteLength, 0), asked: asked() };
}

/** Every kind there is. */
export async function allKinds(): Promise<Kind[]> {
  const decode = (file: Uint8Array) => new TextDecoder().decode(file);
  return [
    ...await kinds(),
    ...await collectionKinds(),
    ...await cfKinds(),
    {
      name: "run",
      files: brokenYaml([text.encode(RUN)]),
      read: async (file) => {
        await parseRunConfig(decode(file), { name: "fuzzed" });
        return NOTHING;
      },
      growth: 1,
    },
    {
      name: "stats",
      files: brokenYaml([text.encode(STATISTICS)]),
      read: async (file) => {
        const { source, asked } = counted(file);
        await readStatistics(source);
        return { given: 0, asked: asked() };
      },
      growth: 1,
    },
    {
      name: "arrays",
      files: fc.oneof(
        { weight: 3, arbitrary: brokenYaml([text.encode(DESCRIPTION)]) },
        { weight: 1, arbitrary: oddDescription },
      ),
      read: (file) => readFolder("arrays.yaml", file),
      // A few letters name arrays beside them.
      growth: 1_000,
    },
    {
      name: "folder",
      files: fc.oneof(broken([VELOCITY], [[0, 0.1]]), broken([VELOCITY])),
      read: (file) => readFolder("velocity.npy", file),
      growth: 1_000,
    },
  ];
}
