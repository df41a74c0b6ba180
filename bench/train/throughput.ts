// How fast is a training step on WASM beside PyTorch on the same processor? The same network, weights, batch, shifts and
// threads; each measurement a process of its own, one after the other, round after round. PyTorch runs as it comes
// and limited to AVX2, whose registers are twice as wide as those of WebAssembly.
//
// On one thread CPU time counts, which a shared machine does not spoil; on more the clock, so the machine must be idle.
//
// usage: PYTHON_TORCH=python deno run -A bench/train/throughput.ts [--threads 1] [--rounds 3] [--steps 5]
// [--network "released width"] [--data NAME] [--out FILE]

import { parseArgs } from "node:util";
import { processorName } from "../machine.ts";
import { withOlder, writeResults } from "../results.ts";
import { type Data, type NetworkName, NETWORKS, workload, writeWorkload } from "./workload.ts";

/** What one process printed. */
interface Measured {
  readonly name: string;
  readonly losses: readonly number[];
  readonly norm: number;
  readonly milliseconds: readonly number[];
  readonly cpuMilliseconds: readonly number[];
  readonly peakMegabytes: number;
  /** Of a step, ours only. */
  readonly operations?: number;
  /** Operations a second of matrix products, ours only. */
  readonly ceiling?: number;
}

interface Peer {
  readonly key: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const AVX2 = { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_ENABLE_INSTRUCTIONS: "AVX2" };
/** Largest relative difference of losses of the first three steps: f32 summed in another order. */
const LOSS_TOLERANCE = 1e-5;

const here = (name: string) => new URL(name, import.meta.url).pathname;

async function measure({ command, args, env }: Peer): Promise<Measured> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${text.decode(stderr).trim()}`);
  return JSON.parse(text.decode(stdout).trim().split("\n").at(-1)!) as Measured;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** What is measured. */
interface Setup {
  readonly network: NetworkName;
  readonly data: Data;
  readonly threads: number;
  readonly rounds: number;
  readonly steps: number;
}

function peers({ network, data, threads, steps }: Setup, file: string): Peer[] {
  const python = Deno.env.get("PYTHON_TORCH") ?? "python3";
  const limits = { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) };
  const torch = (key: string, env: Record<string, string>) => ({
    key,
    command: python,
    args: [here("torch_train.py"), file, String(threads), String(steps)],
    env: { ...limits, ...env },
  });
  const own = (key: string, weights: string) => ({
    key,
    command: Deno.execPath(),
    args: ["run", "-A", here("step.ts"), network, data, String(threads), String(steps), weights],
    env: {},
  });
  return [own("wasm", "f32"), torch("torch", {}), torch("torch avx2", AVX2), own("wasm f16", "f16")];
}

/** Throws where a peer computes something else. */
function compare(own: Measured, other: Measured): number {
  const differences = own.losses.map((loss, i) => Math.abs(other.losses[i]! / loss - 1));
  const worst = Math.max(...differences, Math.abs(other.norm / own.norm - 1));
  if (worst > LOSS_TOLERANCE) {
    throw new RangeError(
      `Losses of ${other.name} are ${other.losses}, norm ${other.norm}; wanted ${own.losses}, ${own.norm}`,
    );
  }
  return worst;
}

async function run(setup: Setup) {
  const { network, data, threads, rounds, steps } = setup;
  const file = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await writeWorkload(file, await workload(network, data));
    const all = peers(setup, file);
    const found = new Map<string, Measured[]>(all.map(({ key }) => [key, []]));
    for (let round = 0; round < rounds; round++) {
      for (const peer of all) found.get(peer.key)!.push(await measure(peer));
    }
    const time = threads === 1 ? "cpuMilliseconds" : "milliseconds";
    const times = (key: string) => found.get(key)!.flatMap((measured) => measured[time]);
    const best = (key: string) => Math.min(...times(key));
    const [own] = found.get("wasm")!;
    const ceiling = Math.max(...found.get("wasm")!.map((measured) => measured.ceiling!));
    const difference = Math.max(
      ...["torch", "torch avx2"].flatMap((key) => found.get(key)!.map((other) => compare(own!, other))),
    );
    const rows = all.map(({ key }) => ({
      peer: key,
      name: found.get(key)![0]!.name,
      bestMilliseconds: round(best(key)),
      medianMilliseconds: round(median(times(key))),
      slowestMilliseconds: round(Math.max(...times(key))),
      samplesPerSecond: round(1000 * NETWORKS[network].samples / best(key)),
      peakMegabytes: Math.max(...found.get(key)!.map((measured) => measured.peakMegabytes)),
    }));
    return {
      network,
      data,
      threads,
      time: threads === 1 ? "CPU time" : "wall time",
      rounds,
      steps,
      rows,
      ratioToTorch: round(best("torch") / best("wasm")),
      ratioToTorchAvx2: round(best("torch avx2") / best("wasm")),
      ratioOfMedians: round(median(times("torch")) / median(times("wasm"))),
      ratioOfMediansAvx2: round(median(times("torch avx2")) / median(times("wasm"))),
      gigaflopsPerStep: round(own!.operations! / 1e9),
      gigaflopsPerSecond: round(own!.operations! / best("wasm") / 1e6),
      ceilingGigaflopsPerSecond: round(ceiling / 1e9),
      shareOfCeiling: round(own!.operations! / best("wasm") * 1000 / ceiling),
      worstLossDifference: Number(difference.toExponential(1)),
    };
  } finally {
    await Deno.remove(file);
  }
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      threads: { type: "string", default: "1" },
      rounds: { type: "string", default: "3" },
      steps: { type: "string", default: "5" },
      network: { type: "string", default: "shipped" },
      data: { type: "string", default: "euler_quadrants_mini" },
      out: { type: "string" },
    },
  });
  const { network, data } = values;
  if (!(network in NETWORKS)) {
    throw new RangeError(`--network is "${network}", wanted one of ${Object.keys(NETWORKS).join("; ")}`);
  }
  const result = await run({
    network: network as NetworkName,
    data: data as Data,
    threads: Number(values.threads),
    rounds: Number(values.rounds),
    steps: Number(values.steps),
  });
  console.log(JSON.stringify(result, null, 2));
  if (values.out) {
    await writeResults(values.out, {
      question: "How fast is a training step on WASM beside PyTorch on the same processor?",
      command:
        "PYTHON_TORCH=python deno run -A bench/train/throughput.ts --network NAME --threads N --data NAME --out FILE",
      workload:
        "samples of 6 frames x 64 x 64 points, random shifts, AdamW, no recomputation; see workload.ts",
      processor: await processorName(),
      runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
      runs: await withOlder(
        values.out,
        "runs",
        [result],
        ({ network, data, threads }) => `${network}/${data}/${threads}`,
      ),
    });
  }
}
