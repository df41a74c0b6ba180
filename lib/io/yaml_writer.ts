// Plain values to YAML text. Apart from the reader: who only reads need not load it.

import { dump } from "js-yaml";

/**
 * YAML text of plain values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseYaml } from "./yaml.ts";
 * assert.deepEqual(parseYaml(writeYaml({ steps: 3, names: ["a"] }), "text"), { steps: 3, names: ["a"] });
 * ```
 */
export function writeYaml(value: unknown): string {
  return dump(value, { noRefs: true, lineWidth: 120 });
}
