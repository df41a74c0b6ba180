// The OpenAPI document is all that a client needs: one is generated of it, type-checked, and forecasts.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import type { Problem } from "../../lib/serve/errors.ts";
import { forecastService } from "../../lib/serve/service.ts";
import { windowJson } from "../../lib/serve/answer/whole.ts";
import { CHECKPOINT, collect } from "../forecast/shipped.ts";
import { startWindow } from "../serve/api_checks.ts";
import { inRepository } from "../shared.ts";
import { install, run } from "./subject.ts";

const PACKAGES = [
  "openapi-typescript@7.13.0",
  "openapi-fetch@0.17.0",
  "typescript@5.9.3",
  "@types/node@22.20.7",
];

const COMPILER = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: "es2022",
  module: "nodenext",
  lib: ["es2024", "dom"],
  types: ["node"],
};

interface Told {
  readonly window: {
    readonly fields: Record<
      string,
      { readonly values: readonly number[]; readonly shape: readonly number[] }
    >;
  };
  readonly problem: Problem;
  readonly bytes: number;
}

Deno.test("a client that is generated from the OpenAPI document forecasts", async () => {
  const start = await startWindow();
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const wanted = await collect(model, start, { steps: 2, seed: 1 });
  await using service = forecastService({
    models: { small: { load: async () => await loadModel(CHECKPOINT, { device }) } },
  });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => service.fetch(request),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const folder = await Deno.makeTempDir({ prefix: "walrus-client-" });
  try {
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    await write("package.json", JSON.stringify({ name: "client", type: "module" }));
    await write("tsconfig.json", JSON.stringify({ compilerOptions: COMPILER, files: ["client.ts"] }));
    await write("openapi.json", await (await fetch(`${url}/openapi.json`)).text());
    await write("window.json", [...windowJson(start)].join(""));
    await Deno.copyFile(inRepository("tests/dist/client.ts.txt"), `${folder}/client.ts`);
    await install(folder, PACKAGES);
    await run("npx", [
      "openapi-typescript",
      "openapi.json",
      "--default-non-nullable",
      "false",
      "-o",
      "api.d.ts",
    ], folder);
    await run("npx", ["tsc", "--project", "."], folder);
    const { stdout } = await run("node", ["client.js", url, "window.json"], folder);
    const { window, problem, bytes } = JSON.parse(stdout) as Told;
    for (const [i, { name }] of start.info.fields.entries()) {
      assert.deepEqual(window.fields[name]!.shape, [2, 64, 64]);
      assert.deepEqual(
        window.fields[name]!.values.map(Math.fround),
        wanted.flatMap((fields) => [...fields[i]!]),
      );
    }
    assert.deepEqual([problem.status, problem.reason], [400, "malformed"]);
    assert.match(problem.detail, /steps is 0, wanted an integer from 1/);
    assert.ok(bytes > 2 * 2 * 64 * 64 * 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
