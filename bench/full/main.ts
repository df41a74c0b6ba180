// One step of the released network (6 frames, 1,024 tokens) on WASM with matrices of every storage, beside PyTorch with
// the same weights on the same processor: time, peak memory, and how far the forecasts lie apart. Each measurement is a
// process of its own, one after the other, round after round; the clock counts, so the machine must be idle.
//
// usage: PYTHON=python deno run -A bench/full/main.ts --checkpoint FILE [--weights f32,f16,int8] [--threads 2] [--rounds 1] [--out FILE]
// with FILE of deno task make-checkpoint --dtype f32

import { parseConfig } from "walrus/models/walrus";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";
import { printed, storageOptions } from "../storages.ts";
import { channelsLast, fullSample, writeFullStep } from "./window.ts";

/** What one process printed. */
interface Measured {
  readonly name: string;
  readonly milliseconds: number;
  readonly peakBytes: number;
  readonly loadMilliseconds?: number;
  readonly plannedBytes?: number;
  /** Operations a second of matrix products, ours only. */
  readonly ceiling?: number;
}

/** PyTorch as it comes, and without the registers that are twice as wide as WebAssembly's at most. */
const AVX2 = { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_ENABLE_INSTRUCTIONS: "AVX2" };

const here = (name: string) => new URL(name, import.meta.url).pathname;

/** Differences of two forecasts, in shares of what the step changes. */
function distance(own: Float32Array, other: Float32Array, last: Float32Array) {
  let [difference, change, largest, most] = [0, 0, 0, 0];
  own.forEach((value, i) => {
    const [d, c] = [value - other[i]!, other[i]! - last[i]!];
    difference += d * d;
    change += c * c;
    largest = Math.max(largest, Math.abs(d));
    most = Math.max(most, Math.abs(c));
  });
  return { relative: Math.sqrt(difference / change), largestRelative: largest / most };
}

async function floats(path: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(path)).buffer);
}

const { checkpoint, weights: storages, threads, rounds, out: resultFile } = storageOptions(1);

const folder = await Deno.makeTempDir();
try {
  const sample = await fullSample();
  const text = await Deno.readTextFile(checkpoint.replace(/[^/]*$/, "extended_config.yaml"));
  const { config } = parseConfig(text, "extended_config.yaml");
  await writeFullStep(`${folder}/step`, sample, config);
  const limits = { OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads };
  const torch = (env: Record<string, string>) => (out: string) => {
    const args = [here("torch_step.py"), checkpoint, `${folder}/step`, threads, out];
    return printed<Measured>(Deno.env.get("PYTHON") ?? "python3", args, { ...limits, ...env });
  };
  const own = (weights: string) => (out: string) =>
    printed<Measured>(Deno.execPath(), ["run", "-A", here("step.ts"), checkpoint, weights, threads, out]);
  const peers = new Map<string, (out: string) => Promise<Measured>>([
    ["torch", torch({})],
    ["torch avx2", torch(AVX2)],
    ...storages.map((weights) => [weights, own(weights)] as const),
  ]);
  const found = new Map<string, Measured[]>([...peers.keys()].map((key) => [key, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [key, run] of peers) {
      const measured = await run(`${folder}/${key}`);
      found.get(key)!.push(measured);
      console.error(key, JSON.stringify(measured));
    }
  }
  const best = (key: string) => Math.min(...found.get(key)!.map(({ milliseconds }) => milliseconds));
  const reference = await floats(`${folder}/torch`);
  const points = reference.length / sample.values.length;
  const last = channelsLast(sample.values.map((values) => values.subarray(-points)));
  const rows = await Promise.all([...peers.keys()].map(async (key) => ({
    peer: key,
    ...found.get(key)!.find(({ milliseconds }) => milliseconds === best(key)),
    spread: Math.max(...found.get(key)!.map(({ milliseconds }) => milliseconds)) / best(key),
    timeOverTorch: best(key) / best("torch"),
    timeOverTorchAvx2: best(key) / best("torch avx2"),
    ...distance(await floats(`${folder}/${key}`), reference, last),
  })));
  const report = {
    question:
      "What do a step of the released network and its memory cost on the CPU, beside PyTorch with the same weights?",
    command:
      "PYTHON=python deno run -A bench/full/main.ts --checkpoint FILE --out FILE, FILE of make-checkpoint --dtype f32",
    workload:
      `${config.blocks} blocks of width ${config.hiddenDim}, 6 frames of 512 x 512 points, 1,024 tokens, no jitter`,
    processor: await processorName(),
    runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    threads: Number(threads),
    rounds,
    distance:
      "relative: root mean square of the difference over that of the change that PyTorch predicts; largestRelative: of the largest",
    rows,
  };
  console.log(JSON.stringify(report, null, 2));
  if (resultFile) await writeResults(resultFile, report);
} finally {
  await Deno.remove(folder, { recursive: true });
}
