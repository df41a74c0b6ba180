// The inspect command: what is in a file, folder, checkpoint or URL, what is wrong with it, and what a network would do
// with it.

import { type FieldMap, type FieldTransforms, openData } from "walrus";
import { isUrl, openSource, parseYaml } from "walrus/io";
import { openModel } from "walrus/models";
import { choice, command, type Context, EXIT, wholeNumber } from "../cli.ts";
import { pair, transform } from "../forecast/options.ts";
import { startProgress } from "../forecast/progress.ts";
import { DATA, MODEL } from "../shipped.ts";
import { checkData, findFaults, sortedFindings } from "./check.ts";
import { describeCheckpoint } from "./checkpoint.ts";
import { hdf5Contents, numpyContents } from "./contents.ts";
import { type Chosen, chosenTrajectory, describeSplits, describeTrajectory } from "./data.ts";
import { type Target, targetOf } from "./kind.ts";
import { describeNetwork, type Network, openNetwork, tableOf } from "./network.ts";
import { linesOf } from "./print.ts";
import type {
  ConfigurationReport,
  ContentsReport,
  DataReport,
  Finding,
  Report,
  UseReport,
} from "./report.ts";
import { type Backend, BACKENDS, describeStep } from "./steps.ts";
import { describeUse } from "./use.ts";
import { readValues } from "./values.ts";

/** Checked options. */
interface Options {
  readonly checkpoint?: string;
  readonly config?: string;
  readonly family?: string;
  readonly split?: string;
  readonly trajectory?: number;
  readonly frames?: number;
  readonly map?: FieldMap;
  readonly transform?: FieldTransforms;
  readonly backend?: Backend;
  readonly time: boolean;
  readonly values: boolean;
  readonly check: boolean;
  readonly fields: boolean;
  readonly tensors: boolean;
  readonly json: boolean;
}

/** A report, and why the command fails all the same; null where it does not. */
interface Inspected {
  readonly report: Report;
  readonly failed: string | null;
}

const LARGEST_CONFIG = 1 << 20;

/** Trajectories whose numbers are read: all, or those that were asked for. */
async function readable(
  data: Awaited<ReturnType<typeof openData>>,
  { split, trajectory }: Options,
): Promise<[string, Chosen["trajectory"]][]> {
  const found: [string, Chosen["trajectory"]][] = [];
  for (const name of split === undefined ? data.splits : [split]) {
    const opened = await data.split(name);
    for (let i = 0; i < opened.trajectories; i++) {
      if (trajectory !== undefined && (i !== trajectory || found.length > 0)) continue;
      const place = data.splits.length > 1 ? `${name} trajectory ${i}` : `trajectory ${i}`;
      found.push([place, opened.trajectory(i)]);
    }
  }
  return found;
}

/** What the network makes of the data. */
async function useOf(
  network: Network,
  { trajectory }: Chosen,
  data: Awaited<ReturnType<typeof openData>>,
  options: Options,
  { signal, registry }: Context,
): Promise<UseReport> {
  const given = {
    map: options.map ?? {},
    ...(options.transform ? { transforms: options.transform } : {}),
    ...(options.frames === undefined ? {} : { frames: options.frames }),
  };
  const { shape, ...use } = describeUse(network.model, trajectory.info, given);
  const steps = [];
  if (use.refused === null) {
    const statistics = await data.statistics();
    const common = { ...given, network, shape, trajectory, statistics, time: options.time, signal, registry };
    for (const backend of options.backend ? [options.backend] : BACKENDS) {
      signal.throwIfAborted();
      steps.push(await describeStep(backend, common));
    }
  }
  const used = new Map(
    use.fields.flatMap(({ name, columns }) => (columns ?? []).map((at) => [at, name] as const)),
  );
  const table = options.fields ? tableOf(network.model, used) : null;
  return { name: network.name, ...use, steps, table };
}

async function inspectData(input: string, options: Options, context: Context): Promise<Inspected> {
  const faults = options.check ? await findFaults(input) : null;
  if (faults?.some(({ level }) => level === "fatal")) return await inspectContents(input, faults);
  let opened;
  try {
    opened = await openData(input);
  } catch (error) {
    const contents = await inspectContents(input, faults).catch(() => null);
    if (contents === null || !(error instanceof SyntaxError)) throw error;
    return { ...contents, failed: error.message };
  }
  using data = opened;
  const splits = await describeSplits(data);
  const chosen = await chosenTrajectory(data, options.split, options.trajectory ?? 0);
  const { split, index, trajectory } = chosen;
  const described = await describeTrajectory(trajectory, split.name, index);
  let values = null;
  if (options.values || options.check) {
    const trajectories = await readable(data, options);
    using progress = startProgress("read trajectory", trajectories.length, {
      // What takes no time needs no progress.
      warn: trajectories.length > 8 ? context.warn : () => {},
      ...(context.interactive && trajectories.length > 8 ? { interactive: true } : {}),
    });
    values = await readValues(trajectories, context.signal, (done) => progress.update(done));
  }
  const { checkpoint, config, family } = options;
  const named = checkpoint !== undefined || config !== undefined || family !== undefined;
  const network = await openNetwork(
    named
      ? {
        ...(checkpoint === undefined ? {} : { checkpoint }),
        ...(config === undefined ? {} : { config }),
        ...(family === undefined ? {} : { family }),
      }
      : { checkpoint: MODEL },
    context.registry,
  );
  const use = await useOf(network, chosen, data, options, context);
  const warned = data.warnings.map((what): Finding => ({ level: "note", file: null, what, mend: null }));
  const report: DataReport = {
    kind: "data",
    name: input,
    format: data.format,
    dataset: data.name,
    splits,
    warnings: data.warnings,
    trajectory: described,
    statistics: (await data.statistics()) !== null,
    values,
    network: use,
    findings: faults && sortedFindings([
      ...faults,
      ...checkData({ trajectory: described, values, network: use }),
      ...faults.length === 0 ? warned : [],
    ]),
  };
  for (const warning of options.check ? [] : data.warnings) context.warn(`warning: ${warning}`);
  return { report, failed: failureOf(input, report.findings) };
}

