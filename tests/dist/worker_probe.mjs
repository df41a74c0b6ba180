// The forecast in workerd: weights and frames come from a binding. `/memory` tells how large the memories of all
// instances are, `/hdf5` what is said of a format that can not be read here.

const memories = [];
const { Memory } = WebAssembly;
WebAssembly.Memory = function (descriptor) {
  const memory = new Memory(descriptor);
  memories.push(memory);
  return memory;
};

import * as walrus from "@walrus/walrus/edge";
import { forecast } from "./probe.mjs";

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const read = async (name) => new Uint8Array(await env.FILES.get(name, "arrayBuffer"));
    try {
      if (pathname === "/memory") {
        return Response.json(memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
      }
      if (pathname === "/hdf5") {
        return Response.json(await walrus.openData(await read("data.hdf5")).then(() => "open"));
      }
      const device = await walrus.wasm(searchParams.has("exact") ? { relaxed: false } : {});
      return Response.json(await forecast(walrus, device, read));
    } catch (error) {
      return Response.json({ error: `${error}` }, { status: 500 });
    }
  },
};
