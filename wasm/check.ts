// Checks the Rust of the kernels: its format, what clippy has to say, on this machine and for two builds that have all of
// the code between them, and the native tests. Exit code 1 when something is to be said.
//
// usage: deno task test:rust; beside the toolchain wants rustfmt and clippy, rustup's or Debian's rustfmt-web and
// rust-web-clippy

import { cargo, crossBuild, findToolchain, targetOf } from "./toolchain.ts";

const toolchain = await findToolchain();
const failed: string[] = [];

/** Runs a check; all of them run, whichever fails. */
async function check(name: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  console.log(`${name}: cargo ${args.slice(0, 2).join(" ")}`);
  if (!await cargo(toolchain, args, env)) failed.push(name);
}

await check("format", ["fmt", "--check"]);
await check("lint", ["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]);
for (const name of ["plain", "relaxed_threads_64"]) {
  const { args, env } = crossBuild(name, toolchain);
  const folder = `${targetOf(name).folder}_lint`;
  const all = ["clippy", "--quiet", "--target-dir", folder, ...args, "--", "-D", "warnings"];
  await check(`lint of ${name}`, all, env);
}
await check("tests", ["test", "--quiet"]);
for (const name of failed) console.error(`${name} failed`);
if (failed.length > 0) Deno.exit(1);
