// Writes the tables of docs/ensembles.md from the results of `deno task bench:ensembles`.

import { inRepository } from "../shared.ts";

/** The page, and where the numbers are kept. */
export const PAGE = inRepository("docs/ensembles.md"), RESULTS = inRepository("bench/results/ensembles.json");

interface Results {
  readonly rows: readonly {
    readonly system: string;
    readonly trajectories: number;
    readonly crps: number;
    readonly crpsOneSeed: number;
    readonly crpsPersistence: number;
    readonly vrmseMean: number;
    readonly vrmseOneSeed: number;
    readonly spreadSkill: number;
    readonly coverage: Readonly<Record<string, number>>;
    readonly ranks: readonly number[];
  }[];
  readonly averaging: readonly {
    readonly system: string;
    readonly rows: readonly { readonly average: number; readonly oneStep: number; readonly steps: number }[];
  }[];
}

const three = (x: number) => x.toFixed(3);
const percent = (x: number) => `${Math.round(100 * x)} %`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The tables, by the mark that stands before each. */
export function tablesOf({ rows, averaging }: Results): Record<string, string> {
  return {
    scores: table(
      [
        "system (trajectories)",
        "CRPS, 8 seeds",
        "one seed",
        "persistence",
        "VRMSE of the mean",
        "of one seed",
      ],
      rows.map((row) => [
        `${row.system} (${row.trajectories})`,
        ...[row.crps, row.crpsOneSeed, row.crpsPersistence, row.vrmseMean, row.vrmseOneSeed].map(three),
      ]),
    ),
    spread: table(
      ["system", "spread over error", "50 %", "80 %", "90 %", "truth below all members", "above all"],
      rows.map(({ system, spreadSkill, coverage, ranks }) => [
        system,
        spreadSkill.toFixed(2),
        ...["50", "80", "90"].map((share) => percent(coverage[share]!)),
        percent(ranks[0]!),
        percent(ranks.at(-1)!),
      ]),
    ),
    averaging: table(
      ["system", "one step, one draw", "mean of 4", "5 steps, one draw", "mean of 4"],
      averaging.map(({ system, rows: [one, four] }) => [
        system,
        ...[one!.oneStep, four!.oneStep, one!.steps, four!.steps].map((x) => x.toFixed(4)),
      ]),
    ),
  };
}

/** The page with the tables of some results. */
export function withTables(page: string, results: Results): string {
  return Object.entries(tablesOf(results)).reduce(
    (text, [mark, rows]) =>
      text.replace(
        new RegExp(`(<!-- ${mark} -->\n\n)(?:\\|.*\n)*`),
        (_, before: string) => `${before}${rows}\n`,
      ),
    page,
  );
}

if (import.meta.main) {
  const results = JSON.parse(await Deno.readTextFile(RESULTS));
  await Deno.writeTextFile(PAGE, withTables(await Deno.readTextFile(PAGE), results));
}
