// The package as npm packs it: in a plain Node project, through Vite, and type-checked under `strict`, libraries
// included, by the oldest TypeScript that is promised and by one that knows WebGPU itself.

import assert from "node:assert/strict";
import { inBrowser, missing } from "../chromium/browser.ts";
import { inRepository } from "../shared.ts";
import { LEAST } from "../../app/build/package.ts";
import { serveFolder } from "./serve.ts";
import { assertForecasts, DIST, type Files, files, install, type Results, run } from "./subject.ts";

/** TypeScript 6 has WebGPU in its library `dom`; 5.9 takes `@webgpu/types`. */
const COMPILERS = [
  { version: LEAST.typescript, types: ["@webgpu/types"] },
  { version: "6.0", types: [] },
] as const;

/** What README says to put in tsconfig.json. */
const compilerOptions = (types: readonly string[]) => ({
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: "es2022",
  module: "nodenext",
  lib: ["es2024", "esnext.disposable", "esnext.asynciterable", "dom", "dom.iterable", "dom.asynciterable"],
  types,
});

/** A project that installed the tarball and what the tests run it with, and has the files of the forecast. */
async function makeProject(): Promise<Files> {
  const subject = await files();
  const { folder } = subject;
  const { stdout } = await run("npm", ["pack", DIST, "--pack-destination", folder, "--silent"], folder);
  const tarball = stdout.trim().split("\n").at(-1)!;
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ name: "project", type: "module" }));
  // Compilers side by side.
  const compilers = COMPILERS.map(({ version }) => `typescript-${version}@npm:typescript@${version}`);
  await install(folder, [
    `./${tarball}`,
    "vite@8.4.0",
    ...compilers,
    `@webgpu/types@${LEAST.webgpuTypes}`,
  ]);
  return subject;
}

const subject = await makeProject();
const { folder } = subject;
Deno.test.afterAll(async () => await subject[Symbol.asyncDispose]());

Deno.test("a plain Node project runs the package that npm packed", async () => {
  const { stdout } = await run(
    "npx",
    ["-y", "node@22", "console.mjs", "@walrus/walrus", "."],
    subject.folder,
  );
  await assertForecasts(JSON.parse(stdout) as Results, "Node project");
  const names = [
    ".",
    "./ir",
    "./nn",
    "./train",
    "./data",
    "./io",
    "./models",
    "./models/walrus",
    "./metrics",
  ];
  const script = `for (const name of ${JSON.stringify([...names, "./devices", "./bundle"])}) {
    const module = await import("@walrus/walrus" + name.slice(1));
    if (Object.keys(module).length === 0) throw new Error(name);
  }`;
  await run("npx", ["-y", "node@22", "--input-type=module", "-e", script], subject.folder);
});

for (const { version, types } of COMPILERS) {
  Deno.test(`TypeScript ${version} checks the package under strict, without skipLibCheck`, async () => {
    await Deno.copyFile(inRepository("tests/dist/typed.ts.txt"), `${folder}/typed.ts`);
    await Deno.writeTextFile(
      `${folder}/tsconfig.json`,
      JSON.stringify({ compilerOptions: compilerOptions(types), files: ["typed.ts"] }),
    );
    const tsc = () => run("node", [`node_modules/typescript-${version}/bin/tsc`, "--project", "."], folder);
    await tsc();
    // What is wrong is seen.
    await Deno.writeTextFile(
      `${folder}/typed.ts`,
      `import { wasm } from "@walrus/walrus";\nawait wasm({ threads: "1" });\n`,
    );
    await assert.rejects(tsc(), /TS2322/);
  });
}

Deno.test({
  name: missing()
    ? `Vite bundles the package (${missing()})`
    : "Vite bundles the package, kernels and all in chunks",
  ignore: missing() !== null,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await Deno.writeTextFile(
      `${folder}/index.html`,
      `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/main.mjs"></script>`,
    );
    await Deno.writeTextFile(
      `${folder}/main.mjs`,
      `import * as walrus from "@walrus/walrus";
import { both } from "./probe.mjs";
const read = async (name) => new Uint8Array(await (await fetch("/files/" + name)).arrayBuffer());
both(walrus, read).then((results) => globalThis.outcome = results, (error) => globalThis.outcome = { error: String(error) });\n`,
    );
    await run("npx", ["vite", "build", "--logLevel", "error"], folder);
    await Deno.mkdir(`${folder}/dist/files`);
    for (const name of ["start.json", "walrus.safetensors", "extended_config.yaml"]) {
      await Deno.copyFile(`${folder}/${name}`, `${folder}/dist/files/${name}`);
    }
    const index = await Deno.readTextFile(`${folder}/dist/index.html`);
    await using server = serveFolder(`${folder}/dist`, {}, { "/": index });
    const outcome = await inBrowser(`http://127.0.0.1:${server.addr.port}/`, async (page, errors) => {
      await page.waitForFunction("globalThis.outcome !== undefined", undefined, { timeout: 120_000 });
      assert.deepEqual(errors, []);
      return await page.evaluate("globalThis.outcome") as Results & { readonly error?: string };
    });
    assert.equal(outcome.error, undefined);
    await assertForecasts(outcome, "Vite");
  },
});
