// What the page runs: cases of golden vectors that the server holds, on a backend of the browser.

import { openDevice } from "../../lib/backend/auto.ts";
import { openGolden } from "../../app/parity/golden.ts";
import { onDevice } from "../../app/parity/run.ts";
import { type CaseReport, Runner } from "../../app/parity/runner.ts";

/** Runs cases by name; the device's own name comes first. */
async function runParity(
  folder: string,
  backend: "wasm" | "webgpu",
  names: readonly string[],
): Promise<{ device: string; reports: CaseReport[] }> {
  const golden = await openGolden(folder);
  using device = await openDevice(backend);
  const runner = new Runner(golden, onDevice(device));
  const reports: CaseReport[] = [];
  for (const name of names) {
    const found = golden.cases.find((c) => c.name === name);
    if (!found) throw new RangeError(`There is no case "${name}"`);
    reports.push(await runner.run(found));
  }
  return { device: device.name, reports };
}

Object.assign(globalThis, { runParity });
