// Who may import whom: the modules of lib as docs/architecture.md has them, and nothing that only one runtime has
// outside io.

import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inRepository } from "./shared.ts";

const PAGE = Deno.readTextFileSync(inRepository("docs/architecture.md"));

/** What each folder of lib may import besides itself: the table of docs/architecture.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [.../## Who may import whom\n([\s\S]*?)\n## /.exec(PAGE)![1]!.matchAll(/^\| `([\w/]+)` +\| (.*?) *\|$/gm)]
    .map(([, folder, others]) => [folder!, [...others!.matchAll(/`([\w/]+)`/g)].map(([, name]) => name!)]),
);

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

function importsOf(path: string): { target: string; dynamic: boolean }[] {
  const found = code(path).matchAll(/(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g);
  return [...found].flatMap(([, from, dynamic]) => {
    const specifier = from ?? dynamic ?? "";
    if (!specifier.startsWith(".")) return [];
    return [{ target: fileURLToPath(new URL(specifier, pathToFileURL(path))), dynamic: from === undefined }];
  });
}

/** A folder finds what is plugged into it: readers of formats when data are opened, families by their entries. */
function isPlugIn(folder: string, target: string, dynamic: boolean): boolean {
  return folderOf(target).startsWith(`${folder}/`) && (dynamic || target.endsWith("/entry.ts"));
}

Deno.test("lib imports only downwards", () => {
  let edges = 0;
  for (const path of files(LIB)) {
    const folder = folderOf(path);
    const allowed = MAY_IMPORT[folder];
    assert.ok(allowed, `${path}: ${folder} is not in the table of docs/architecture.md`);
    for (const { target, dynamic } of importsOf(path)) {
      edges++;
      // The kernels' texts stand beside the library, as the Rust crate does.
      if (folder === "backend" && target === inRepository("kernels/wgsl.ts")) continue;
      assert.ok(target.startsWith(LIB), `${path} imports ${target}`);
      const other = folderOf(target);
      const fits: boolean = other === folder || allowed.includes(other) || isPlugIn(folder, target, dynamic);
      assert.ok(fits, `${path}: ${folder} must not import ${other}`);
    }
  }
  assert.ok(edges > 150);
});

Deno.test("the table of modules has a row for each folder of lib, and the list of folders a line", () => {
  const folders = new Set(files(LIB).map(folderOf));
  assert.deepEqual(Object.keys(MAY_IMPORT).toSorted(), [...folders].toSorted());
  for (const folder of folders) {
    assert.ok(PAGE.includes(`lib/${folder}/`), `lib/${folder}/ is not in the list`);
  }
});

Deno.test("lib names a family of networks in its own folder and the registry alone", () => {
  const families = [...Deno.readDirSync(`${LIB}/models`)].filter((f) => f.isDirectory).map(({ name }) =>
    name
  );
  assert.ok(families.length > 0);
  for (const family of families) {
    const named = files(LIB).filter((path) => {
      // The package has the name of its first family: examples of public modules import it, and what goes over the wire
      // is named after it.
      const text = Deno.readTextFileSync(path)
        .replaceAll(/ from "walrus\/\w+";|application\/x-walrus-frames|urn:walrus:problem/g, "");
      return new RegExp(family, "i").test(text);
    });
    const stray = named.map((path) => path.slice(LIB.length + 1)).filter((path) =>
      !path.startsWith(`models/${family}/`) && path !== "models/registry.ts"
    );
    assert.deepEqual(stray, []);
  }
});

Deno.test("lib imports public modules nowhere", () => {
  for (const [folder, others] of Object.entries(MAY_IMPORT)) assert.ok(!others.includes("public"), folder);
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

Deno.test("lib speaks of Deno and node modules only in io/file_system.ts and io/disk_system.ts", () => {
  for (const path of files(LIB)) {
    if (/io\/(?:file_system|file_types|disk_system)\.ts$/.test(path)) continue;
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
