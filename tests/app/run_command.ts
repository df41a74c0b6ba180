// Runs commands: in this process with a context that collects what they say, or as the task of deno.json with exactly
// its rights.

import type { Context, Run } from "../../app/cli.ts";
import { build } from "../../app/build/command.ts";
import { doctor } from "../../app/doctor/command.ts";
import { evaluate } from "../../app/evaluate/command.ts";
import { fetchCommand } from "../../app/fetch/command.ts";
import { forecast } from "../../app/forecast/command.ts";
import { inspect } from "../../app/inspect/command.ts";
import { makeCheckpoint } from "../../app/make_checkpoint/command.ts";
import { serve } from "../../app/serve/command.ts";
import { app } from "../../app/web/command.ts";
import { parity } from "../../app/parity/command.ts";
import { plan } from "../../app/plan/command.ts";
import { scenarios } from "../../app/scenarios/command.ts";
import { stats } from "../../app/stats/command.ts";
import { train } from "../../app/train/command.ts";
import configuration from "../../deno.json" with { type: "json" };
import { inRepository } from "../shared.ts";

/** All commands by the name they tell. */
export const COMMANDS: Readonly<Record<string, Run>> = {
  app,
  build,
  doctor,
  evaluate,
  fetch: fetchCommand,
  forecast,
  inspect,
  "make-checkpoint": makeCheckpoint,
  parity,
  plan,
  scenarios,
  serve,
  stats,
  train,
};

/** How a command ended, and what it said. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command in this process.
 *
 * @param run the command
 * @param args words after its name
 * @param given parts of the context
 */
export async function runCommand(
  run: Run,
  args: readonly string[],
  given: Partial<Context> = {},
): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(args, {
    print: (line) => void out.push(line),
    warn: (line) => void err.push(line),
    signal: new AbortController().signal,
    ...given,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** Tasks of deno.json that run commands, by name. */
export const TASKS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(configuration.tasks).flatMap(([name, { command }]) =>
    /^deno run .*\bapp\/\w+\/main\.ts/.test(command) ? [[name, command.split(" ").slice(1)]] : []
  ),
);

/** A task of deno.json with more words, as a process that is not asked for more rights. */
export function taskProcess(task: string, ...args: string[]): Deno.Command {
  const [run, ...words] = TASKS.get(task)!;
  return new Deno.Command(Deno.execPath(), {
    args: [run!, "--no-prompt", ...words, ...args],
    cwd: inRepository("."),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a task of deno.json. */
export async function runTask(task: string, ...args: string[]): Promise<Ran> {
  const { code, stdout, stderr } = await taskProcess(task, ...args).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Runs a test in a folder of its own. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
