// Deno Deploy, which compiles WebAssembly as Deno does: the package as it is, weights by URL, kept by the Cache API.
import { loadModel, wasm } from "@walrus/walrus";
import { framesOf, sampleOf } from "./frames.js";

const bytes = async (url) => {
  const cache = await caches.open("weights");
  if (!await cache.match(url)) await cache.put(url, await fetch(url));
  return await (await cache.match(url)).bytes();
};
const weights = Deno.env.get("WEIGHTS"); // https://../, the folder of a checkpoint
const config = await bytes(`${weights}extended_config.yaml`);
const model = await loadModel(await bytes(`${weights}walrus.safetensors`), { device: await wasm(), config });

export default {
  fetch: async (request) => Response.json(await framesOf(model, sampleOf(await request.json()))),
};
