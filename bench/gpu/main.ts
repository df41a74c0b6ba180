// How near is the WebGPU backend to what a GPU can do? Products and attentions of the released model, then whole
// forecast steps with weights of the right sizes (their values do not matter to the time).
// deno task bench:gpu [--peak TFLOPS] [--full] [--python PYTHON] [--out FILE]
// PYTHON has torch: the same products and attentions by PyTorch are then measured after ours.

import { parseArgs } from "node:util";
import { planForecast } from "../../app/plan/forecast.ts";
import { imaginedInfo } from "../../app/plan/imagined.ts";
import { webgpu } from "walrus";
import { RELEASED_CONFIG, walrusModel } from "walrus/models/walrus";
import { kernelCases } from "./kernels.ts";
import { measure, type Timing } from "./measure.ts";

/** Products and sums a second in f32 outside tensor cores, from the makers' data sheets. */
const PEAKS: readonly (readonly [RegExp, number])[] = [
  [/H200|H100.*(SXM|HBM3)/, 66.9],
  [/H100/, 51.2],
  [/A100/, 19.5],
  [/RTX 4090/, 82.6],
  [/\bL40S/, 91.6],
  [/\bL4\b/, 30.3],
  [/\bT4\b/, 8.1],
];

interface Row extends Timing {
  readonly name: string;
  /** Of the peak in f32; null where that is not known. */
  readonly share: number | null;
}

function print(row: Row): void {
  const share = row.share === null ? "" : `${(100 * row.share).toFixed(0)} %`.padStart(6);
  const time = row.bestSeconds < 1
    ? `${(1e3 * row.bestSeconds).toFixed(2)} ms`
    : `${row.bestSeconds.toFixed(2)} s`;
  console.log(
    `${row.name.padEnd(52)} ${time.padStart(11)} ${
      row.teraflops.toPrecision(3).padStart(9)
    } TFLOP/s ${share}`,
  );
}

/** Whole steps of the released network in 2D and 3D. */
async function measureSteps(row: (name: string, timing: Timing) => Row): Promise<Row[]> {
  const rows: Row[] = [];
  const model = walrusModel(RELEASED_CONFIG);
  for (const [points, frames] of [[[512, 512], 6], [[128, 128, 128], 3]] as const) {
    const shape = model.shape(imaginedInfo(points, model, 4), { samples: 1, frames, draws: true });
    for (const fp16 of [false, true]) {
      // A new device has compiled nothing: loading is cold.
      using device = await webgpu();
      const { program } = planForecast(model, shape, device.kernels, fp16).main;
      const grid = points.join("x");
      const name = `step ${grid}, ${frames} frames, ${fp16 ? "f16" : "f32"} weights`;
      rows.push(row(name, await measure(device, program, { rounds: 3, runs: 2 })));
    }
  }
  return rows;
}

/** A line of bench/gpu/torch_kernels.py. */
interface TorchRow {
  readonly name: string;
  readonly seconds: number;
  readonly teraflops: number;
  readonly device: string;
  readonly version: string;
}

/** The same by PyTorch. */
async function measureTorch(python: string, full: boolean): Promise<TorchRow[]> {
  const script = new URL("torch_kernels.py", import.meta.url).pathname;
  const args = full ? [script] : [script, "--small"];
  const { code, stdout, stderr } = await new Deno.Command(python, { args }).output();
  if (code !== 0) throw new Error(`Cannot measure PyTorch: ${new TextDecoder().decode(stderr).slice(-500)}`);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as TorchRow);
  console.log(`PyTorch ${rows[0]!.version} on ${rows[0]!.device}`);
  for (const { name, seconds, teraflops } of rows) {
    const time = `${(1e3 * seconds).toFixed(2)} ms`;
    console.log(`${name.padEnd(52)} ${time.padStart(11)} ${teraflops.toPrecision(3).padStart(9)} TFLOP/s`);
  }
  return rows;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      peak: { type: "string" },
      out: { type: "string" },
      python: { type: "string" },
      full: { type: "boolean", default: false },
    },
  });
  using device = await webgpu();
  const { description } = device.gpu.adapterInfo;
  const peak = values.peak
    ? Number(values.peak)
    : PEAKS.find(([name]) => name.test(description))?.[1] ?? null;
  if (peak !== null && !(peak > 0)) throw new RangeError(`Cannot use --peak ${values.peak}: wanted TFLOP/s`);
  const full = values.full || !device.isSoftware;
  console.log(`${device.name}${peak ? `, ${peak} TFLOP/s in f32` : ", peak not known: give --peak TFLOPS"}`);
  if (device.isSoftware) {
    console.log(
      "The adapter is software: these numbers say nothing about a GPU" + (full ? "" : "; shapes are small"),
    );
  }
  const row = (name: string, timing: Timing): Row => {
    const made = { name, ...timing, share: peak ? timing.teraflops / peak : null };
    print(made);
    return made;
  };
  const rows: Row[] = [];
  for (const { name, program } of kernelCases(full)) {
    const settings = device.isSoftware ? { rounds: 3, runs: 1 } : { rounds: 5, runs: 20 };
    rows.push(row(name, await measure(device, program(device), settings)));
  }
  if (full) {
    const steps = await measureSteps(row);
    rows.push(...steps);
    for (const { name, loadSeconds, dispatches, submits, shaders, bytes } of steps) {
      const gigabytes = (bytes / 1e9).toFixed(2);
      console.log(
        `${name}: ${dispatches} dispatches, ${submits} submits, ${shaders} shaders, loaded in ` +
          `${loadSeconds.toFixed(2)} s, ${gigabytes} GB`,
      );
    }
  }
  const torch = values.python ? await measureTorch(values.python, full) : null;
  if (!values.out) return;
  const report = {
    question: "How near is the WebGPU backend to what the GPU can do?",
    date: new Date().toISOString().slice(0, 10),
    command: ["deno task bench:gpu", ...Deno.args].join(" "),
    adapter: description,
    isSoftware: device.isSoftware,
    versions: Deno.version,
    peakTeraflops: peak,
    rows,
    torch,
  };
  await Deno.writeTextFile(values.out, JSON.stringify(report, null, 2) + "\n");
}

await main();
