// How long from importing the library to the first forecast frame of the shipped network, and how large is the compute
// core (language, compiler, CPU backend with one build of its kernels) that a browser loads?
// deno run -A bench/start.ts [--rounds 5] [--out FILE]

import { parseArgs } from "node:util";
import { coreSize } from "./core_size.ts";

const ROOT = new URL("../", import.meta.url);

/** A process of its own: nothing is warm but the disk and Deno's cache of compiled modules. */
const SCRIPT = `
const start = performance.now();
const { openWell, Walrus, wasm } = await import("${new URL("mod.ts", ROOT)}");
const imported = performance.now();
using device = await wasm();
using model = await Walrus.load("${
  new URL("examples/walrus_small/walrus.safetensors", ROOT).pathname
}", { device });
using well = await openWell("${new URL("examples/data/gray_scott_mini.hdf5", ROOT).pathname}");
const window = await well.trajectory(0).window({ from: 0, length: 6 });
const loaded = performance.now();
for await (const _ of model.rollout(window, { steps: 1 })) break;
const end = performance.now();
console.log(JSON.stringify({ imported: imported - start, loaded: loaded - imported, forecast: end - loaded, total: end - start }));
Deno.exit(0);
`;

type Times = Readonly<Record<"imported" | "loaded" | "forecast" | "total", number>>;

const { values } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "5" }, out: { type: "string" } },
});
const times: Times[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", SCRIPT],
    cwd: ROOT.pathname,
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!text.startsWith("{")) throw new Error(new TextDecoder().decode(stderr));
  times.push(JSON.parse(text));
}
times.sort((a, b) => a.total - b.total);
const [best, worst] = [times[0]!, times.at(-1)!];
const size = await coreSize();
const milliseconds = (value: number) => `${value.toFixed(0)} ms`;
console.log(
  `import ${milliseconds(best.imported)}, load ${milliseconds(best.loaded)}, first frame ${
    milliseconds(best.forecast)
  }: ${milliseconds(best.total)} (slowest ${milliseconds(worst.total)})`,
);
console.log(`compute core: ${(size.raw / 1e6).toFixed(3)} MB, compressed ${(size.gzip / 1e6).toFixed(3)} MB`);
if (values.out) {
  const report = {
    question: "How long to the first forecast, how large is the compute core?",
    command: "deno run -A bench/start.ts --out FILE",
    versions: Deno.version,
    best,
    slowest: worst.total,
    core: size,
  };
  await Deno.writeTextFile(values.out, JSON.stringify(report, null, 2) + "\n");
}
