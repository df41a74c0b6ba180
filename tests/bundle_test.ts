// A page that forecasts does not pay for training: what a bundler keeps of the package holds none of it.

import assert from "node:assert/strict";
import { bundleParts } from "../app/web/bundle.ts";

const ROOT = new URL("../", import.meta.url);

/** Modules of `lib` in the bundle of a module of some text, by the headings that the bundler writes. */
async function modulesOf(text: string): Promise<Set<string>> {
  const folder = await Deno.makeTempDir({ dir: ROOT.pathname, prefix: ".bundle-" });
  try {
    await Deno.writeTextFile(`${folder}/entry.ts`, text);
    await bundleParts([`${folder}/entry.ts`], `${folder}/out`);
    const modules = new Set<string>();
    for await (const { name } of Deno.readDir(`${folder}/out`)) {
      const script = await Deno.readTextFile(`${folder}/out/${name}`);
      for (const [, path = ""] of script.matchAll(/^\/\/ (?:\S*\/)?lib\/(\S+)$/gm)) modules.add(path);
    }
    return modules;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Training and derivatives. */
const isTraining = (path: string) => /^(train|autodiff|distributed)\//.test(path);

Deno.test("the bundle of a forecast holds no training code", async () => {
  const modules = await modulesOf(`
    import { loadModel, openData, wasm, webgpu } from "../mod.ts";
    export async function forecast(checkpoint, data) {
      const model = await loadModel(checkpoint, { device: await webgpu().catch(() => wasm()) });
      return model.rollout(await openData(data));
    }`);
  for (const path of ["forecast/rollout.ts", "models/walrus/next_frame.ts", "compile/pipeline.ts"]) {
    assert.ok(modules.has(path), `no ${path} among ${[...modules].join(" ")}`);
  }
  assert.deepEqual([...modules].filter(isTraining), []);
});

Deno.test("the bundle of a training loop is seen to hold it", async () => {
  const modules = await modulesOf(`export { Trainer } from "../lib/public/train.ts";`);
  assert.ok([...modules].filter(isTraining).length > 5);
});
