// deno bench: every kernel of the WASM backend, at the sizes of the released model.

import { wasm } from "walrus";
import { kernelCases } from "./kernel_cases.ts";
import { makeResident } from "./resident.ts";

for (const { label, launch, ...workload } of kernelCases()) {
  Deno.bench({ name: label, group: launch.kernel, n: 10, warmup: 2 }, async (bench) => {
    using device = await wasm({ threads: 1 });
    using resident = await makeResident(device, workload);
    await resident.executable.run(resident.job);
    bench.start();
    await resident.executable.run(resident.job);
    bench.end();
  });
}