/** Why a checked report fails, in words that name the file. */
function failureOf(name: string, findings: readonly Finding[] | null): string | null {
  const faults = (findings ?? []).filter(({ level }) => level !== "note");
  if (faults.length === 0) return null;
  if (faults.length > 1) return `"${name}" has ${faults.length} faults`;
  const { what } = faults[0]!;
  return what.includes(name) ? what : `"${name}": ${what}`;
}

/** What is in files that can not be read as data. */
async function inspectContents(input: string, findings: readonly Finding[] | null): Promise<Inspected> {
  const contents = /\.np[yz]$/i.test(input) ? await numpyContents(input) : await hdf5Contents(input);
  const refused = findings?.find(({ level }) => level === "fatal")?.what ??
    `Cannot open "${input}" as data: NumPy arrays need an arrays.yaml beside them (docs/data.md), open its folder`;
  const report: ContentsReport = { kind: "contents", name: input, ...contents, refused, findings };
  return { report, failed: failureOf(input, findings) ?? refused };
}

async function inspectCheckpoint(input: string, options: Options, context: Context): Promise<Inspected> {
  const { config, check } = options;
  const report = await describeCheckpoint(input, { config, check }, context);
  return { report, failed: failureOf(input, report.findings) };
}

/** A network's configuration; other YAML files are told apart in words. */
async function inspectConfiguration(
  input: string,
  { family }: Options,
  { registry }: Context,
): Promise<Inspected> {
  using source = await openSource(input);
  if (source.size > LARGEST_CONFIG) {
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
  const report: ConfigurationReport = {
    kind: "configuration",
    name: input,
    network: describeNetwork(model, []),
  };
  return { report, failed: null };
}

const INSPECT: Readonly<
  Record<Target["kind"], (input: string, options: Options, context: Context) => Promise<Inspected>>
> = {
  data: inspectData,
  checkpoint: inspectCheckpoint,
  configuration: inspectConfiguration,
  arrays: (input) => inspectContents(input, null),
};

/** Whether an option names a URL of another machine. */
function isRemote(name: string | undefined): boolean {
  return name !== undefined && isUrl(name) && !name.startsWith("file:");
}

/** The inspect command. */
export const inspect = command<Options>({
  name: "inspect",
  description:
    "Tells what is in data or in a checkpoint, what is wrong with it, and what a network would do with it.",
  declare: (reader) => {
    reader
      .argument("[what]", "file, folder, checkpoint or URL (default: a shipped simulation)")
      .option("--checkpoint <file|url>", "network that data are held against (default: the shipped model)")
      .option("--config <file|url>", "its configuration (default: beside the checkpoint)")
      .option("--family <name>", "family of a configuration without a checkpoint (default: the first)")
      .option("--split <name>", "split of a data set (default: its first; --values and --check: all)")
      .option("--trajectory <i>", "which trajectory (default: 0; --values and --check: all)", wholeNumber(0))
      .option("--frames <n>", "input frames (default: as the network takes them)", wholeNumber(1))
      .option("--map <field=name>", "field of the file = name in the model's table", pair("FIELD=NAME"))
      .option("--transform <field=kind>", "log10 or zeros_like; none (default: as released)", transform)
      .addOption(choice("--backend <name>", "the only backend to plan for (default: all)", BACKENDS))
      .option("--time", "run a step on each backend instead of estimating it", false)
      .option("--values", "read all numbers: ranges, means, NaN", false)
      .option("--check", "name every fault, with what would mend it; exit code 1 where there is one", false)
      .option("--fields", "the whole field table of the network", false)
      .option("--tensors", "every tensor of a checkpoint", false)
      .option("--json", "the report as JSON", false);
  },
  async run(options, context, [what = DATA]) {
    const { checkpoint, config } = options;
    if (![what, checkpoint, config].some(isRemote)) await context.dropNetwork?.();
    const { kind, input } = await targetOf(what);
    const { report, failed } = await INSPECT[kind](input, options, context);
    if (options.json) context.print(JSON.stringify(report, null, 2));
    else for (const line of linesOf(report, options, context.screen)) context.print(line);
    if (failed === null) return EXIT.done;
    context.warn(`error: ${failed}`);
    return EXIT.failed;
  },
});
