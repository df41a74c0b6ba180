// What benchmarks of one checkpoint in several storages share: their options, and measurements that are processes of
// their own.

import { parseArgs } from "node:util";

/** How such a benchmark is run. */
export interface StorageOptions {
  readonly checkpoint: string;
  /** Storages that are measured. */
  readonly weights: readonly string[];
  readonly threads: string;
  readonly rounds: number;
  /** Where the report is written. */
  readonly out: string | undefined;
}

/** The options on the command line. @param rounds unless it says how many */
export function storageOptions(rounds: number): StorageOptions {
  const { values: { checkpoint, weights, ...options } } = parseArgs({
    args: Deno.args,
    options: {
      checkpoint: { type: "string" },
      weights: { type: "string", default: "f32,f16,int8" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: String(rounds) },
      out: { type: "string" },
    },
  });
  if (!checkpoint) {
    throw new TypeError("--checkpoint is missing: a file of deno task make-checkpoint --dtype f32");
  }
  const { threads, out } = options;
  return { checkpoint, weights: weights.split(","), threads, rounds: Number(options.rounds), out };
}

/** The last line that a process prints, which is JSON. @throws Error with what it says when it fails */
export async function printed<T>(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<T> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args], env }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${text.decode(stderr).trim()}`);
  return JSON.parse(text.decode(stdout).trim().split("\n").at(-1)!) as T;
}
