// Draws a report for a terminal: the important first, columns aligned, one line a fact.

import type { Context } from "../cli.ts";
import { bytes } from "../words.ts";
import { columns, counted, digitsOf, short, wrapped } from "./layout.ts";
import { countOf } from "./network.ts";
import type {
  AxisReport,
  CheckpointReport,
  ComponentValues,
  ConfigurationReport,
  ContentsReport,
  DataReport,
  Finding,
  NetworkReport,
  Range,
  Report,
  StepReport,
  TableRow,
  TensorReport,
  UseReport,
} from "./report.ts";

const ORDERS = ["scalar", "vector", "matrix"] as const;

/** What is printed besides what always is. */
export interface PrintOptions {
  /** Every tensor. */
  readonly tensors: boolean;
  /** The field table. */
  readonly fields: boolean;
}

/** Lines of a table under an empty line; nothing where it has no rows. */
type Section = readonly string[];

function section(
  rows: readonly (readonly string[])[],
  width: number,
  right: readonly number[] = [],
): Section {
  return rows.length > 1 ? ["", ...columns(rows, width, right)] : [];
}

function rangeWords({ first, last, step }: Range): string {
  const spacing = step === null ? "uneven" : `every ${short(step)}`;
  return first === last ? short(first) : `${short(first)} to ${short(last)}, ${spacing}`;
}

function axisRow({ name, points, coordinates, boundary }: AxisReport): string[] {
  const sides = boundary === null
    ? "-"
    : boundary[0] === boundary[1]
    ? boundary[0]
    : `${boundary[0]} at the near side, ${boundary[1]} at the far side`;
  return [name, String(points), rangeWords(coordinates), sides];
}

/** A field's columns and what is done with it. */
function useWords(use: UseReport["fields"][number] | undefined): string {
  if (!use) return "";
  if (use.columns === null) {
    return use.near.length > 0 ? `unknown, did you mean ${use.near.join(", ")}?` : "unknown";
  }
  return [
    `${use.columns.length > 1 ? "columns" : "column"} ${use.columns.join(", ")}`,
    use.transform ? `read as ${use.transform}_${use.name}` : "",
    use.learnt === false ? "not learnt" : "",
  ].filter(Boolean).join("; ");
}

function valueRow({ name, nan, infinite, least, most, mean, deviation, changes }: ComponentValues): string[] {
  const digits = digitsOf(Math.max(Math.abs(least ?? 0), Math.abs(most ?? 0)), deviation ?? 0);
  return [
    name,
    short(least, digits),
    short(most, digits),
    short(mean, digits),
    short(deviation),
    String(nan),
    String(infinite),
    changes ? "yes" : "no",
  ];
}

function secondsWords({ seconds, measured }: StepReport): string {
  if (seconds === null) return "-";
  const value = seconds >= 100 ? `${Math.round(seconds)} s` : `${seconds.toPrecision(2)} s`;
  return measured ? value : `about ${value}`;
}

function stepRow(step: StepReport): string[] {
  const { backend, device, problem, weights, working, rate } = step;
  const memory = weights === null || working === null ? "-" : bytes(weights + working);
  const speed = rate === null ? "" : `, ${Number((rate / 1e9).toPrecision(2))} GFLOP/s`;
  const on = device === null
    ? ""
    : `${device.replace(`${backend} `, "").replace(/^\((.*)\)$/, "$1")}${speed}`;
  return [backend, memory, secondsWords(step), [problem, on].filter(Boolean).join("; ")];
}

function findingLines(findings: readonly Finding[] | null, width: number): Section {
  if (findings === null) return [];
  if (findings.length === 0) return ["", "no faults found"];
  return [
    "",
    ...findings.flatMap(({ level, file, what, mend }) => {
      const text = file === null ? what : `${file}: ${what}`;
      return columns([[level, text], ...mend === null ? [] : [["", `mend: ${mend}`]]], width);
    }),
  ];
}

