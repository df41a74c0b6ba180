// Is the matrix product of the WebGPU backend slower than that of onnxruntime-web, tfjs or jax-js? All on the default
// adapter in one process, in rotation by the peers' own script, reading the result back included; the best round each.
// deno run -A --no-lock bench/gpu/peers.ts FOLDER [--case gemm_mid] [--rounds 5] [--only own,jax] [--out FILE]
// FOLDER is the peers' folder with its data.

import { parseArgs } from "node:util";
import { webgpu } from "walrus";
import { compile, tensor, trace, type Type } from "walrus/ir";

const { contract } = tensor;

/** What the peers' script answers. */
interface Answer {
  readonly error?: string;
  readonly info: { readonly description: string };
  readonly dims: readonly [m: number, k: number, n: number];
  readonly best_ms: Readonly<Record<string, number>>;
  readonly init: Readonly<Record<string, { readonly first_ms: number; readonly max_err: number }>>;
  readonly fail: Readonly<Record<string, string>>;
}

/** Ours in the places of the script's own kernels, which are no product. */
const OURS = {
  "own-simple": "ours",
  "own-tiled": "ours, tiles in workgroup memory",
  "own-reg8": "ours, tiles in registers",
} as const;
const TILES = { simple: undefined, tiled: true, reg8: false } as const;

/** `[k, n]` as `[n, k]`: the network stores its weights so. */
function transposed(data: Float32Array, k: number, n: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) out[j * k + i] = data[i * n + j]!;
  return out;
}

/** Our product, as the script asks for one. */
async function make(
  _device: GPUDevice,
  variant: keyof typeof TILES,
  m: number,
  k: number,
  n: number,
  x: Float32Array<ArrayBuffer>,
  b: Float32Array,
) {
  const tiles = TILES[variant];
  const device = await webgpu(tiles === undefined ? {} : { tiles });
  const f32 = (...shape: number[]): Type => ({ dtype: "f32", shape });
  const graph = trace({ x: f32(m, k), w: f32(n, k) }, ({ x, w }) => ({ y: contract("mk,nk->mn", x, w) }));
  const compiled = await compile(graph, device);
  const input = device.createBuffer("f32", m * k, { label: "x" });
  const weight = device.createBuffer("f32", n * k, { label: "w" });
  await input.write(x);
  await weight.write(transposed(b, k, n));
  return { run: async () => (await compiled.run({ x: input, w: weight })).y };
}

const { values, positionals: [folder = "."] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    case: { type: "string", default: "gemm_mid" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    out: { type: "string" },
  },
});
const root = await Deno.realPath(folder);
const { dependencies } = JSON.parse(await Deno.readTextFile(`${root}/package.json`));
const peer = (name: string, path = "") => import(`npm:${name}@${dependencies[name]}${path}`);
const shapes = JSON.parse(await Deno.readTextFile(`${root}/data/shapes.json`));
const { bench } = await import(`file://${root}/gpu/bench_gpu.mjs`);
const only = values.only.split(",").filter(Boolean);
const answer: Answer = await bench({
  name: values.case,
  dims: shapes.gemm[values.case],
  rounds: Number(values.rounds),
  ...only.length > 0 ? { only } : {},
  load: async (name: string) => new Float32Array((await Deno.readFile(`${root}/data/${name}.bin`)).buffer),
  model: (name: string) => Deno.readFile(`${root}/data/${name}.onnx`),
  note: (text: string) => console.error(text),
  imports: {
    wgsl: () => Promise.resolve({ make }),
    ort: async () => {
      const ort = await peer("onnxruntime-web", "/webgpu");
      Object.assign(ort.env, { logLevel: "error" });
      ort.env.wasm.numThreads = 1;
      return ort;
    },
    tf: async () => {
      const tf = await peer("@tensorflow/tfjs-core");
      await peer("@tensorflow/tfjs-backend-webgpu");
      return { tf };
    },
    jax: () => peer("@jax-js/jax"),
  },
});
if (answer.error) throw new Error(`Cannot measure: ${answer.error}`);
const [m, k, n] = answer.dims;
const rows = Object.entries(answer.best_ms).map(([id, milliseconds]) => ({
  peer: OURS[id as keyof typeof OURS] ?? id,
  milliseconds,
  gflops: 2e-6 * m * k * n / milliseconds,
  /** Its time over ours. */
  ratio: milliseconds / answer.best_ms["own-simple"]!,
  error: answer.init[id]!.max_err,
}));
console.log(`${m} x ${k} x ${n}, f32, ${answer.info.description}`);
console.table(rows.map(({ peer, milliseconds, gflops, ratio, error }) => ({
  peer,
  ms: +milliseconds.toFixed(0),
  gflops: +gflops.toFixed(2),
  ratio: +ratio.toFixed(2),
  error: +error.toExponential(1),
})));
for (const [id, why] of Object.entries(answer.fail)) console.log(`${id}: ${why}`);
if (values.out) {
  const report = {
    question: "Is our matrix product on WebGPU slower than the peers'?",
    command: `deno run -A --no-lock bench/gpu/peers.ts ${Deno.args.filter((a) => a !== folder).join(" ")}`
      .trim(),
    adapter: answer.info.description,
    versions: { ...Deno.version, ...dependencies },
    shape: answer.dims,
    rows,
    failures: answer.fail,
  };
  await Deno.writeTextFile(values.out, JSON.stringify(report, null, 2) + "\n");
}
Deno.exit(0);
