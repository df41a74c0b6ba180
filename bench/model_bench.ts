// deno bench: whole steps of the models whose speed counts.

import { wasm } from "walrus";
import { PROGRAMS } from "./model_programs.ts";
import { makeResident } from "./resident.ts";

for (const [name, make] of Object.entries(PROGRAMS)) {
  Deno.bench({ name, group: "model", n: 2, warmup: 1 }, async (bench) => {
    using device = await wasm({ threads: 1 });
    using resident = await makeResident(device, make(device));
    bench.start();
    await resident.executable.run(resident.job);
    bench.end();
  });
}
