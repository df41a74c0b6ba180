// The forecast in workerd: weights and frames come from bindings of the worker.

import * as walrus from "./walrus.edge.js";
import { both } from "./probe.mjs";

export default {
  async fetch(_, env) {
    try {
      const results = await both(walrus, async (name) => new Uint8Array(await env.FILES.get(name, "arrayBuffer")));
      return Response.json(results);
    } catch (error) {
      return Response.json({ error: `${error}\n${error.stack}` }, { status: 500 });
    }
  },
};
