// inspect and forecast over every file that others broke or wrote otherwise: each run ends with a result, or with one
// line that names the file and says why. Never a stack trace, never a mistake of our own code.

import assert from "node:assert/strict";
import { forecast } from "../../app/forecast/command.ts";
import { inspect } from "../../app/inspect/command.ts";
import { fixture, inRepository, shared, sharedTest } from "../shared.ts";
import { inFolder, type Ran, runCommand } from "./run_command.ts";

/** What a stack trace and the runtime's own errors look like. */
const MISTAKES = [
  /\bat (?:async )?(?:file|https?|ext|node|data|wasm):/,
  /\.(?:ts|js|wasm):\d+/,
  /is not (?:a function|iterable|defined|a constructor|an object)/,
  /Cannot (?:read|set) propert|Cannot destructure|of undefined|of null|\[object /,
  /Maximum call stack|Invalid array length|Invalid typed array|Array buffer allocation|out of memory/,
  /unreachable|memory access out of bounds|Offset is outside|Start offset/,
  /Uncaught|AssertionError|\bundefined\b/,
];

const CONFIG = /\.ya?ml$/i;
const DATA = /\.(?:hdf5|h5|nc|np[yz])$/i;

/** The small network of the fixtures, and data that it can forecast. */
const NETWORK = fixture("golden/checkpoints/walrus.safetensors");
const SIMULATION = inRepository("examples/data/gray_scott_mini.hdf5");
const MAPPED = ["--input", SIMULATION, "--map", "A=pressure", "--map", "B=velocity_x"];

/** Fails unless a run ended well, or in one line that names the file. */
function checkEnd(what: string, file: string, { code, out, err }: Ran): void {
  for (const mistake of MISTAKES) assert.doesNotMatch(out + "\n" + err, mistake, what);
  assert.ok(code === 0 || code === 1, `${what} ended with ${code}: ${err}`);
  if (code === 0) return;
  const last = err.split("\n").at(-1)!;
  assert.match(last, /^error: \S/, `${what}: ${err}`);
  const names = file.split("/").filter(Boolean);
  // A configuration beside it, a tensor in it or its grid may be what is named.
  const named = names.slice(-2).some((name) => last.includes(name)) || /"[^"]+"|\bgrid\b/.test(last);
  assert.ok(named, `${what} names nothing: ${last}`);
}

/** The words that make forecast read a file. */
function forecastOf(file: string): string[] {
  if (CONFIG.test(file)) return [...MAPPED, "--checkpoint", NETWORK, "--config", file];
  const isFolder = Deno.statSync(file).isDirectory;
  if (DATA.test(file) || (isFolder && !/distcp|released|checkpoints/.test(file))) return ["--input", file];
  return [...MAPPED, "--checkpoint", file];
}

/** Runs both commands on a file. */
async function runBoth(file: string): Promise<void> {
  for (const more of [[], ["--check", "--json"]]) {
    const ran = await runCommand(inspect, [file, "--backend", "wasm", ...more]);
    checkEnd(`inspect ${file} ${more.join(" ")}`, file, ran);
    if (more.length > 0 && ran.out !== "") assert.equal(typeof JSON.parse(ran.out).kind, "string");
  }
  await inFolder(async (out) => {
    const words = [...forecastOf(file), "--steps", "1", "--threads", "1", "--out", out];
    checkEnd(`forecast ${words.join(" ")}`, file, await runCommand(forecast, words));
  });
}

/** What is told apart in a folder: its files, and folders that are one thing. */
function entriesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => !/\.(?:md|json|jsonl)$/.test(name))
    .map(({ name }) => `${folder}/${name}`)
    .sort();
}

// The complete folder of checkpoints has the files of the fixtures too.
const FOLDERS = {
  cases: fixture("cases"),
  "samples-bad": fixture("samples-bad"),
  arrays: fixture("arrays"),
  "golden/checkpoints": shared("golden/checkpoints") ?? fixture("golden/checkpoints"),
};

for (const [name, folder] of Object.entries(FOLDERS)) {
  Deno.test(`inspect and forecast end in words on ${name}`, async () => {
    for (const file of entriesOf(folder)) await runBoth(file);
  });
}

// Of the others the fixtures are all there is.
const SHARED = ["samples/foreign"]
  .concat(["dpot", "mpp", "poseidon"].map((family) => `golden-baselines/${family}/checkpoints`));

for (const path of SHARED) {
  sharedTest(`inspect and forecast end in words on all of ${path}`, path, async (folder) => {
    for (const file of entriesOf(folder)) await runBoth(file);
  });
}
