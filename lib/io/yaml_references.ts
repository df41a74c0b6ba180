// References within a configuration, as Hydra's users write them and OmegaConf resolves them: `${model.width}` from the
// root, `${.width}` from the mapping it stands in, `${..width}` one further out. Only values of the same file are read:
// what a resolver would give (`oc.env`, `now`, ..) or a person has yet to give (`???`) stays open, and is refused by
// name where it is used.

import { checkSize } from "./yaml.ts";

/** A value that the file does not give. */
export class OpenValue {
  /**
   * @param text as it stands in the file
   * @param why it stays open, in words
   */
  constructor(readonly text: string, readonly why: string) {}
}

/** References that lead to references. */
const DEEPEST = 64;
/** Longest text that references make. */
const LONGEST = 1 << 16;
/** The innermost reference: no other in it. */
const INNERMOST = /\$\{([^${}]*)\}/;
const ESCAPED = /(\\+)\$\{/g;
const RESOLVER = /^\s*([a-zA-Z_][\w.-]*)?\s*:/;
const PATH = /^\s*(\.*)((?:[\w$@/-]+|\[[\w$@/-]+\])(?:\.[\w$@/-]+|\[[\w$@/-]+\]|\.\[[\w$@/-]+\])*)\s*$/;

/** What is left of a reference that has braces of its own, or no end. */
const UNREAD = /\$\{(?:\s*([a-zA-Z_][\w.-]*)\s*:)?/;

function resolverWords(name = "without a name"): string {
  return `the resolver ${name} is not read from a configuration, wanted the value itself`;
}

type Path = readonly string[];

/** A number as Python writes it. */
function pythonNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 16) return String(value);
  return value.toExponential().replace(/e([-+])(\d)$/, "e$10$2");
}

/** A value within a text, as Python writes it; null for lists and mappings. */
function pythonText(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return pythonNumber(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return value === null ? "None" : null;
}

class Resolver {
  readonly #root: unknown;
  /** Values by their places: each is made once, however many refer to it. */
  readonly #made = new Map<string, unknown>();
  readonly #underway = new Set<string>();

  constructor(root: unknown) {
    this.#root = root;
  }

  /** The value at a place. */
  at(path: Path, raw: unknown, depth: number): unknown {
    const key = JSON.stringify(path);
    if (this.#made.has(key)) return this.#made.get(key);
    if (this.#underway.has(key)) return new OpenValue(String(raw), "it refers to itself");
    if (depth > DEEPEST) return new OpenValue(String(raw), `it is more than ${DEEPEST} references deep`);
    this.#underway.add(key);
    const value = this.#make(path, raw, depth);
    this.#underway.delete(key);
    this.#made.set(key, value);
    return value;
  }

  #make(path: Path, raw: unknown, depth: number): unknown {
    if (typeof raw === "string") return this.#text(path, raw, depth);
    if (Array.isArray(raw)) return raw.map((item, i) => this.at([...path, String(i)], item, depth));
    if (typeof raw !== "object" || raw === null) return raw;
    return Object.fromEntries(
      Object.entries(raw).map(([name, item]) => [name, this.at([...path, name], item, depth)]),
    );
  }

  #text(path: Path, raw: string, depth: number): unknown {
    if (raw === "???") return new OpenValue(raw, "it is a value that must be given (???)");
    if (!raw.includes("${")) return raw;
    // Two of them stand for what is put aside.
    if (raw.includes("\u0000") || raw.includes("\u0001")) {
      return new OpenValue(raw, "it holds control characters beside a reference");
    }
    // A backslash before a reference makes it text; it is put aside while the others are read.
    let text = raw.replace(ESCAPED, (_, slashes: string) => {
      if (slashes.length % 2 === 0) return `${slashes.slice(slashes.length / 2)}\${`;
      return `${slashes.slice((slashes.length + 1) / 2)}\u0000`;
    });
    for (let found = INNERMOST.exec(text); found; found = INNERMOST.exec(text)) {
      const value = this.#reference(path, raw, found[1]!, depth);
      if (value instanceof OpenValue || found[0] === text) return value;
      const inner = pythonText(value);
      if (inner === null) return new OpenValue(raw, `${found[0]} is no text or number`);
      text = text.slice(0, found.index) + inner.replaceAll("${", "\u0001") +
        text.slice(found.index + found[0].length);
      if (text.length > LONGEST) {
        return new OpenValue(raw.slice(0, 60), `it comes to more than ${LONGEST} letters`);
      }
    }
    const left = UNREAD.exec(text);
    if (left) {
      return new OpenValue(raw, left[1] ? resolverWords(left[1]) : "it is no reference that can be read");
    }
    return text.replaceAll("\u0000", "${").replaceAll("\u0001", "${");
  }

  /** What stands behind a reference. */
  #reference(path: Path, raw: string, inner: string, depth: number): unknown {
    const open = (why: string) => new OpenValue(raw, why);
    const resolver = RESOLVER.exec(inner);
    if (resolver) return open(resolverWords(resolver[1]));
    const parts = PATH.exec(inner);
    if (!parts) return open(`"${inner.trim()}" names no place in it`);
    const dots = parts[1]!.length;
    if (dots > path.length) return open("it leads out of the file");
    const keys = parts[2]!.replace(/\.?\[([^\]]*)\]/g, ".$1").replace(/^\./, "").split(".");
    const place = dots === 0 ? keys : [...path.slice(0, path.length - dots), ...keys];
    let value = this.#root;
    for (const [i, key] of place.entries()) {
      // A part of the way may itself be a reference.
      if (typeof value === "string") value = this.at(place.slice(0, i), value, depth + 1);
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) {
        return value instanceof OpenValue
          ? value
          : open(`there is no ${place.slice(0, i + 1).join(".")} in it`);
      }
      value = (value as Record<string, unknown>)[key];
    }
    return this.at(place, value, depth + 1);
  }
}

/**
 * A document with its references resolved.
 *
 * @param tree as parsed
 * @param name of the file, for messages
 * @returns the same values; an {@link OpenValue} where the file does not give one
 * @throws SyntaxError for references that multiply beyond bounds
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const tree = { width: 8, model: { hidden: "${width}", heads: "${.hidden}", home: "${oc.env:HOME}" } };
 * const { model } = resolveReferences(tree) as { model: Record<string, unknown> };
 * assert.deepEqual([model.hidden, model.heads], [8, 8]);
 * assert.match((model.home as OpenValue).why, /oc.env/);
 * ```
 */
export function resolveReferences(tree: unknown, name = "document"): unknown {
  const resolved = new Resolver(tree).at([], tree, 0);
  checkSize(resolved, name);
  return resolved;
}

/**
 * A value of a configuration as it may stand in a message: short, told apart from text, with why where it is open.
 *
 * @param value as {@link resolveReferences} gave it
 */
export function valueWords(value: unknown): string {
  if (value instanceof OpenValue) return `${JSON.stringify(value.text)} (${value.why})`;
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
