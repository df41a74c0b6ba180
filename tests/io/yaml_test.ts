// YAML is read as OmegaConf reads it, or refused; the table of docs/yaml.md says so.

import assert from "node:assert/strict";
import { parseYaml } from "../../lib/io/yaml.ts";
import { writeYaml } from "../../lib/io/yaml_writer.ts";
import { OpenValue, resolveReferences } from "../../lib/io/yaml_references.ts";
import { parseConfig } from "../../lib/models/walrus/extended_config.ts";
import { fixture, inRepository } from "../shared.ts";
import { agrees, readCase, TABLE, yamlCases, yamlTable } from "./yaml_table.ts";

/** A document that is one value: OmegaConf has no such configurations, overrides are such. */
const READ_HERE_ONLY = ["text at the root"];

Deno.test("parseYaml() and resolveReferences() give what OmegaConf gives, or refuse", async () => {
  const cases = await yamlCases();
  assert.ok(cases.length > 90);
  const refusedHereOnly: string[] = [];
  for (const wanted of cases) {
    const reading = readCase(wanted);
    if (agrees(wanted, reading) || READ_HERE_ONLY.includes(wanted.what)) continue;
    assert.ok(
      reading.refused,
      `${wanted.what}: ${JSON.stringify(reading.value)}, not ${JSON.stringify(wanted)}`,
    );
    refusedHereOnly.push(wanted.what);
  }
  // Tags of Python and resolvers; everything else that OmegaConf reads is read.
  for (const what of refusedHereOnly) assert.match(what, /^(tag|oc\.|dash alone|empty document)/);
});

Deno.test("the table of docs/yaml.md is that of the recording", async () => {
  const [table] = TABLE.exec(await Deno.readTextFile(inRepository("docs/yaml.md"))) ?? [];
  // The formatter pads cells.
  const unpadded = (text = "") => text.replace(/ +/g, " ").replace(/-{3,}/g, "---").split("\n");
  assert.deepEqual(unpadded(table), unpadded(await yamlTable()));
});

Deno.test("cases of YAML that others met", async () => {
  const read = async (name: string) =>
    parseConfig(await Deno.readTextFile(fixture(`cases/${name}`)), name).config;
  assert.equal((await read("merge_key.yaml")).prediction, "full");
  assert.equal((await read("bool_yes.yaml")).causal, true);
});

Deno.test("writeYaml() writes what parseYaml() reads back: texts that look like other values are quoted", () => {
  const texts = [
    "yes",
    "no",
    "on",
    "y",
    "null",
    "~",
    "1e5",
    "1_000",
    "0o7",
    "017",
    "12:30",
    "2024-01-31",
    "<<",
    ".5",
    "=",
  ];
  const value = {
    texts,
    numbers: [1e-5, 1e21, -0.5, 3, 1.5e300],
    "yes": 1,
    none: null,
    flags: [true, false],
  };
  assert.deepEqual(parseYaml(writeYaml(value)), value);
});

Deno.test("parseConfig() refuses references that stay open by name, where they are used", async () => {
  const text = await Deno.readTextFile(fixture("golden/checkpoints/extended_config.yaml"));
  const change = (from: string, to: string) => {
    assert.ok(text.includes(from), from);
    return () => parseConfig(text.replace(from, () => to), "c.yaml");
  };
  const refused: [string, RegExp][] = [
    [
      "${oc.env:WIDTH}",
      /"c.yaml": model.hidden_dim is "\$\{oc.env:WIDTH\}" \(the resolver oc.env is not read/,
    ],
    ["${model.width}", /model.hidden_dim is ".*" \(there is no model.width in it\), wanted number/],
    ["???", /model.hidden_dim is "\?\?\?" \(it is a value that must be given/],
    ["${.hidden_dim}", /it refers to itself/],
  ];
  for (const [to, words] of refused) assert.throws(change("hidden_dim: 32", `hidden_dim: ${to}`), words);
  assert.equal(change("hidden_dim: 32", "hidden_dim: ${.wide}\n  wide: 32")().config.hiddenDim, 32);
  // Where nothing uses it.
  assert.equal(change("experiment_dir: runs", "experiment_dir: ${oc.env:HOME}/runs")().config.hiddenDim, 32);
});

Deno.test("parseConfig() names keys that would change a forecast and are not computed with", async () => {
  const text = await Deno.readTextFile(fixture("golden/checkpoints/extended_config.yaml"));
  const warned = (from: string, to: string) => parseConfig(text.replace(from, to), "c.yaml").warnings;
  assert.deepEqual(warned("x", "x"), []);
  assert.deepEqual(warned("  groups: 2\n", "  groups: 2\n  qk_norm: false\n"), [
    "c.yaml: model.qk_norm is not known and not computed with",
  ]);
  assert.deepEqual(warned("      mlp_dim: null", "      mlp_dim: null\n      window: 7"), [
    "c.yaml: model.processor.space_mixing.window is not known and not computed with",
  ]);
  assert.deepEqual(warned("static_axes: true", "static_axes: false"), [
    "c.yaml: model.static_axes is false, computed with is true",
  ]);
  assert.deepEqual(warned("  prediction_type: delta", "  prediction_typ: full"), [
    "c.yaml: trainer.prediction_typ is not known, perhaps prediction_type was meant",
  ]);
});

Deno.test("resolveReferences() refuses references that multiply, and stops at deep ones", () => {
  const wide: Record<string, unknown> = { a0: [1, 1] };
  for (let i = 1; i < 40; i++) wide[`a${i}`] = { x: `\${a${i - 1}}`, y: `\${a${i - 1}}` };
  assert.throws(() => resolveReferences(wide, "w.yaml"), /"w.yaml": it expands to more than 100000 values/);
  const deep: Record<string, unknown> = { b0: 1 };
  for (let i = 1; i < 1000; i++) deep[`b${i}`] = `\${b${i - 1}}`;
  const entries = Object.entries(deep).reverse();
  const { b999 } = resolveReferences(Object.fromEntries(entries)) as Record<string, unknown>;
  assert.ok(b999 instanceof OpenValue && /references deep/.test(b999.why));
});
