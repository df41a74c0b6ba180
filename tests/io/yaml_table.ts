// How documents are read that Hydra's users write, beside what OmegaConf makes of them (fixtures/yaml/record.py), and the
// table of docs/yaml.md: `deno run --allow-read --allow-write=docs tests/io/yaml_table.ts` writes it.

import { isDeepStrictEqual } from "node:util";
import { parseYaml } from "../../lib/io/yaml.ts";
import { OpenValue, resolveReferences } from "../../lib/io/yaml_references.ts";
import { fixture, inRepository } from "../shared.ts";

/** A document and what OmegaConf made of it: a value, or the kind of its error. */
export interface YamlCase {
  readonly what: string;
  readonly yaml: string;
  readonly value?: unknown;
  readonly error?: string;
}

/** What is made of it here. */
export interface Reading {
  readonly value?: unknown;
  /** Why it is refused. */
  readonly refused?: string;
}

/** All cases. */
export async function yamlCases(): Promise<YamlCase[]> {
  return JSON.parse(await Deno.readTextFile(fixture("yaml/omegaconf.json")));
}

/** Values as the recording has them. */
function plain(value: unknown): unknown {
  if (value instanceof OpenValue) throw new SyntaxError(value.why);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { float: Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf" };
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Reads a document as configurations are read. */
export function readCase({ yaml }: YamlCase): Reading {
  try {
    return { value: plain(resolveReferences(parseYaml(yaml, "x.yaml"), "x.yaml")) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { refused: error.message.replace('Cannot read "x.yaml": ', "").replace(/ \(\d+:\d+\)$/, "") };
  }
}

/** Whether a reading is OmegaConf's: the same value, or refused by both. */
export function agrees(wanted: YamlCase, reading: Reading): boolean {
  return wanted.error === undefined
    ? reading.refused === undefined && isDeepStrictEqual(reading.value, wanted.value)
    : reading.refused !== undefined;
}

/** Text within a table. */
function cell(text: string): string {
  const escaped = text.replaceAll("\n", "⏎").replaceAll("|", "\\|");
  return text === "" ? "" : escaped.includes("`") ? escaped : `\`${escaped}\``;
}

function row(wanted: YamlCase): string {
  const reading = readCase(wanted);
  const omega = wanted.error === undefined ? cell(JSON.stringify(wanted.value)) : `refused (${wanted.error})`;
  const here = reading.refused !== undefined
    ? `refused: ${reading.refused.replaceAll("|", "\\|").replaceAll("<", "&lt;")}`
    : agrees(wanted, reading)
    ? "the same"
    : cell(JSON.stringify(reading.value));
  return `| ${wanted.what.replaceAll("|", "\\|")} | ${cell(wanted.yaml)} | ${omega} | ${here} |`;
}

/** The table as Markdown. */
export async function yamlTable(): Promise<string> {
  const rows = (await yamlCases()).map(row);
  return [
    "| construct | written (⏎ ends a line) | OmegaConf 2.4.0 reads | read here |",
    "| --- | --- | --- | --- |",
    ...rows,
  ]
    .join("\n");
}

/** Where the table stands in the document. */
export const TABLE = /(?<=<!-- table -->\n\n)[^]*?(?=\n\n<!-- end of table -->)/;

if (import.meta.main) {
  const path = inRepository("docs/yaml.md");
  const table = await yamlTable();
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace(TABLE, () => table));
}
