// A command as a process of its own: how long it took, its largest resident memory, what it said.

import { fileURLToPath } from "node:url";
import { peakOf } from "../long/measure.ts";

/** What a command took. */
export interface TakenByCommand {
  readonly success: boolean;
  readonly seconds: number;
  /** Largest resident memory, as Linux counts it; 0 elsewhere. */
  readonly peakBytes: number;
  /** Both of its outputs. */
  readonly said: string;
}

/** Milliseconds from look to look; the system itself keeps the largest number. */
const LOOKS = 100;

/**
 * Runs a command of the library on data.
 *
 * @param command name of its folder in app
 * @param words further arguments
 * @param input path or URL of the data
 */
export async function measureCommand(
  command: string,
  words: readonly string[],
  input: string,
): Promise<TakenByCommand> {
  const out = await Deno.makeTempDir();
  try {
    const rights = [
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-net",
      "--allow-sys=systemMemoryInfo,statfs",
    ];
    const main = fileURLToPath(new URL(`../../app/${command}/main.ts`, import.meta.url));
    const began = performance.now();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...rights, main, "--input", input, "--out", `${out}/out`, ...words],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let peakBytes = 0;
    const look = async () => peakBytes = Math.max(peakBytes, await peakOf(child.pid));
    const timer = setInterval(look, LOOKS);
    const { success, stdout, stderr } = await child.output();
    clearInterval(timer);
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    return { success, seconds: Number(((performance.now() - began) / 1000).toFixed(1)), peakBytes, said };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}