function tableLines(table: readonly TableRow[] | null, width: number): Section {
  if (table === null) return ["", "the network knows fields by no name"];
  const used = table.some(({ field }) => field !== null);
  const rows = table.map(({ column, name, field }) => [String(column), name, ...used ? [field ?? ""] : []]);
  return section([["column", "name", ...used ? ["field of the data"] : []], ...rows], width, [0]);
}

function useLines(use: UseReport, steps: number, { fields }: PrintOptions, width: number): string[] {
  const { usual, most } = use.frames;
  const cut = [...use.tokens === null ? [] : [`${use.tokens}, ${use.tokens / usual} a frame`], ...use.grid];
  const words = [
    ["network", `${use.family}, ${use.description}: ${use.name}`],
    ["frames in", `${usual}${most === null ? "" : ` (at most ${most})`}, the data have ${steps}`],
    ...use.seen
      ? [["trained on", `${use.seen.trajectories} trajectories of this data set, split ${use.seen.split}`]]
      : [],
    ...cut.map((line, i) => [i === 0 ? "tokens" : "", line]),
    ...use.refused === null ? [] : [["refused", use.refused]],
  ];
  const rows = [["backend", "memory", "a step", "on"], ...use.steps.map(stepRow)];
  return [
    "",
    ...columns(words, width),
    ...section(rows, width, [1, 2]),
    ...fields ? tableLines(use.table, width) : [],
  ];
}

function dataLines(report: DataReport, options: PrintOptions, width: number): string[] {
  const { name, format, dataset, scenario, splits, trajectory, network, values, findings } = report;
  const { split, index, steps, time, system, axes, fields, scalars, hidden } = trajectory;
  const count = splits.map(({ name, trajectories }) => `${name} ${trajectories}`).join(", ");
  const parameters = Object.entries(scalars).map(([name, value]) => `${name} ${short(value)}`).join(", ");
  const masks = fields.filter(({ mask }) => mask !== null).map(({ name }) => name);
  const facts = [
    ["data", name],
    ["data set", `${dataset} (format ${format})`],
    ...scenario === null
      ? []
      : [["in the paper", `${scenario}; deno task scenarios ${scenario} tells more`] as const],
    ["trajectories", count],
    ["shown", `trajectory ${index} of ${split}: ${steps} frames, time ${rangeWords(time)}`],
    ["grid", `${axes.map(({ points }) => points).join(" x ")} points, ${system}`],
    ...parameters ? [["parameters", parameters]] : [],
    ...hidden ? [["hidden", `${hidden.cells} of ${hidden.of} cells, by ${masks.join(", ")}`]] : [],
    ["stats.yaml", report.statistics ? "there" : "none beside the data"],
  ];
  const uses = new Map(network?.fields.map((use) => [use.name, use]));
  const fieldRows = fields.map(({ name, order, constant, mask }) => [
    name,
    mask === null ? ORDERS[order] ?? `order ${order}` : `mask, not 0 where ${mask}`,
    constant ? "constant" : "varies",
    useWords(uses.get(name)),
  ]);
  const valueHead = ["numbers of", "least", "most", "mean", "deviation", "NaN", "infinite", "changes"];
  return [
    ...columns(facts, width),
    ...section([["axis", "points", "coordinates", "boundary"], ...axes.map(axisRow)], width, [1]),
    ...section([["field", "kind", "in time", "in the network's table"], ...fieldRows], width),
    ...section([valueHead, ...(values ?? []).map(valueRow)], width, [1, 2, 3, 4, 5, 6]),
    ...network ? useLines(network, steps, options, width) : [],
    ...findingLines(findings, width),
  ];
}

