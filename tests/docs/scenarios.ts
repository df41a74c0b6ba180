// Writes docs/scenarios.md: the catalogue as tables, each fact with its source.

import { boundariesOf, columnWords, fieldOf, framesOf, gridOf } from "../../app/scenarios/describe.ts";
import type { Scenario, ScenarioField } from "../../lib/models/walrus/scenarios/scenario.ts";
import { DOWNSTREAM } from "../../lib/models/walrus/scenarios/downstream.ts";
import { PRETRAINING } from "../../lib/models/walrus/scenarios/pretraining.ts";
import { inRepository } from "../shared.ts";

const HEAD = `# The data sets of the paper

The released network was trained on the nineteen data sets of the first table, and finetuned and scored on
those of the second besides. \`deno task scenarios\` prints them, \`deno task scenarios NAME\` all there is to know
of one; in code they are \`SCENARIOS\` of \`walrus/models/walrus\`.

Grids, frames, trajectories, fields, boundaries and what the network takes in another form are those of the
paper's data table; run parameters, spacing in time and units those of each data set's page, which its name
links to. What is worth knowing names its source. Constant fields stand in brackets; columns are places in the
[table of 67 fields](fields.md).

This page is written by \`deno task docs:scenarios\`.
`;

const cells = (...list: readonly string[]) => `| ${list.join(" | ")} |`;

function table(all: readonly Scenario[]): string {
  const head = ["name", "collection", "grid", "frames", "trajectories", "boundaries", "from frame to frame"];
  const rows = all.map((scenario) =>
    cells(
      `[${scenario.name}](${scenario.page})`,
      scenario.collection,
      `${gridOf(scenario)}${scenario.system === "cartesian" ? "" : `, ${scenario.system}`}`,
      framesOf(scenario),
      String(scenario.trajectories),
      boundariesOf(scenario),
      scenario.spacing,
    )
  );
  return [cells(...head), cells(...head.map(() => "---")), ...rows].join("\n");
}

function fieldWords(scenario: Scenario, field: ScenarioField): string {
  const transform = scenario.transforms[field.name];
  const units = field.units === "1" ? "" : field.units === "code" ? ", code units" : `, ${field.units}`;
  return `${fieldOf(field)}${transform ? ` as ${transform}_${field.name}` : ""}${units}: ${
    columnWords(scenario, field)
  }`;
}

function details(all: readonly Scenario[]): string {
  const head = ["name", "fields: columns", "run parameters", "worth knowing (source)"];
  const rows = all.map((scenario) =>
    cells(
      scenario.name,
      scenario.fields.map((field) => fieldWords(scenario, field)).join("; "),
      Object.entries(scenario.parameters).map(([name, range]) => `${name}: ${range}`).join("; ") || "-",
      scenario.quirks.map(({ what, source }) => `${what} (${source})`).join("; ") || "-",
    )
  );
  return [cells(...head), cells(...head.map(() => "---")), ...rows].join("\n");
}

/** The page. */
export function scenariosPage(): string {
  const part = (title: string, all: readonly Scenario[]) =>
    `## ${title}\n\n${table(all)}\n\n${details(all)}\n`;
  return [HEAD, part("Pretraining", PRETRAINING), part("Downstream", DOWNSTREAM)].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(inRepository("docs/scenarios.md"), scenariosPage());
