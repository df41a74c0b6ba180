// The kernels' modules import only downwards, as the folders of lib do.

import assert from "node:assert/strict";
import { inRepository } from "./shared.ts";

/** Sources of a crate by module path; the crate itself is "". */
type Crate = ReadonlyMap<string, string>;

/** Source without comments and native tests, which import what they test. */
function code(source: string): string {
  const untested = source.replace(/#\[cfg\(test\)\]\nmod \w+(;| \{[\s\S]*)/g, "");
  return untested.replace(/\/\/.*$/gm, "");
}

function readCrate(folder: string, prefix = ""): [string, string][] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }): [string, string][] => {
    if (isDirectory) return readCrate(`${folder}/${name}`, `${prefix}${name}::`);
    const module = name.replace(/\.rs$/, "");
    if (module === "tests") return [];
    return [[module === "lib" ? "" : prefix + module, code(Deno.readTextFileSync(`${folder}/${name}`))]];
  });
}

/** The module a path leads into, seen from a module; what it names in there does not matter. */
function resolve(crate: Crate, from: string, path: readonly string[]): string {
  const [first, ...rest] = path;
  let at = first === "crate" ? [] : from.split("::").filter((part) => part !== "");
  if (first === "super") at = at.slice(0, -1);
  for (const part of rest) {
    if (part === "super") at = at.slice(0, -1);
    else if (crate.has([...at, part].join("::"))) at = [...at, part];
    else break;
  }
  return at.join("::");
}

/** Modules that a module names by a path or declares. */
function importsOf(crate: Crate, module: string): string[] {
  const source = crate.get(module) ?? "";
  const named = [...source.matchAll(/\b((?:crate|self|super)(?:::\w+)*)(?:::\{([^}]*)\})?/g)];
  const paths = named.flatMap(([, start = "", list = ""]) => {
    const path = start.split("::");
    const ends = list.split(",").map((end) => end.trim()).filter((end) => end !== "");
    return ends.length === 0 ? [path] : ends.map((end) => [...path, ...end.split("::")]);
  }).filter((path) => path.length > 1);
  const declared = [...source.matchAll(/^\s*(?:pub(?:\(\w+\))? )?mod (\w+);/gm)];
  const found = [...paths, ...declared.map(([, name]) => ["self", name!])].map((path) =>
    resolve(crate, module, path)
  );
  return [...new Set(found)].filter((other) => other !== module);
}

/** A circle of imports, or null. */
function circle(crate: Crate): string | null {
  const done = new Set<string>();
  const visit = (module: string, trail: readonly string[]): string | null => {
    if (trail.includes(module)) return [...trail.slice(trail.indexOf(module)), module].join(" -> ");
    if (done.has(module)) return null;
    for (const other of importsOf(crate, module)) {
      const found = visit(other, [...trail, module]);
      if (found) return found;
    }
    done.add(module);
    return null;
  };
  for (const module of crate.keys()) {
    const found = visit(module, []);
    if (found) return found;
  }
  return null;
}

Deno.test("the kernels' modules have no import circles", () => {
  const crate = new Map(readCrate(inRepository("wasm/src")));
  const edges = [...crate.keys()].reduce((n, module) => n + importsOf(crate, module).length, 0);
  assert.ok(crate.size > 30 && edges > 100, `${crate.size} modules, ${edges} imports`);
  assert.equal(circle(crate), null);
});

Deno.test("circles of Rust modules are found, whichever way a module is named", () => {
  const crates: [Record<string, string>, string | null][] = [
    [{ a: "use crate::b::{x, y};", b: "use crate::c;", c: "" }, null],
    [{ a: "use crate::b::x;", b: "fn f() { crate::a::g() }" }, "a -> b -> a"],
    [{ a: "use crate::{c, b};", b: "use super::c::x;", c: "use crate::a;" }, "a -> c -> a"],
    [{ a: "mod b;", "a::b": "use super::X;" }, "a -> a::b -> a"],
    [
      { a: "mod b;\nmod c;", "a::b": "use super::c::X;", "a::c": "use super::{\n    b::Y,\n};" },
      "a::b -> a::c -> a::b",
    ],
    [
      { a: "mod b;", "a::b": "use self::c::X;", "a::b::c": "use super::super::Y;" },
      "a -> a::b -> a::b::c -> a",
    ],
  ];
  for (const [sources, want] of crates) {
    assert.equal(circle(new Map(Object.entries(sources))), want);
  }
});
