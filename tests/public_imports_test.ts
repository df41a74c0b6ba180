// Commands, pages, benches and examples use the library as others do: by its public sub-paths. Those that look inside
// are named here.

import assert from "node:assert/strict";
import { inRepository } from "./shared.ts";

const { imports } = JSON.parse(Deno.readTextFileSync(inRepository("deno.json")));

/** What looks inside, and why. */
const INSIDERS: Readonly<Record<string, string>> = {
  "app/parity/": "compares single modules with the reference's tensors",
  "app/inspect/contents.ts": "lists what is in files that no reader of data takes",
  "app/doctor/": "runs every kernel by itself",
  "app/build/": "puts the kernels elsewhere",
  "bench/core_size.ts": "measures the size of internal modules",
  "bench/kernel_cases.ts": "times programs of one kernel",
  "bench/stationary.ts": "compares layouts of one matrix",
  "bench/resident.ts": "times single launches of resident programs",
  "bench/profile.ts": "times a program launch by launch",
  "bench/model_programs.ts": "builds the programs of training steps",
  "bench/train/workload.ts": "tells PyTorch the network's grid and shifts",
  "bench/full/window.ts": "tells PyTorch the network's grid",
  "bench/grids.ts": "interpolates data as the network does",
  "bench/weights.ts": "rounds a matrix by itself",
  "bench/loading/": "loads weights without a forecast",
};

function files(folder: string): string[] {
  return [...Deno.readDirSync(inRepository(folder))].flatMap(({ name, isDirectory }) =>
    isDirectory ? files(`${folder}/${name}`) : name.endsWith(".ts") ? [`${folder}/${name}`] : []
  );
}

/** Specifiers of all imports. */
function importsOf(file: string): string[] {
  const text = Deno.readTextFileSync(inRepository(file));
  const found = text.matchAll(
    /(?:import|export)\s[^;"]*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import "([^"]+)"/gm,
  );
  return [...found].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? "");
}

Deno.test("app, pages, bench and examples import the library by its public names", () => {
  let named = 0;
  for (const file of ["app", "pages", "bench", "examples"].flatMap(files)) {
    const inside = Object.keys(INSIDERS).some((path) => file.startsWith(path));
    for (const specifier of importsOf(file)) {
      if (/^walrus(\/|$)/.test(specifier)) {
        named++;
        assert.ok(specifier in imports, `${file}: there is no ${specifier}`);
      }
      const internal = /^(?:\.\.\/)+(?:lib\/|mod\.ts)/.test(specifier);
      assert.ok(!internal || inside, `${file} imports ${specifier}: wanted a public sub-path`);
    }
  }
  assert.ok(named > 50);
});

Deno.test("what is said to look inside does", () => {
  const all = ["app", "bench"].flatMap(files);
  for (const path of Object.keys(INSIDERS)) {
    const own = all.filter((file) => file.startsWith(path));
    assert.ok(
      own.some((file) => /["`](?:\.\.\/)+lib\/|"lib\//.test(Deno.readTextFileSync(inRepository(file)))),
      path,
    );
  }
});
