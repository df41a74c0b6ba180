// Names that may have been meant by one that is not known: a typo away, or going on from the same start.

/** Names of more characters are not compared: what a file calls a field can be of any length. */
const LONGEST = 64;

/** Letters and digits alone, small: `Velocity-X` and `velocity_x` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]+/g, "");
}

/**
 * Single changes from one text to another: a letter more, a letter less, another letter, two neighbours exchanged.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([editDistance("temprature", "temperature"), editDistance("ab", "ba")], [1, 1]);
 * ```
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(changed, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
      }
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

/**
 * Known names that resemble one, the nearest first. What differs only in capitals and separators is nearest, then typos
 * (one change for every three letters), then names that go on where it ends, or that it goes on from.
 *
 * @param name as it was written
 * @param known names there are
 * @param most names that are given
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const known = ["temperature", "pressure", "pressure_re", "velocity_x"];
 * assert.deepEqual(nearNames("temprature", known), ["temperature"]);
 * assert.deepEqual(nearNames("VelocityX", known), ["velocity_x"]);
 * assert.deepEqual(nearNames("pres", known), ["pressure", "pressure_re"]);
 * assert.deepEqual(nearNames("viscosity", known), []);
 * ```
 */
export function nearNames(name: string, known: Iterable<string>, most = 3): string[] {
  const own = plain(name);
  if (own === "" || own.length > LONGEST) return [];
  const rated = [...new Set(known)].flatMap((other) => {
    const their = plain(other);
    if (their === "" || their.length > LONGEST) return [];
    const allowed = Math.floor(Math.max(own.length, their.length) / 3);
    const distance = editDistance(own, their);
    if (distance <= allowed) return [{ other, rank: distance }];
    const goesOn = Math.min(own.length, their.length) >= 3 &&
      (their.startsWith(own) || own.startsWith(their));
    return goesOn ? [{ other, rank: LONGEST + distance }] : [];
  });
  return rated.toSorted((a, b) => a.rank - b.rank).slice(0, most).map(({ other }) => other);
}

/**
 * The near names as the end of a message; empty where there are none.
 *
 * @param name as it was written
 * @param known names there are
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(didYouMean("temprature", ["temperature", "A"]), ', did you mean "temperature"?');
 * assert.equal(didYouMean("x", ["temperature"]), "");
 * ```
 */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearNames(name, known).map((other) => JSON.stringify(other));
  const last = near.pop();
  if (last === undefined) return "";
  return `, did you mean ${near.length > 0 ? `${near.join(", ")} or ${last}` : last}?`;
}