function networkLines(network: NetworkReport): string[][] {
  const { family, description, parameters, trained, draws, kvCache, trainedOn, table, config } = network;
  const others = parameters === trained ? "" : `, ${counted(parameters - trained)} of them fixed`;
  const plain = Object.entries(config ?? {}).filter(([, value]) =>
    typeof value !== "object" || value === null
  );
  return [
    ["network", `${family}, ${description}`],
    ["parameters", `${counted(parameters)}${others}`],
    ["random draws", draws ? "yes (--no-jitter leaves them out)" : "no"],
    ["KV cache", kvCache ? "yes (--kv-cache)" : "no"],
    ["settings", plain.map(([name, value]) => `${name} ${value}`).join(", ")],
    ["fields", table === null ? "of any name" : `${table.length} in its table (--fields)`],
    ["trained on", trainedOn.length > 0 ? trainedOn.join(", ") : "its files do not say"],
  ];
}

/** What fields it was trained on, and between which numbers. */
function learntLines({ learnt }: NetworkReport, width: number): Section {
  if (learnt === null) return [];
  const rows = Object.entries(learnt.fields).map(([name, { low, high, systems }]) => [
    name,
    short(low),
    short(high),
    systems.join(", "),
  ]);
  const others = learnt.complete
    ? []
    : ["", "it began with a network of which it is not known what that had learnt"];
  return [...section([["learnt field", "least", "most", "in"], ...rows], width, [1, 2]), ...others];
}

function tensorRows(tensors: readonly TensorReport[]): string[][] {
  return tensors.map(({ name, dtype, shape }) => [
    dtype,
    shape.length === 0 ? "one number" : shape.join(" x "),
    name,
  ]);
}

function checkpointLines(report: CheckpointReport, options: PrintOptions, width: number): string[] {
  const { name, format, notes, unread, tensors, metadata, network, refused, findings } = report;
  const types = Object.entries(Object.groupBy(tensors, ({ dtype }) => dtype))
    .map(([dtype, list]) => `${list!.length} ${dtype}`);
  const numbers = tensors.reduce((sum, { shape }) => sum + countOf(shape), 0);
  const texts = Object.entries(metadata).map(([key, text]) => `${key} ${text}`).join(", ");
  const facts = [
    ["checkpoint", `${name} (${format})`],
    ["tensors", `${tensors.length}: ${types.join(", ") || "none"}; ${counted(numbers)} numbers`],
    ...texts ? [["metadata", texts]] : [],
    ...notes.map((note, i) => [i === 0 ? "notes" : "", note]),
    ...Object.entries(unread).map(([tensor, why], i) => [i === 0 ? "not read" : "", `${tensor}: ${why}`]),
    ...network ? networkLines(network) : [],
    // A check names it among the faults.
    ...refused === null || findings !== null ? [] : [["no network", refused]],
  ];
  // Without a network the tensors are all there is to tell by.
  const listed = options.tensors || refused !== null && tensors.length <= 40;
  return [
    ...columns(facts, width),
    ...network ? learntLines(network, width) : [],
    ...listed ? section([["type", "shape", "tensor"], ...tensorRows(tensors)], width) : [],
    ...network && options.fields ? tableLines(network.table, width) : [],
    ...findingLines(findings, width),
  ];
}

function configurationLines({ name, network }: ConfigurationReport, { fields }: PrintOptions, width: number) {
  const facts = [["configuration", name], ...networkLines(network)];
  return [...columns(facts, width), ...fields ? tableLines(network.table, width) : []];
}

function contentsLines({ name, format, arrays, findings }: ContentsReport, width: number): string[] {
  return [
    ...wrapped(`${name} (${format}), no data that can be read as simulations`, width),
    ...section([["type", "shape", "array"], ...tensorRows(arrays)], width),
    ...findingLines(findings, width),
  ];
}

/** Lines of a report. */
export function linesOf(report: Report, options: PrintOptions, screen: Context["screen"]): string[] {
  const width = screen?.columns ?? 100;
  switch (report.kind) {
    case "data":
      return dataLines(report, options, width);
    case "checkpoint":
      return checkpointLines(report, options, width);
    case "configuration":
      return configurationLines(report, options, width);
    case "contents":
      return contentsLines(report, width);
  }
}
