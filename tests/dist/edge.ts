// The examples for Deno Deploy and Vercel, as near to those as can be had: `deno serve`, and Vercel's own edge runtime for
// Node with the kernels compiled beforehand.

import assert from "node:assert/strict";
import { build, stop } from "esbuild";
import { inRepository } from "../shared.ts";
import { serveFolder } from "./serve.ts";
import { assertNear, DIST, files, install, resultOf, run } from "./subject.ts";

interface Answer {
  readonly values: readonly (readonly number[])[];
}

async function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = pattern.exec(text);
    if (found) return found[1]!;
  }
  throw new Error(`the server ended: ${text}`);
}

Deno.test({
  name: "the example for Deno Deploy forecasts",
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    await using subject = await files();
    await using weights = serveFolder(subject.folder);
    const map = `${subject.folder}/imports.json`;
    await Deno.writeTextFile(
      map,
      JSON.stringify({ imports: { "@walrus/walrus": `file://${DIST}/walrus.js` } }),
    );
    const server = new Deno.Command(Deno.execPath(), {
      args: ["serve", "-A", "--no-config", "--import-map", map, "--host", "127.0.0.1", "--port", "0"].concat(
        inRepository("examples/edge/deno_deploy.js"),
      ),
      env: { WEIGHTS: `http://127.0.0.1:${weights.addr.port}/`, NO_COLOR: "1" },
      cwd: subject.folder,
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      const url = await firstLine(server.stderr, /Listening on (http:\S+)/);
      const response = await fetch(url, { method: "POST", body: subject.request() });
      const [frame] = await response.json() as Answer[];
      await assertNear(resultOf("Deno Deploy's example", frame!.values), "deno serve");
    } finally {
      server.kill();
      await server.status;
    }
  },
});

/** Vercel's build in short: one script, in which compiled kernels are globals. */
async function vercelScript(): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [inRepository("examples/edge/vercel.js")],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "edgeFunction",
      platform: "neutral",
      alias: { "@walrus/walrus/edge": `${DIST}/walrus.edge-light.js` },
      plugins: [{
        name: "compiled kernels",
        setup(builder) {
          builder.onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({ path, namespace: "kernel" }));
          builder.onLoad({ filter: /.*/, namespace: "kernel" }, ({ path }) => ({
            contents: `export default globalThis.kernel_${/(\w+)\.wasm/.exec(path)![1]};`,
          }));
        },
      }],
    });
    return outputFiles[0]!.text;
  } finally {
    await stop();
  }
}

const HOST = `
import { EdgeVM } from "@edge-runtime/vm";
import { readFileSync } from "node:fs";
const [dist, base] = process.argv.slice(2);
const vm = new EdgeVM({ codeGeneration: { strings: false, wasm: false } });
for (const name of ["plain", "relaxed"]) {
  vm.context["kernel_" + name] = new WebAssembly.Module(readFileSync(dist + "/kernels/" + name + ".wasm"));
}
vm.evaluate(readFileSync("function.js", "utf8"));
vm.context.body = readFileSync("request.json", "utf8");
vm.context.url = base;
const text = await vm.evaluate('edgeFunction.default(new Request(url, { method: "POST", body })).then((r) => r.text())');
console.log(text);
`;

Deno.test("the example for Vercel forecasts in its edge runtime", async () => {
  await using subject = await files();
  await using weights = serveFolder(subject.folder);
  const { folder } = subject;
  await Deno.writeTextFile(`${folder}/function.js`, await vercelScript());
  await Deno.writeTextFile(`${folder}/request.json`, subject.request());
  await Deno.writeTextFile(`${folder}/host.mjs`, HOST);
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ name: "host", type: "module" }));
  await install(folder, ["@edge-runtime/vm@5.0.0"]);
  const url = `http://127.0.0.1:${weights.addr.port}/`;
  const { stdout } = await run("npx", ["-y", "node@22", "host.mjs", DIST, url], folder);
  const [frame] = JSON.parse(stdout) as Answer[];
  assert.ok(frame);
  await assertNear(resultOf("Vercel's example", frame.values), "edge runtime");
});
