// Is the matrix product of the WASM backend limited by arithmetic? Its speed as a share of the ceiling, for the
// shapes of the released model. deno run bench/wasm_contract_bench.ts [--json] [threads ..]

import { wasm, type WasmDevice } from "../lib/backend/wasm/device.ts";
import type { AnyStep, Buffer } from "../lib/compile/program.ts";
import { wholeView } from "../lib/compile/view.ts";
import { programOf } from "../tests/backend/run_step.ts";
import { ceiling } from "./wasm_ceiling.ts";

/** Products `x [m, k] w [n, k]^T`. */
const SHAPES: readonly (readonly [label: string, m: number, n: number, k: number])[] = [
  ["in cache", 120, 192, 352],
  ["gemm_small", 256, 1408, 1408],
  ["gemm_big", 1024, 5632, 1408],
  ["fused_ff_qkv", 1024, 9856, 1408],
  ["six frames", 6144, 1408, 1408],
];

interface Row {
  readonly label: string;
  readonly threads: number;
  readonly milliseconds: number;
  readonly median: number;
  readonly gflops: number;
  readonly share: number;
}

async function measure(device: WasmDevice, m: number, n: number, k: number): Promise<number[]> {
  const [a, b, out] = [wholeView(0, "f32", [m, k]), wholeView(1, "f32", [n, k]), wholeView(2, "f32", [m, n])];
  const step: AnyStep = {
    kernel: "contract",
    inputs: [a, b],
    outputs: [out],
    attributes: {
      batch: [],
      m: [{ size: m, a: k, b: 0, out: n }],
      n: [{ size: n, a: 0, b: k, out: 1 }],
      k: [{ size: k, a: 1, b: 1, out: 0 }],
      epilogue: null,
    },
    scope: "bench",
  };
  const contents = [m * k, n * k, m * n].map((length) => ({
    dtype: "f32" as const,
    data: new Float32Array(length).map((_, i) => (i * 7919 % 2048) / 2048 - 0.5),
  }));
  using executable = await device.load(programOf([step], contents));
  const buffers = contents.map(({ data }) => device.createBuffer("f32", data.length));
  buffers.forEach((buffer, i) => buffer.write(contents[i]!.data));
  const bindings = new Map(buffers.map((buffer, i): [string, Buffer] => [`slot ${i}`, buffer]));
  const times: number[] = [];
  const until = performance.now() + 2500;
  while (times.length < 3 || performance.now() < until) {
    times.push((await executable.run(bindings)).milliseconds);
  }
  for (const buffer of buffers) buffer[Symbol.dispose]();
  return times.sort((x, y) => x - y);
}

const counts = Deno.args.filter((a) => !a.startsWith("--")).map(Number);
const top = await ceiling("fused");
const rows: Row[] = [];
for (const threads of counts.length > 0 ? counts : [1, 2]) {
  using device = await wasm({ threads });
  for (const [label, m, n, k] of SHAPES) {
    const times = await measure(device, m, n, k);
    const [best, median] = [times[0]!, times[times.length >> 1]!];
    const gflops = 2 * m * n * k / best / 1e6;
    rows.push({ label, threads, milliseconds: best, median, gflops, share: gflops / top / threads });
  }
}
if (Deno.args.includes("--json")) console.log(JSON.stringify({ ceiling: top, rows }));
else {
  console.log(
    `ceiling of one thread: ${top.toFixed(1)} GFLOP/s fused, ${(await ceiling("separate")).toFixed(1)} apart`,
  );
  console.table(
    rows.map((row) => ({
      ...row,
      milliseconds: +row.milliseconds.toFixed(2),
      median: +row.median.toFixed(2),
      gflops: +row.gflops.toFixed(1),
      share: +row.share.toFixed(3),
    })),
  );
}
