// Reports of what is no data: checkpoints, configurations, and files whose arrays can only be listed.

import type { HubOptions } from "walrus/hub";
import { openSource, parseYaml } from "walrus/io";
import { modelEntry, openModel } from "walrus/models";
import type { Context } from "../cli.ts";
import { describeCheckpoint } from "./checkpoint.ts";
import { hdf5Contents, numpyContents } from "./contents.ts";
import { describeNetwork, listedData } from "./network.ts";
import type { InspectOptions } from "./options.ts";
import type { Finding, Report } from "./report.ts";

/** A report, and why the command fails all the same; null where it does not. */
export interface Inspected {
  readonly report: Report;
  readonly failed: string | null;
}

/** Most bytes of a configuration. */
const LARGEST = 1 << 20;

/** Why a checked report fails, in words that name the file. */
export function failureOf(name: string, findings: readonly Finding[] | null): string | null {
  const faults = (findings ?? []).filter(({ level }) => level !== "note");
  if (faults.length === 0) return null;
  if (faults.length > 1) return `"${name}" has ${faults.length} faults`;
  const { what } = faults[0]!;
  return what.includes(name) ? what : `"${name}": ${what}`;
}

/**
 * What is in a file that can not be read as data.
 *
 * @param input path, URL or name on a Hub
 * @param findings faults of it; null where it was not checked
 * @param options why it is no data, the first fatal fault unless given; how a Hub is reached
 */
export async function inspectContents(
  input: string,
  findings: readonly Finding[] | null,
  { refused, hub }: { readonly refused?: string; readonly hub?: HubOptions | undefined } = {},
): Promise<Inspected> {
  const contents = /\.np[yz]$/i.test(input) ? await numpyContents(input) : await hdf5Contents(input, hub);
  const why = refused ?? findings?.find(({ level }) => level === "fatal")?.what ??
    `Cannot open "${input}" as data: NumPy arrays need an arrays.yaml beside them (docs/data.md), open its folder`;
  return {
    report: { kind: "contents", name: input, ...contents, refused: why, findings },
    failed: failureOf(input, findings) ?? why,
  };
}

/** Inspects a checkpoint. */
export async function inspectCheckpoint(
  input: string,
  { config, check }: InspectOptions,
  context: Context,
): Promise<Inspected> {
  const report = await describeCheckpoint(input, { config, check }, context);
  return { report, failed: failureOf(input, report.findings) };
}

/** Inspects a network's configuration; other YAML files are told apart in words. */
export async function inspectConfiguration(
  input: string,
  { family }: InspectOptions,
  { registry }: Context,
): Promise<Inspected> {
  using source = await openSource(input);
  if (source.size > LARGEST) {
    throw new SyntaxError(`Cannot read "${input}": it has ${source.size} bytes, wanted a configuration`);
  }
  const text = new TextDecoder().decode(await source.read(0, source.size));
  const tree = parseYaml(text, input);
  const keys = typeof tree === "object" && tree !== null ? Object.keys(tree) : [];
  if (keys.includes("mean") && keys.includes("std")) {
    throw new SyntaxError(`"${input}" holds the statistics of data: inspect the folder that it lies in`);
  }
  if (!keys.includes("model")) {
    const has = keys.length > 0 ? `it has ${keys.slice(0, 5).join(", ")}` : "it has no entries";
    throw new SyntaxError(`Cannot tell what "${input}" is: ${has}, wanted model, or an arrays.yaml`);
  }
  const model = await openModel({ config: input, ...(family === undefined ? {} : { family }) }, registry);
  const trainedOn = await listedData(
    { [modelEntry(model.family, registry).configFiles[0]!]: text },
    model,
    registry,
  );
  return {
    report: { kind: "configuration", name: input, network: describeNetwork(model, trainedOn) },
    failed: null,
  };
}
