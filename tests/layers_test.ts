// Who may import whom: the rooms of lib, and nothing that only one runtime has outside io.

import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inRepository } from "./shared.ts";

/** What each folder of lib may import besides itself (docs/architecture.md). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  io: [],
  data: ["io"],
  "data/formats": ["data", "io"],
  ir: [],
  autodiff: ["ir"],
  compile: ["io", "ir", "autodiff"],
  nn: ["ir"],
  backend: ["compile", "ir"],
  random: [],
  weights: ["io", "ir", "compile", "nn", "random"],
  models: ["data", "io", "ir", "nn", "random", "weights"],
  "models/walrus": ["models", "data", "io", "ir", "nn", "random"],
  metrics: ["data"],
  forecast: ["data", "io", "ir", "compile", "random", "weights", "models", "metrics"],
  distributed: [],
  train: [
    "data",
    "io",
    "ir",
    "autodiff",
    "compile",
    "nn",
    "random",
    "weights",
    "models",
    "metrics",
    "forecast",
    "distributed",
  ],
};

/** The folder of the table that a file belongs to: the longest that matches. */
function folderOf(path: string): string {
  const parts = path.slice(LIB.length + 1).split("/").slice(0, -1);
  while (parts.length > 1 && !(parts.join("/") in MAY_IMPORT)) parts.pop();
  return parts.join("/");
}

function files(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? files(`${folder}/${name}`) : name.endsWith(".ts") ? [`${folder}/${name}`] : []
  );
}

/** Source without comments, whose examples import what they please. */
function code(path: string): string {
  return Deno.readTextFileSync(path).replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

const LIB = inRepository("lib");

function importsOf(path: string): { target: string; typeOnly: boolean }[] {
  const found = code(path).matchAll(/(import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g);
  return [...found].flatMap(([, , type, from, dynamic]) => {
    const specifier = from ?? dynamic ?? "";
    if (!specifier.startsWith(".")) return [];
    return [{ target: fileURLToPath(new URL(specifier, pathToFileURL(path))), typeOnly: type !== undefined }];
  });
}

Deno.test("lib imports only downwards", () => {
  let edges = 0;
  for (const path of files(LIB)) {
    const room = folderOf(path);
    const allowed = MAY_IMPORT[room];
    assert.ok(allowed, `${path}: room ${room} is not in the plan of the house`);
    for (const { target } of importsOf(path)) {
      edges++;
      // The kernels' texts stand beside the library, as the Rust crate does.
      if (room === "backend" && target === inRepository("kernels/wgsl.ts")) continue;
      assert.ok(target.startsWith(LIB), `${path} imports ${target}`);
      const other = folderOf(target);
      assert.ok(other === room || allowed.includes(other), `${path}: ${room} must not import ${other}`);
    }
  }
  assert.ok(edges > 150);
});

Deno.test("lib has no import cycles", () => {
  const state = new Map<string, "open" | "done">();
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === "done") return;
    assert.notEqual(
      state.get(path),
      "open",
      `cycle: ${[...trail, path].map((p) => p.slice(LIB.length)).join(" -> ")}`,
    );
    state.set(path, "open");
    for (const { target } of importsOf(path)) visit(target, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of files(LIB)) visit(path, []);
});

Deno.test("lib speaks of Deno and node modules only in io/file.ts", () => {
  for (const path of files(LIB)) {
    if (path.endsWith("io/file.ts")) continue;
    assert.doesNotMatch(code(path), /\bDeno\b|from "node:/, path);
  }
});

Deno.test("mod.ts can be imported without any permission", async () => {
  const entry = inRepository("tests/fixtures/import_only.ts");
  const { code: exit, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", entry],
  }).output();
  assert.equal(exit, 0, new TextDecoder().decode(stderr));
  assert.match(new TextDecoder().decode(stdout), /function 857/);
});
