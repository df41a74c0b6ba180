// Reading of contraction specs such as "bmk,bnk->bmn": which letter plays which role.

import { at, type Shape } from "./types.ts";

/** A parsed spec. Letters keep the order in which they stand in the output (k: in the first argument). */
export interface ContractSpec {
  readonly a: string;
  readonly b: string;
  readonly out: string;
  /** In both arguments and the output. */
  readonly batch: string;
  /** In the first argument and the output. */
  readonly m: string;
  /** In the second argument and the output. */
  readonly n: string;
  /** In both arguments, summed. */
  readonly k: string;
}

/**
 * Parses and checks a spec.
 *
 * @param spec two comma-separated argument letter lists, `->`, output letters
 * @throws TypeError when it is malformed, a letter repeats within one list or stands in only one list
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(parseSpec("nsh,oh->nso").k, "h");
 * ```
 */
export function parseSpec(spec: string): ContractSpec {
  const match = /^([a-zA-Z]*),([a-zA-Z]*)->([a-zA-Z]*)$/.exec(spec);
  if (!match) throw new TypeError(`Cannot contract "${spec}": wanted a form like "bmk,bnk->bmn"`);
  const [, a = "", b = "", out = ""] = match;
  for (const list of [a, b, out]) {
    if (new Set(list).size !== list.length) {
      throw new TypeError(`Cannot contract "${spec}": a letter stands twice in "${list}"`);
    }
  }
  for (const letter of new Set(a + b + out)) {
    const count = [a, b, out].filter((list) => list.includes(letter)).length;
    if (count < 2) {
      throw new TypeError(
        `Cannot contract "${spec}": axis ${letter} stands in one list only, wanted at least two`,
      );
    }
  }
  const pick = (list: string, test: (letter: string) => boolean) => [...list].filter(test).join("");
  return {
    a,
    b,
    out,
    batch: pick(out, (c) => a.includes(c) && b.includes(c)),
    m: pick(out, (c) => a.includes(c) && !b.includes(c)),
    n: pick(out, (c) => !a.includes(c) && b.includes(c)),
    k: pick(a, (c) => !out.includes(c)),
  };
}

/**
 * Size of every letter.
 *
 * @throws TypeError when ranks or sizes disagree
 */
export function letterSizes(spec: string, a: Shape, b: Shape, scope: string): Map<string, number> {
  const parsed = parseSpec(spec);
  const where = scope ? ` (${scope})` : "";
  const sizes = new Map<string, number>();
  for (const [name, letters, shape] of [["first", parsed.a, a], ["second", parsed.b, b]] as const) {
    if (letters.length !== shape.length) {
      throw new TypeError(
        `Cannot contract "${spec}": the ${name} argument has shape [${shape}], wanted ${letters.length} axes${where}`,
      );
    }
    [...letters].forEach((letter, i) => {
      const size = at(shape, i);
      const known = sizes.get(letter);
      if (known !== undefined && known !== size) {
        throw new TypeError(
          `Cannot contract "${spec}": axis ${letter} is ${known} in the first and ${size} in the second${where}`,
        );
      }
      sizes.set(letter, size);
    });
  }
  return sizes;
}
