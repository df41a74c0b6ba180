// Scenarios in words: a line each for a list, a page for one.

import { columnsOf, type Scenario, type ScenarioField } from "walrus/models/walrus";

/** Points of the grid: `256 x 256`. */
export function gridOf({ grid }: Scenario): string {
  return grid.join(" x ");
}

/** Frames of a trajectory: `20 or 60`. */
export function framesOf({ frames }: Scenario): string {
  return frames.join(" or ");
}

/** What holds at the sides: `x wall, y open`. */
export function boundariesOf({ boundaries, axes }: Scenario): string {
  if (!boundaries) return "a sphere, without sides";
  const words = boundaries.map(([low, high]) => low === high ? low : `${low} and ${high}`);
  return new Set(words).size === 1 ? words[0]! : axes.map((axis, i) => `${axis} ${words[i]}`).join(", ");
}

/** A field with its tensor order; constant ones in brackets. */
export function fieldOf({ name, order, constant }: ScenarioField): string {
  const word = ["", " (vector)", " (matrix)"][order] ?? "";
  return constant ? `[${name}]` : `${name}${word}`;
}

/** Columns of a field in the network's table: `4, 5`. */
export function columnWords(scenario: Scenario, field: ScenarioField): string {
  const columns = columnsOf(scenario, field).map(({ column }) => column);
  return columns.every((column) => column === null) ? "none" : columns.map((c) => c ?? "none").join(", ");
}

/** A list, aligned. */
export function listOf(all: readonly Scenario[]): string[] {
  const rows = all.map((scenario) => [
    scenario.name,
    gridOf(scenario),
    framesOf(scenario),
    String(scenario.trajectories),
    boundariesOf(scenario),
    scenario.fields.map(fieldOf).join(", "),
  ]);
  const head = ["name", "grid", "frames", "trajectories", "boundaries", "fields"];
  const widths = head.map((word, i) => Math.max(word.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
}

/** All there is to say of one, line by line. */
export function pageOf(scenario: Scenario): string[] {
  const { name, collection, stage, hub, page, format, system, axes, spacing, context, batch } = scenario;
  const { strides: [least, most], splits, parameters, quirks, transforms, trajectories } = scenario;
  const fields = scenario.fields.map((field) => {
    const transform = transforms[field.name];
    const taken = transform ? `, taken as ${transform}_${field.name}` : "";
    const units = field.units === "1" ? "" : `, in ${field.units === "code" ? "code units" : field.units}`;
    return `  ${fieldOf(field)}${units}${taken}; columns ${columnWords(scenario, field)}`;
  });
  return [
    `${name} (${collection}, ${stage})`,
    `page ${page}`,
    hub ? `fetched as ${hub}` : "on no Hub",
    `read as ${format}; ${splits}`,
    `${system} grid ${gridOf(scenario)} along ${axes.join(", ")}; boundaries ${boundariesOf(scenario)}`,
    `${trajectories} trajectories of ${framesOf(scenario)} frames, from frame to frame ${spacing}`,
    `windows of ${context} frames, ${batch} a micro-batch, strides ${least} to ${most}`,
    "fields",
    ...fields,
    ...Object.keys(parameters).length > 0
      ? ["run parameters", ...Object.entries(parameters).map(([key, range]) => `  ${key}: ${range}`)]
      : [],
    ...quirks.length > 0
      ? ["worth knowing", ...quirks.map(({ what, source }) => `  ${what} (${source})`)]
      : [],
  ];
}
