// YAML text to plain values, as PyYAML and OmegaConf read it: YAML 1.1 (`yes`, `on`, merge keys, octal numbers)
// with `1e-5` a number and dates texts (docs/yaml.md). Aliases may repeat a value, but not until the whole grows without
// bound.

import {
  boolYaml11Tag,
  defineScalarTag,
  floatYaml11Tag,
  intYaml11Tag,
  load,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from "js-yaml";

/** Floats as OmegaConf adds them to those of YAML 1.1: a point or an exponent is enough. */
const FLOAT = new RegExp(
  "^(?:[-+]?\\d+(?:_\\d+)*\\.[\\d_]*(?:[eE][-+]?\\d+)?|[-+]?\\d+(?:_\\d+)*[eE][-+]?\\d+|" +
    "\\.\\d+(?:_\\d+)*(?:[eE][-+]\\d+)?)$",
);
/** What else YAML 1.1 has of floats: infinities, NaN, numbers to the base of 60. `-.5` is a text, as for OmegaConf. */
const OTHER_FLOAT = /^(?:[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const floatTag = defineScalarTag<number>("tag:yaml.org,2002:float", {
  ...floatYaml11Tag,
  resolve(source, isExplicit, tagName) {
    if (FLOAT.test(source)) return Number(source.replaceAll("_", ""));
    if (isExplicit && intYaml11Tag.resolve(source, true, tagName) !== NOT_RESOLVED) return Number(source);
    return OTHER_FLOAT.test(source) ? floatYaml11Tag.resolve(source, isExplicit, tagName) : NOT_RESOLVED;
  },
});

/** Whole numbers have no negative zero. */
const intTag = defineScalarTag<number>("tag:yaml.org,2002:int", {
  ...intYaml11Tag,
  resolve: (...given) => {
    const value = intYaml11Tag.resolve(...given);
    return value === 0 ? 0 : value;
  },
});

const NULL_KEY: typeof mapTag = {
  ...mapTag,
  addPair: (carrier, key, value) => key === null ? "a key is null" : mapTag.addPair(carrier, key, value),
};

/** `y` and `n` are names of fields and axes: texts, as for PyYAML. */
const boolTag = defineScalarTag<boolean>("tag:yaml.org,2002:bool", {
  ...boolYaml11Tag,
  resolve: (source, ...rest) =>
    /^[yn]$/i.test(source) ? NOT_RESOLVED : boolYaml11Tag.resolve(source, ...rest),
});

/** Texts, numbers, lists and mappings: the other tags of YAML 1.1 (dates, sets, bytes, ..) are left out. */
const SCHEMA = new Schema([strTag, seqTag, mapTag, nullYaml11Tag, boolTag, intTag, floatTag, mergeTag])
  .withTags(NULL_KEY);

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
 * Refuses a document that comes to more than 100 000 values.
 *
 * @param value as parsed; what is repeated counts each time
 * @param name of the file, for messages
 * @throws SyntaxError naming the file
 */
export function checkSize(value: unknown, name: string): void {
  if (countValues(value) <= MOST_VALUES) return;
  throw new SyntaxError(`Cannot read "${name}": it expands to more than ${MOST_VALUES} values`);
}

/**
 * Parses a document.
 *
 * @param text YAML 1.1, numbers as OmegaConf reads them
 * @param name of the file, for messages
 * @throws SyntaxError naming the file, line and column
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseYaml("base: &b {lr: 1e-5}\nrun:\n  <<: *b\n  on: yes"), {
 *   base: { lr: 1e-5 },
 *   run: { lr: 1e-5, true: true },
 * });
 * ```
 */
export function parseYaml(text: string, name = "document"): unknown {
  let value: unknown;
  try {
    value = load(text, { schema: SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new SyntaxError(`Cannot read "${name}": ${error.message.split("\n")[0]}`, { cause: error });
  }
  checkSize(value, name);
  return value;
}
