// What the tests of the package share: the build in dist/, the files of the forecast that every engine makes, and what
// it has to be.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { CHECKPOINT, collect, framesOf, GRAY_SCOTT } from "../forecast/shipped.ts";
import { inRepository } from "../shared.ts";

/** The build: `deno task build` makes it, and the task of these tests before them. */
export const DIST = inRepository("dist");

/** A forecast as an engine gives it: the device's name, all numbers in base64. */
export interface Result {
  readonly device: string;
  readonly frames: string;
}

/** With `relaxed: false`, and with the defaults. */
export interface Results {
  readonly exact: Result;
  readonly usual: Result;
}

/** Files that the forecast reads. */
export interface Files extends AsyncDisposable {
  readonly folder: string;
  /** The frames to start from as the examples are sent them. */
  request(): string;
}

const STEPS = 2;
const start = await framesOf(GRAY_SCOTT, 0, 6);

/** Typed arrays as probe.mjs reads them. */
function tagged(_: string, value: unknown): unknown {
  if (value instanceof Float32Array) return { type: "f32", numbers: [...value] };
  if (value instanceof Float64Array) return { type: "f64", numbers: [...value] };
  return value;
}

/** A new folder with the checkpoint, its configuration, the frames to start from and the scripts. */
export async function files(): Promise<Files> {
  const folder = await Deno.makeTempDir({ prefix: "walrus-dist-" });
  await Deno.copyFile(CHECKPOINT, `${folder}/walrus.safetensors`);
  await Deno.copyFile(
    inRepository("examples/walrus_small/extended_config.yaml"),
    `${folder}/extended_config.yaml`,
  );
  await Deno.writeTextFile(`${folder}/start.json`, JSON.stringify(start, tagged));
  for (const name of ["probe.mjs", "console.mjs"]) {
    await Deno.copyFile(inRepository(`tests/dist/${name}`), `${folder}/${name}`);
  }
  const plain = (_: string, value: unknown) => ArrayBuffer.isView(value) ? [...value as Float32Array] : value;
  return {
    folder,
    request: () => JSON.stringify(start, plain),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Fields that an example answers, as a result. */
export function resultOf(device: string, values: readonly (readonly number[])[]): Result {
  const numbers = Float32Array.from(values.flat());
  return { device, frames: new Uint8Array(numbers.buffer).toBase64() };
}

let wanted: Promise<readonly (readonly Float32Array[])[]> | null = null;

/** The forecast of the sources, exactly. */
async function compute(): Promise<readonly (readonly Float32Array[])[]> {
  using device = await wasm({ relaxed: false, threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  return await collect(model, start, { steps: STEPS, seed: 1 });
}

/** Numbers of a result. */
function numbersOf({ frames }: Result): Float32Array {
  return new Float32Array(Uint8Array.fromBase64(frames).buffer);
}

/** Most that fused multiply-add, or a GPU, may change, as for the forecasts of the reference: 8 floors of float32. */
const TOLERANCE = 1e-5;

/** Largest difference of a field over its largest magnitude, of the steps that the result has. */
export async function worstDifference(result: Result): Promise<number> {
  const fields = (await (wanted ??= compute())).flat();
  const numbers = numbersOf(result);
  let worst = 0;
  let at = 0;
  for (const field of fields) {
    if (at === numbers.length) break;
    const scale = field.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const value of field) worst = Math.max(worst, Math.abs(value - numbers[at++]!) / scale);
  }
  assert.equal(at, numbers.length);
  return worst;
}

/** Refuses a forecast that is not the one of the sources: bit for bit, or near enough with the defaults. */
export async function assertForecasts({ exact, usual }: Results, where: string): Promise<void> {
  assert.equal(await worstDifference(exact), 0, `${where}: ${exact.device} does not give the same bits`);
  await assertNear(usual, where);
}

/** Refuses a forecast that parts further than rounding makes it. */
export async function assertNear(result: Result, where: string): Promise<void> {
  const worst = await worstDifference(result);
  assert.ok(worst <= TOLERANCE, `${where}: ${result.device} is off by ${worst}, wanted at most ${TOLERANCE}`);
  console.log(`${where}: ${result.device}, off by ${worst.toExponential(1)}`);
}

/** Runs a program. @throws Error with what it says where it fails */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const signal = AbortSignal.timeout(180_000);
  const output = await new Deno.Command(command, { args: [...args], cwd, signal, stdin: "null" }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (output.code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${output.code}: ${stdout}${stderr}`);
  }
  return { stdout: stdout!, stderr: stderr! };
}

/** Installs packages of npm in a folder, those that are at hand from there. */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  const options = ["--silent", "--no-audit", "--no-fund", "--prefer-offline"];
  await run("npm", ["install", ...options, ...packages], folder);
}
