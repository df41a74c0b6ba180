// Tables beside the golden tensors: stride choice and learning rates.

import { geometryOf } from "../../lib/models/walrus/geometry.ts";
import { RESAMPLED } from "../../lib/models/walrus/resample.ts";
import { chooseStrides, RELEASED_STRIDES } from "../../lib/models/walrus/strides.ts";
import { inverseSquareRootRate } from "../../lib/train/schedule.ts";

/** How a table compares. */
export interface TableReport {
  readonly name: string;
  readonly section: string;
  readonly rows: number;
  /** Rows that differ, in words. */
  readonly differences: readonly string[];
}

type Triple = [number, number, number];

interface StrideRow {
  readonly shape: number[];
  readonly used?: Triple;
  readonly strides?: number[][];
  readonly tokens?: number[];
  readonly margins?: number[];
  readonly error?: string;
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path)) as T;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** What this library says about a row, in the row's words. */
function strideRow(shape: Triple): StrideRow {
  try {
    const strides = chooseStrides(shape, RELEASED_STRIDES);
    const open = [1, 1] as const;
    const geometry = geometryOf(shape, [open, open, open], false, strides);
    return {
      shape,
      strides: strides.map((s) => [...s]),
      tokens: geometry.map((axis) => axis.points / (axis.strides[0] * axis.strides[1])),
      margins: geometry.map((axis) => axis.margin),
    };
  } catch (error) {
    return { shape, error: (error as Error).message };
  }
}

function compareStrides(row: StrideRow, shape: Triple): string | null {
  const own = strideRow(shape);
  if (row.error || own.error) {
    return !!row.error === !!own.error ? null : `${shape}: ${own.error ?? "not refused"}`;
  }
  const keys = (["strides", "tokens", "margins"] as const).filter((key) => row[key]);
  const wrong = keys.filter((key) => JSON.stringify(row[key]) !== JSON.stringify(own[key]));
  return wrong.length === 0 ? null : `${shape}: ${wrong.join(", ")} differ`;
}

/**
 * Compares all tables of a folder.
 *
 * @param folder a folder of golden vectors; tables that are not there are left out
 */
export async function tables(folder: string): Promise<TableReport[]> {
  const reports: TableReport[] = [];
  const strides = await readJson<{ table: StrideRow[]; datasets: Record<string, StrideRow> }>(
    `${folder}/a_strides.json`,
  );
  if (strides) {
    const rows = [...strides.table, ...Object.values(strides.datasets)];
    const named = Object.entries(strides.datasets).flatMap(([name, row]) => {
      const [x = 1, y = 1, z = 1] = row.shape;
      const resampled = RESAMPLED[name];
      const used = [x, y, resampled && z === resampled[0] ? resampled[1] : z];
      return row.used && JSON.stringify(row.used) !== JSON.stringify(used) ? [`${name}: used ${used}`] : [];
    });
    const differences = rows.flatMap((row) => {
      const [x = 1, y = 1, z = 1] = row.used ?? row.shape;
      return compareStrides(row, [x, y, z]) ?? [];
    });
    reports.push({
      name: "a_strides",
      section: "A",
      rows: rows.length,
      differences: [...named, ...differences],
    });
  }
  type Setting = Record<"base" | "total" | "warmup" | "cooldown" | "first_factor", number> & {
    values: number[];
  };
  const rates = await readJson<{ settings: Setting[] }>(`${folder}/g_learning_rate.json`);
  if (rates) {
    const differences = rates.settings.flatMap(({ values, first_factor: firstFactor, ...setting }, s) =>
      values.flatMap((wanted, step) => {
        // Undefined in the original: it divides by the warm-up's zero steps.
        if (setting.warmup === 0 && step === 0) return [];
        const got = inverseSquareRootRate({ ...setting, firstFactor }, step);
        return Math.abs(got - wanted) <= 1e-12 * setting.base
          ? []
          : [`setting ${s}, step ${step}: ${got}, wanted ${wanted}`];
      })
    );
    const rows = rates.settings.reduce((n, setting) => n + setting.values.length, 0);
    reports.push({ name: "g_learning_rate", section: "G", rows, differences });
  }
  return reports;
}
