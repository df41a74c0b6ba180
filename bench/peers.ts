// How fast is the WASM backend beside others? The ceiling, ours and the peers on the same data, one process each, in
// rotation, so that noise hits all alike; the best of all rounds. One thread is judged by CPU time, which survives a
// shared machine; more threads by wall time, which wants an idle one.
// deno run -A bench/peers.ts FOLDER [--cases ..] [--threads 1,2] [--rounds 3] [--reps 8] [--only ours,ort] [--out FILE]
// FOLDER is the peers' folder; PYTHON names a Python with torch. With --out an older file's other rows stay.

import { parseArgs, stripVTControlCharacters } from "node:util";
import { type Answer, type Row, rowsOf } from "./peers/rows.ts";
import { withOlder, writeResults } from "./results.ts";

interface Peer {
  readonly id: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const HERE = new URL("./peers/", import.meta.url).pathname;
const { values, positionals: [folder = "."] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    cases: { type: "string", default: "gemm_small,gemm_big,block256,block1024" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    reps: { type: "string", default: "8" },
    only: { type: "string", default: "" },
    out: { type: "string" },
  },
});

const deno = (file: string) => [Deno.execPath(), "run", "-A", file];
const python = Deno.env.get("PYTHON") ?? "python3";
const AVX2 = { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_ENABLE_INSTRUCTIONS: "AVX2" };
const torch = [python, `${folder}/peers/torch_cpu.py`];
const only = values.only.split(",").filter(Boolean);
const PEERS: readonly Peer[] = [
  { id: "ceiling", command: deno(`${HERE}ceiling.ts`) },
  { id: "ours", command: deno(`${HERE}ours.ts`), env: { PEERS: folder } },
  { id: "onnxruntime-web", command: deno(`${folder}/peers/ort_web.mjs`) },
  { id: "tfjs-wasm", command: deno(`${folder}/peers/tfjs_wasm.mjs`) },
  { id: "jax-js", command: deno(`${folder}/peers/jax_js.mjs`) },
  { id: "torch", command: torch },
  { id: "torch-avx2", command: torch, env: AVX2 },
].filter(({ id }) => only.length === 0 || only.some((start) => id.startsWith(start)));

/** One answer of a peer, or what it failed with. */
async function ask(peer: Peer, name: string, threads: number): Promise<Answer | string> {
  const [program, ...args] = peer.command;
  const { stdout, stderr, code } = await new Deno.Command(program!, {
    args: [...args, name, String(threads), values.reps],
    ...peer.env ? { env: { ...peer.env } } : {},
  }).output();
  const line = new TextDecoder().decode(stdout).split("\n").find((text) => text.startsWith("{"));
  if (line) return JSON.parse(line) as Answer;
  const lines = stripVTControlCharacters(new TextDecoder().decode(stderr)).split("\n");
  return lines.find((text) => /Error/.test(text))?.trim() ?? `exit code ${code}`;
}

const cases = values.cases.split(",");
const threadCounts = values.threads.split(",").map(Number);
const answers: { id: string; case: string; threads: number; answer: Answer | string }[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  for (const name of cases) {
    for (const threads of threadCounts) {
      for (const peer of PEERS) {
        const answer = await ask(peer, name, threads);
        answers.push({ id: peer.id, case: name, threads, answer });
      }
    }
  }
  console.error(`round ${round + 1} of ${values.rounds}`);
}

const rows: Row[] = cases.flatMap((name) =>
  threadCounts.flatMap((threads) =>
    rowsOf(name, threads, answers.filter((a) => a.case === name && a.threads === threads))
  )
);
for (const name of cases) {
  for (const threads of threadCounts) {
    const part = rows.filter((row) => row.case === name && row.threads === threads);
    console.log(`\n${name}, ${threads} thread${threads > 1 ? "s" : ""} (ratio: its time over ours)`);
    console.table(part.map(({ peer, milliseconds, spread, gflops, ofCeiling, ratio, error, failure }) => ({
      peer,
      ms: milliseconds && +milliseconds.toFixed(1),
      spread: spread && +spread.toFixed(2),
      gflops: gflops && +gflops.toFixed(1),
      ceiling: ofCeiling && +ofCeiling.toFixed(3),
      ratio: ratio && +ratio.toFixed(2),
      error: error && +error.toExponential(1),
      ...failure ? { failure: failure.slice(0, 60) } : {},
    })));
  }
}
if (values.out) {
  const cpu = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const field = (key: string) => cpu.match(new RegExp(`^${key}\\s*: (.*)$`, "m"))?.[1] ?? "unknown";
  const machine = {
    processor: field("model name"),
    family: `${field("cpu family")}/${field("model")}`,
    processors: navigator.hardwareConcurrency,
    avx512: / avx512f /.test(cpu),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
  const key = (row: Row) => `${row.case}/${row.threads}`;
  await writeResults(values.out, { machine, rows: await withOlder(values.out, "rows", rows, key) });
}
