// A forecast as a process of its own, its largest resident memory beside its plan.

import { fileURLToPath } from "node:url";
import { writeWell } from "walrus/data";

/** Waves on a periodic grid: the start of a forecast whose truth is nobody's business here. */
async function writeStart(path: string, points: number): Promise<void> {
  const frames = 6;
  const field = (phase: number) =>
    Float32Array.from({ length: frames * points * points }, (_, i) => {
      const [t, x, y] = [Math.floor(i / points ** 2), Math.floor(i / points) % points, i % points];
      const turn = 2 * Math.PI / points;
      return 0.5 + 0.3 * Math.sin(turn * (2 * x + t) + phase) * Math.cos(turn * (y - t));
    });
  const axis = (name: string) => ({ name, coordinates: Float64Array.from({ length: points }, (_, i) => i) });
  const bytes = await writeWell({
    dataset: "gray_scott_waves",
    gridType: "cartesian",
    axes: [axis("x"), axis("y")],
    times: Float64Array.from({ length: frames }, (_, t) => t),
    boundaries: [[2, 2], [2, 2]],
    fields: ["A", "B"].map((name, i) => ({ name, order: 0, constant: false, data: field(i) })),
  });
  await Deno.writeFile(path, bytes);
}

/** Largest resident bytes of a process so far; 0 where it has ended, and where there is no Linux. */
export async function peakOf(pid: number): Promise<number> {
  // To read /proc itself takes all rights.
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`], stderr: "null" })
    .output();
  return Number(/VmHWM:\s+(\d+) kB/.exec(new TextDecoder().decode(stdout))?.[1] ?? 0) * 1024;
}

/** What a forecast took. */
export interface Taken {
  readonly steps: number;
  readonly points: number;
  readonly seconds: number;
  /** What the command said it would take at the most. */
  readonly plannedBytes: number;
  /** Largest resident memory, as Linux counts it. */
  readonly peakBytes: number;
  /** Bytes of the files it wrote. */
  readonly files: Readonly<Record<string, number>>;
}

/**
 * Runs the forecast command with all its outputs, and with the KV cache: 32 x 32 points are 1,024 tokens a frame.
 *
 * @param steps frames
 * @param points of each axis of the plane
 * @throws Error with what the command said when it fails or tells no plan
 */
export async function measureForecast(steps: number, points: number): Promise<Taken> {
  const folder = await Deno.makeTempDir();
  try {
    await writeStart(`${folder}/start.hdf5`, points);
    const rights = ["--no-prompt", "--allow-read", "--allow-write", "--allow-sys=systemMemoryInfo,statfs"];
    const main = fileURLToPath(new URL("../../app/forecast/main.ts", import.meta.url));
    const words = ["--kv-cache", "--input", `${folder}/start.hdf5`, "--out", `${folder}/out`];
    const began = performance.now();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...rights, main, "--steps", String(steps), ...words],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let peakBytes = 0;
    const look = async () => peakBytes = Math.max(peakBytes, await peakOf(child.pid));
    const timer = setInterval(look, 200);
    const { success, stdout, stderr } = await child.output();
    clearInterval(timer);
    const said = new TextDecoder().decode(stdout);
    const plan = /up to ([\d.]+) (MB|GB) planned/.exec(said);
    if (!success || !plan) throw new Error(`${said}\n${new TextDecoder().decode(stderr)}`);
    const files = [...Deno.readDirSync(`${folder}/out`)].map(({ name }) =>
      [name, Deno.statSync(`${folder}/out/${name}`).size] as const
    );
    return {
      steps,
      points,
      seconds: Math.round((performance.now() - began) / 1000),
      plannedBytes: Number(plan[1]) * (plan[2] === "GB" ? 1e9 : 1e6),
      peakBytes,
      files: Object.fromEntries(files),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
