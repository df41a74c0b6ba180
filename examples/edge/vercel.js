// A Vercel edge function: the condition `edge-light` imports the kernels as `?module`; weights come from a public URL.
import { loadModel, wasm } from "@walrus/walrus/edge";
import { framesOf, sampleOf } from "./frames.js";

export const config = { runtime: "edge" };
let model;
async function load(base) {
  const bytes = async (name) => new Uint8Array(await (await fetch(new URL(name, base))).arrayBuffer());
  const settings = await bytes("extended_config.yaml");
  return await loadModel(await bytes("walrus.safetensors"), { device: await wasm(), config: settings });
}

export default async function forecast(request) {
  return Response.json(await framesOf(await (model ??= load(request.url)), sampleOf(await request.json())));
}
