// Text in aligned columns for a terminal: the last column is broken where the terminal ends.

const GAP = "  ";

/** Words of a text in lines of at most so many characters; a longer word keeps its line. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/**
 * Rows as lines.
 *
 * @param rows cells by row; the first row may be a header
 * @param width characters of a line
 * @param right numbers of the columns whose cells end at the same place
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const rows = [["field", "column"], ["A", "42"], ["pressure", "3"]];
 * assert.deepEqual(columns(rows, 80, [1]), ["field     column", "A             42", "pressure       3"]);
 * ```
 */
export function columns(
  rows: readonly (readonly string[])[],
  width: number,
  right: readonly number[] = [],
): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from(
    { length: count },
    (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const before = widths.slice(0, -1).reduce((sum, own) => sum + own + GAP.length, 0);
  const rest = Math.max(20, width - before);
  return rows.flatMap((row) => {
    const cells = row.map((cell, i) =>
      right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)
    );
    const end = row[count - 1] ?? "";
    const last = right.includes(count - 1) ? [end.padStart(widths[count - 1]!)] : wrapped(end, rest);
    const lead = cells.slice(0, count - 1).join(GAP);
    return last.map((line, i) =>
      `${i === 0 ? lead : " ".repeat(lead.length)}${lead ? GAP : ""}${line}`.trimEnd()
    );
  });
}

/** A number in few characters; of one that is not finite its name, of none a dash. */
export function short(value: number | null, digits = 4): string {
  if (value === null) return "-";
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}

/**
 * Digits of a number that lets one see how it differs from others of a range: 4, or more where the range is narrow.
 *
 * @param size largest magnitude
 * @param deviation of the numbers
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([digitsOf(2, 0.5), digitsOf(101_325, 0.02), digitsOf(1, 0)], [4, 9, 4]);
 * ```
 */
export function digitsOf(size: number, deviation: number): number {
  if (!(size > 0 && deviation > 0)) return 4;
  return Math.min(9, Math.max(4, Math.ceil(Math.log10(size / deviation)) + 2));
}

/** A count in words that people read: `1.3 billion`. */
export function counted(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} billion`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} million`;
  return count.toLocaleString("en");
}
