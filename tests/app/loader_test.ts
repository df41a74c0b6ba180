// Samples that workers read are those that the mixture reads by itself, in the order in which they are asked for.

import assert from "node:assert/strict";
import { openData } from "walrus";
import { modelEntry } from "walrus/models";
import { Mixture } from "walrus/train";
import { Loader } from "../../app/train/loader.ts";
import { inRepository } from "../shared.ts";

const FILES = ["gray_scott", "euler_quadrants"].map((name) =>
  inRepository(`examples/data/${name}_mini.hdf5`)
);
const SETTINGS = { seed: 4, epochLength: 11, strides: [1, 3], augment: true, limit: null } as const;

Deno.test("any number of workers read what the mixture reads, also all plans at once", async () => {
  const model = (await modelEntry("walrus").load()).fromFiles({});
  using opened = new DisposableStack();
  const systems = [];
  for (const file of FILES) {
    systems.push({ split: await opened.use(await openData(file)).split(), samples: 2, frames: 6 });
  }
  const mixture = new Mixture(systems, SETTINGS, model);
  const plans = Array.from({ length: 8 }, () => mixture.next());
  const wanted = [];
  for (const plan of plans) {
    wanted.push((await mixture.read(plan)).map(({ values, times }) => ({ values, times })));
  }
  for (const workers of [1, 3]) {
    using loader = new Loader({
      systems: FILES.map((folder) => ({ folder, split: "all" })),
      masks: {},
      settings: mixture.settings,
      model: { family: "walrus", config: model.config },
    }, workers);
    const read = await Promise.all(plans.map((plan) => loader.read(plan)));
    assert.deepEqual(read.map((samples) => samples.map(({ values, times }) => ({ values, times }))), wanted);
  }
});

Deno.test("a worker that can not open the data says so to every plan", async () => {
  const model = (await modelEntry("walrus").load()).fromFiles({});
  using loader = new Loader({
    systems: [{ folder: inRepository("examples/data/none.hdf5"), split: "all" }],
    masks: {},
    settings: SETTINGS,
    model: { family: "walrus", config: model.config },
  }, 2);
  const plan = { index: 0, system: 0, examples: [] };
  const ends = await Promise.allSettled([loader.read(plan), loader.read(plan), loader.read(plan)]);
  for (const end of ends) {
    assert.equal(end.status, "rejected");
    assert.match((end as PromiseRejectedResult).reason.message, /none\.hdf5.*there is no such/);
  }
});
