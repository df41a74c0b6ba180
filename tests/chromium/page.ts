// What the page runs: cases of golden vectors that the server holds, on a backend of the browser.

import { openDevice } from "../../lib/backend/auto.ts";
import { openGolden } from "../../app/parity/golden.ts";
import { onDevice } from "../../app/parity/run.ts";
import { type CaseReport, Runner } from "../../app/parity/runner.ts";

/** Opens a folder and a device for any number of cases; gives the device's name. */
async function openParity(folder: string, backend: "wasm" | "webgpu"): Promise<string> {
  const golden = await openGolden(folder);
  const device = await openDevice(backend);
  const runner = new Runner(golden, onDevice(device));
  const runCase = (name: string): Promise<CaseReport> => {
    const found = golden.cases.find((c) => c.name === name);
    if (!found) throw new RangeError(`There is no case "${name}"`);
    return runner.run(found);
  };
  Object.assign(globalThis, { runCase });
  return device.name;
}

Object.assign(globalThis, { openParity });
