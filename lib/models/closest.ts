// The known name that a mistyped one most likely means, for messages.

/** Insertions, deletions, replacements and exchanges of neighbours that make one text of another. */
function distance(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change);
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (exchanged) next[j] = Math.min(next[j]!, before[j - 2]! + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}

/**
 * The known name nearest to one that is not known; null when none is near: more than a third of its letters differ.
 *
 * @param name that is not known
 * @param known names
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(closest("temprature", ["pressure", "temperature"]), "temperature");
 * assert.equal(closest("Velocity_x", ["velocity_x", "velocity_y"]), "velocity_x");
 * assert.equal(closest("vorticity", ["pressure", "temperature"]), null);
 * ```
 */
export function closest(name: string, known: readonly string[]): string | null {
  const own = name.toLowerCase();
  let [best, least]: [string | null, number] = [null, Math.floor(name.length / 3) + 1];
  for (const other of known) {
    const away = distance(own, other.toLowerCase());
    if (away < least) [best, least] = [other, away];
  }
  return best;
}
