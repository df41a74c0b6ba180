// What a page of another origin does: imports the library from where its address says, forecasts, and tells.
// `?library=URL&files=URL&webgpu=1`

import { both, forecast } from "./probe.mjs";

const query = new URLSearchParams(location.search);
const read = async (name) => {
  const response = await fetch(new URL(name, query.get("files")));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

async function run() {
  const walrus = await import(query.get("library"));
  const results = await both(walrus, read);
  if (!query.has("webgpu")) return results;
  const device = await walrus.webgpu();
  const gpu = await forecast(walrus, device, read, 1);
  device[Symbol.dispose]();
  return { ...results, gpu };
}

globalThis.outcome = await run().then(
  (results) => ({ ...results, isolated: crossOriginIsolated }),
  (error) => ({ error: `${error}\n${error.stack}` }),
);
