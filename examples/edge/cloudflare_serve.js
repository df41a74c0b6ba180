// A Cloudflare Worker with the whole endpoint (docs/serving.md): what a host serves, for a network that fits an isolate.
// Weights lie in a KV binding. HDF5 needs a host; npz, safetensors and JSON do not.
import { loadModel, wasm } from "@walrus/walrus/edge";
import { forecastService } from "@walrus/walrus/serve";

const serviceOf = ({ WEIGHTS }) => {
  const bytes = async (name) => new Uint8Array(await WEIGHTS.get(name, "arrayBuffer"));
  const load = async () => {
    const config = await bytes("extended_config.yaml");
    return await loadModel(await bytes("walrus.safetensors"), { device: await wasm(), config });
  };
  return forecastService({
    models: { small: { description: "4.7 M parameters", load } },
    limits: { bytes: 4 << 20, answer: 8 << 20, held: 16 << 20, points: 128 * 128, steps: 50, running: 1 },
  });
};

let service;
export default {
  fetch: async (request, env, context) => await (service ??= serviceOf(env)).fetch(request, env, context),
};
