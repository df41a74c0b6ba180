// How fast do training windows come from a gzip-compressed HDF5 file beside the_well's own loader? The same file, batches
// of two windows of seven frames of 128 x 128, the same number of workers; each measurement a process of its own, one side
// after the other, round after round.
//
// usage: PYTHON_TORCH=python deno run -A bench/windows/main.ts [--rounds 5] [--batches 60] [--workers 1,2] [--out FILE]
// PYTHON_TORCH has torch, h5py and the_well.

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    batches: { type: "string", default: "60" },
    workers: { type: "string", default: "1,2" },
    out: { type: "string" },
  },
});
const python = Deno.env.get("PYTHON_TORCH") ?? "python3";
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: ${text(stderr)}`);
  return text(stdout).trim().split("\n").at(-1)!;
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;
const round = (x: number) => Number(x.toFixed(2));

const folder = await Deno.makeTempDir();
const rows: unknown[] = [];
let torch = "";
try {
  await run(python, [here("the_well_windows.py"), "make", `${folder}/waves`]);
  for (const workers of values.workers.split(",").map(Number)) {
    const [own, their]: [number[], number[]] = [[], []];
    for (let i = 0; i < Number(values.rounds); i++) {
      const args = [`${folder}/waves`, String(workers), values.batches];
      const ours = JSON.parse(await run(Deno.execPath(), ["run", "-A", here("read_windows.ts"), ...args]));
      const theirs = JSON.parse(await run(python, [here("the_well_windows.py"), "read", ...args]));
      torch = theirs.torch;
      own.push(ours.windowsPerSecond);
      their.push(theirs.windowsPerSecond);
    }
    const ratios = own.map((x, i) => x / their[i]!);
    rows.push({
      workers,
      windowsPerSecond: round(median(own)),
      theWell: round(median(their)),
      ratio: round(median(ratios)),
      ratios: ratios.map(round),
    });
    console.log(JSON.stringify(rows.at(-1)));
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
if (values.out) {
  await writeResults(values.out, {
    question: "How fast do training windows come from gzip-compressed HDF5 beside the_well's loader?",
    command: "PYTHON_TORCH=python deno run -A bench/windows/main.ts --out FILE",
    workload:
      "8 trajectories of 60 frames of 128 x 128, 5 numbers a point, gzip 4 and shuffle, a frame a chunk; batches of 2 windows of 7 frames",
    processor: await processorName(),
    versions: { deno: Deno.version.deno, torch },
    rows,
  });
}
