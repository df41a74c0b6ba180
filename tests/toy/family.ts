// How a registry finds the network; no line of the library knows it.

import type { Shape } from "../../lib/ir/types.ts";
import type { ModelEntry, ModelFamily } from "../../lib/models/model.ts";
import { toyModel } from "./network.ts";

const family: ModelFamily = {
  family: "toy",
  recipe: () => ({ optimizer: { lr: 1e-2 }, schedule: { kind: "constant" } }),
  settings: (section) => ({ hidden: 8, ...section as object }),
  fromCheckpoint(shapes: ReadonlyMap<string, Shape>) {
    const [hidden = 1, inputs = 2] = shapes.get("toy.in") ?? [];
    return { model: toyModel(inputs - 1, hidden), warnings: [] };
  },
  fromFiles: ({ "toy.json": text = '{"fields":2,"hidden":8}' }) => family.fromConfig(JSON.parse(text)),
  fromConfig: (config) => {
    const { fields, hidden } = config as { fields: number; hidden: number };
    return toyModel(fields, hidden);
  },
  create(settings, data, _map, from) {
    const { hidden } = settings as { hidden: number };
    return Promise.resolve({
      model: from ?? toyModel(data[0]?.fields.length ?? 2, hidden),
      notes: [],
      carry: (name, old, fresh) => old(name) ?? fresh(),
    });
  },
};

/** How a registry finds it. */
export const entry: ModelEntry = {
  family: "toy",
  configFiles: ["toy.json"],
  claims: (names) => names.has("toy.in"),
  load: () => Promise.resolve(family),
  module: import.meta.url,
};
