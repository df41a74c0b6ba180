// A Cloudflare Worker: POST frames as JSON, get the next one. Weights lie in a KV binding.
import { loadModel, wasm } from "@walrus/walrus/edge";
import { framesOf, sampleOf } from "./frames.js";

let model;
async function load({ WEIGHTS }) {
  const bytes = async (name) => new Uint8Array(await WEIGHTS.get(name, "arrayBuffer"));
  const config = await bytes("extended_config.yaml");
  return await loadModel(await bytes("walrus.safetensors"), { device: await wasm(), config });
}

export default {
  async fetch(request, env) {
    return Response.json(await framesOf(await (model ??= load(env)), sampleOf(await request.json())));
  },
};
