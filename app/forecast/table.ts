// The scores of a forecast as a table for the terminal: VRMSE of every field beside persistence.

import { styleText } from "node:util";

/** Scores of one step: one number a field, null where there is no truth. */
export interface ScoreRow {
  readonly step: number;
  readonly time: number;
  readonly forecast: readonly (number | null)[];
  readonly persistence: readonly (number | null)[];
}

/** How the table is drawn. */
export interface TableOptions {
  readonly columns: number;
  readonly color: boolean;
}

const LEAD = 14;
const CELL = 15;
const GAP = "  ";

/** A score in five characters. */
function score(value: number | null): string {
  if (value === null) return "-";
  if (!Number.isFinite(value)) return String(value);
  return value < 10 ? value.toFixed(4) : value < 1000 ? value.toFixed(1) : value.toExponential(1);
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((v): v is number => v !== null);
  return known.length === values.length && known.length > 0
    ? known.reduce((a, b) => a + b, 0) / known.length
    : null;
}

/** `0.1750 (0.2477)`: forecast and, in brackets, persistence. */
function cell(forecast: number | null, persistence: number | null, color: boolean): string {
  const own = score(forecast).padStart(6);
  const other = `(${score(persistence)})`.padStart(8);
  const painted = !color || forecast === null || persistence === null
    ? own
    : styleText(forecast < persistence ? "green" : "red", own, { validateStream: false });
  return `${painted} ${color ? styleText("dim", other, { validateStream: false }) : other}`;
}

/** Rows of the table that are shown: all of few, a spread of many. */
function chosen(rows: readonly ScoreRow[], most = 20): ScoreRow[] {
  if (rows.length <= most) return [...rows];
  const last = rows.length - 1;
  const indices = Array.from(
    { length: most },
    (_, i) => Math.round(Math.expm1((Math.log1p(last) * i) / (most - 1))),
  );
  return [...new Set(indices)].map((i) => rows[i]!);
}

/** Mean over the steps that have a truth. */
function averages(
  rows: readonly ScoreRow[],
  pick: (row: ScoreRow) => readonly (number | null)[],
  fields: number,
) {
  const known = rows.filter((row) => pick(row).every((v) => v !== null));
  return Array.from(
    { length: fields },
    (_, f) =>
      known.length === 0 ? null : known.reduce((sum, row) => sum + (pick(row)[f] ?? 0), 0) / known.length,
  );
}

/**
 * Draws the table.
 *
 * @param fields names of the fields
 * @param rows scores by step
 * @param options width of the terminal and colour
 */
export function renderTable(
  fields: readonly string[],
  rows: readonly ScoreRow[],
  options: TableOptions,
): string {
  const perBlock = Math.max(1, Math.floor((options.columns - LEAD + GAP.length) / (CELL + GAP.length)));
  const all = [...fields, ...(fields.length > 1 ? ["mean"] : [])];
  const withMean = (values: readonly (number | null)[]) =>
    fields.length > 1 ? [...values, mean(values)] : [...values];
  const lines: string[] = ["VRMSE (of persistence, in brackets)"];
  for (let first = 0; first < all.length; first += perBlock) {
    const names = all.slice(first, first + perBlock);
    lines.push(
      "",
      `step    time  ${names.map((n) => n.slice(0, CELL).padStart(CELL)).join(GAP)}`.trimEnd(),
    );
    const row = (lead: string, own: readonly (number | null)[], other: readonly (number | null)[]) => {
      const cells = names.map((_, i) =>
        cell(withMean(own)[first + i] ?? null, withMean(other)[first + i] ?? null, options.color)
      );
      lines.push(`${lead.padEnd(LEAD - 1)} ${cells.join(GAP)}`.trimEnd());
    };
    for (const { step, time, forecast, persistence } of chosen(rows)) {
      row(
        `${String(step).padStart(4)} ${String(Number(time.toPrecision(4))).padStart(7)}`,
        forecast,
        persistence,
      );
    }
    if (rows.length > 1) {
      row(
        "mean of steps",
        averages(rows, (r) => r.forecast, fields.length),
        averages(rows, (r) => r.persistence, fields.length),
      );
    }
  }
  return lines.join("\n");
}
