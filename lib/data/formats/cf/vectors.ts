// Components that are variables of their own, found by their standard names or their names: u and v, x_velocity and
// y_velocity, eastward_wind and northward_wind.

/** A component: of which vector, along which axis. */
interface Component {
  readonly vector: string;
  readonly axis: string;
}

const EARTHWARD: Readonly<Record<string, string>> = { eastward: "x", northward: "y", upward: "z" };
const LETTERS: Readonly<Record<string, string>> = { u: "x", v: "y", w: "z" };

/** Vectors whose name says that something moves. */
const MOVES = /^(?:|wind|velocity|vel|v)$/;

/** A vector's name from what is left of its components' names. */
function named(rest: string): string {
  const words = rest.replace(/^[_.\- ]+|[_.\- ]+$/g, "");
  return MOVES.test(words.toLowerCase()) ? "velocity" : words;
}

/** By CF's standard names: a direction is a word of them. */
function ofStandardName(name: string): Component | null {
  const found = /^(.*?_|)(eastward|northward|upward|x|y|z)_(.+)$/.exec(name);
  if (!found) return null;
  const [, before = "", word = "", after = ""] = found;
  const axis = EARTHWARD[word] ?? word;
  // wind and velocity are the quantity, whatever moves.
  return { vector: /(?:^|_)(?:wind|velocity)$/.test(after) ? "velocity" : named(`${before}${after}`), axis };
}

/** By names alone: the first pattern that fits. */
function ofName(name: string): Component | null {
  const letter = /^([uvw])((?:\d+m?|[ao]|_?(?:wind|velocity|vel|comp(?:onent)?))?)$/i.exec(name);
  if (letter) {
    const rest = letter[2]!.toLowerCase();
    return {
      vector: /^\d/.test(rest) ? `velocity_${rest}` : "velocity",
      axis: LETTERS[letter[1]!.toLowerCase()]!,
    };
  }
  const first = /^([xyz])[_-](.+)$/i.exec(name);
  if (first) return { vector: named(first[2]!), axis: first[1]!.toLowerCase() };
  const last = /^(.+?)[_-]([xyz])$/i.exec(name) ?? /^(vel|v|[A-Z])([xyz])$/i.exec(name);
  return last ? { vector: named(last[1]!), axis: last[2]!.toLowerCase() } : null;
}

/** A variable that may be a component. */
export interface Candidate {
  readonly name: string;
  readonly standardName: string | null;
  /** Only components that are alike in this make a vector: their axes, and whether they stay. */
  readonly kind: string;
}

/** A field: the names of its components, one for a scalar. */
export interface Grouped {
  readonly name: string;
  readonly parts: readonly string[];
}

/**
 * Puts components together. A vector has a component along each axis; components without the others stay scalars.
 *
 * @param variables in the file's order
 * @param space axes in the order of samples, `xy`
 * @returns scalars, then vectors, each in the file's order
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const variables = ["u", "p", "v", "w"].map((name) => ({ name, standardName: null, kind: "txy" }));
 * assert.deepEqual(groupVectors(variables, "xy"), [
 *   { name: "p", parts: ["p"] },
 *   { name: "w", parts: ["w"] },
 *   { name: "velocity", parts: ["u", "v"] },
 * ]);
 * ```
 */
export function groupVectors(variables: readonly Candidate[], space: string): Grouped[] {
  const names = new Set(variables.map(({ name }) => name));
  const vectors: Grouped[] = [];
  const taken = new Set<string>();
  const collect = (componentOf: (variable: Candidate) => Component | null) => {
    const found = new Map<string, { vector: string; byAxis: Map<string, string> }>();
    for (const variable of variables) {
      const component = taken.has(variable.name) ? null : componentOf(variable);
      if (!component) continue;
      const key = JSON.stringify([component.vector, variable.kind]);
      const entry = found.get(key) ?? { vector: component.vector, byAxis: new Map() };
      // The first of several along an axis: the others stay scalars.
      if (!entry.byAxis.has(component.axis)) entry.byAxis.set(component.axis, variable.name);
      found.set(key, entry);
    }
    for (const { vector, byAxis } of found.values()) {
      const parts = [...space].flatMap((axis) => byAxis.get(axis) ?? []);
      if (space.length < 2 || parts.length < space.length) continue;
      // A name that is taken gets those of its components: "velocity_ua_va".
      const isTaken = vectors.some(({ name }) => name === vector) ||
        (names.has(vector) && !parts.includes(vector));
      vectors.push({ name: isTaken ? `${vector}_${parts.join("_")}` : vector, parts });
      for (const part of parts) taken.add(part);
    }
  };
  collect(({ standardName }) => standardName === null ? null : ofStandardName(standardName));
  collect(({ name }) => ofName(name));
  const scalars = variables.filter(({ name }) => !taken.has(name)).map(({ name }) => ({
    name,
    parts: [name],
  }));
  return [...scalars, ...vectors];
}
