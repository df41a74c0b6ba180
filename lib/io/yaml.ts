// YAML text to plain values and back. Aliases may repeat a value, but not until the whole grows without bound.

import { dump, load, YAMLException } from "js-yaml";

/** Values a document may expand to, aliases counted each time. */
const MOST_VALUES = 100_000;

/** Counts values; stops at the limit. */
function countValues(root: unknown): number {
  const stack: unknown[] = [root];
  let count = 0;
  while (stack.length > 0 && count <= MOST_VALUES) {
    const value = stack.pop();
    count++;
    if (typeof value === "object" && value !== null) {
      for (const inner of Object.values(value)) stack.push(inner);
    }
  }
  return count;
}

/**
 * Parses a document.
 *
 * @param text YAML 1.2
 * @param name of the file, for messages
 * @throws SyntaxError naming the file, line and column
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseYaml("a: [1, 2]"), { a: [1, 2] });
 * ```
 */
export function parseYaml(text: string, name = "document"): unknown {
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new SyntaxError(`Cannot read "${name}": ${error.message.split("\n")[0]}`, { cause: error });
  }
  if (countValues(value) > MOST_VALUES) {
    throw new SyntaxError(`Cannot read "${name}": it expands to more than ${MOST_VALUES} values`);
  }
  return value;
}

/**
 * YAML text of plain values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseYaml(writeYaml({ steps: 3, names: ["a"] }), "text"), { steps: 3, names: ["a"] });
 * ```
 */
export function writeYaml(value: unknown): string {
  return dump(value, { noRefs: true, lineWidth: 120 });
}
