// Files of results: written as the repository formats them, and added to run by run.

import { writeFileAtomic } from "walrus/io";

/** Writes a report under a temporary name and renames it. */
export async function writeResults(file: string, report: unknown): Promise<void> {
  await writeFileAtomic(file, new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`));
}

/**
 * Rows of this run behind those of an earlier run that have none of the same key in it.
 *
 * @param file results of an earlier run; without them the rows of this run are all
 * @param list where the rows are in the file
 * @param rows those of this run
 * @param key what two rows have in common when one takes the place of the other
 */
export async function withOlder<Row>(
  file: string,
  list: string,
  rows: readonly Row[],
  key: (row: Row) => string,
): Promise<Row[]> {
  const older = await Deno.readTextFile(file).then((text) => JSON.parse(text)[list] as Row[], () => []);
  const fresh = new Set(rows.map(key));
  return [...older.filter((row) => !fresh.has(key(row))), ...rows];
}
