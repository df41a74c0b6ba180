// JSON of strangers: read within bounds of depth, names and numbers, since a few letters can stand for many times their
// size in objects. Lists of numbers, nested evenly, become one array of their numbers, so that a window takes 8 bytes a
// number however it is written.

import { shown } from "../../io/quote.ts";

/** Numbers of lists that are nested evenly. */
export class Numbers {
  /** Sizes from the outermost list on. */
  readonly shape: readonly number[];
  /** In the order of the text; NaN where it has null. */
  readonly data: Float64Array;

  constructor(shape: readonly number[], data: Float64Array) {
    this.shape = shape;
    this.data = data;
  }
}

/** What JSON holds, with lists of numbers as {@link Numbers}. */
export type Json = null | boolean | number | string | Numbers | readonly Json[] | {
  readonly [name: string]: Json;
};

/** Bounds of a text. */
export interface JsonBounds {
  /** Objects and lists inside each other. */
  readonly depth: number;
  /** Objects, texts, and members of lists that are no numbers. */
  readonly values: number;
  /** Numbers in lists. */
  readonly numbers: number;
}

/** A text that goes beyond its bounds. */
export class TooMuchJson extends RangeError {
  override name = "TooMuchJson";
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const CONTROL = /[^\u0020-\uffff]/;
const BACKSLASH = 0x5c;
const WORDS: Readonly<Record<string, null | boolean>> = { null: null, true: true, false: false };
/** Names that objects have a meaning for. */
const RESERVED = ["__proto__", "constructor", "prototype"];

/** A list while it is read: numbers that lie in the reader's buffer, lists of such, or values. */
type List = { readonly shape: readonly number[] } | { readonly items: Json[] };

class Reader {
  readonly #text: string;
  readonly #name: string;
  readonly #bounds: JsonBounds;
  #at = 0;
  #values = 0;
  #buffer = new Float64Array(1024);
  #count = 0;

  constructor(text: string, name: string, bounds: JsonBounds) {
    this.#text = text;
    this.#name = name;
    this.#bounds = bounds;
  }

  read(): Json {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#refuse("wanted its end");
    return value;
  }

  #refuse(wanted: string): never {
    const there = this.#at < this.#text.length ? shown(this.#text.slice(this.#at, this.#at + 12)) : "its end";
    throw new SyntaxError(
      `Cannot read "${this.#name}": it is no JSON, ${there} stands at ${this.#at}, ${wanted}`,
    );
  }

  #tooMuch(what: string, most: number): never {
    throw new TooMuchJson(`Cannot read "${this.#name}": it has more than ${most} ${what}`);
  }

  #space(): string {
    let code = this.#text.charCodeAt(this.#at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = this.#text.charCodeAt(++this.#at);
    }
    return this.#text[this.#at] ?? "";
  }

  #count1(): void {
    if (++this.#values > this.#bounds.values) this.#tooMuch("names and values", this.#bounds.values);
  }

  #expect(letter: string): void {
    if (this.#space() !== letter) this.#refuse(`wanted ${letter}`);
    this.#at++;
  }

  #value(depth: number): Json {
    const first = this.#space();
    this.#count1();
    if (first === "{") return this.#object(depth + 1);
    if (first === '"') return this.#string();
    if (first !== "[") return this.#word() ?? null;
    const mark = this.#count;
    const list = this.#list(depth + 1);
    return "items" in list ? list.items : this.#taken(list.shape, mark);
  }

  /** The numbers from `mark` on, which leave the buffer. */
  #taken(shape: readonly number[], mark: number): Numbers {
    const data = this.#buffer.slice(mark, this.#count);
    this.#count = mark;
    return new Numbers(shape, data);
  }

  /** Where a text ends: a pattern would take memory for each of its letters. */
  #textEnd(): number {
    for (let end = this.#at;;) {
      end = this.#text.indexOf('"', end + 1);
      if (end < 0) this.#refuse("wanted a text that ends");
      let escapes = 0;
      while (this.#text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++;
      if (escapes % 2 === 0) return end;
    }
  }

  #string(): string {
    const end = this.#textEnd();
    const found = this.#text.slice(this.#at + 1, end);
    if (CONTROL.test(found)) this.#refuse("wanted a text without control characters");
    try {
      const value = found.includes("\\") ? JSON.parse(`"${found}"`) as string : found;
      this.#at = end + 1;
      return value;
    } catch {
      return this.#refuse("wanted a text");
    }
  }

  /** A number, or a word. */
  #word(): number | boolean | null {
    NUMBER.lastIndex = this.#at;
    if (NUMBER.test(this.#text)) {
      const from = this.#at;
      this.#at = NUMBER.lastIndex;
      return Number(this.#text.slice(from, this.#at));
    }
    for (const word in WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return WORDS[word]!;
    }
    return this.#refuse("wanted a value");
  }

  #deeper(depth: number): void {
    if (depth > this.#bounds.depth) this.#tooMuch("lists and objects inside each other", this.#bounds.depth);
    this.#at++;
  }

  #object(depth: number): Json {
    this.#deeper(depth);
    const found: Record<string, Json> = {};
    if (this.#space() === "}") {
      this.#at++;
      return found;
    }
    while (true) {
      if (this.#space() !== '"') this.#refuse("wanted a name");
      const name = this.#string();
      if (RESERVED.includes(name)) this.#refuse(`wanted another name than ${shown(name)}`);
      if (Object.hasOwn(found, name)) this.#refuse(`wanted ${shown(name)} once`);
      this.#expect(":");
      found[name] = this.#value(depth);
      if (this.#space() === "}") break;
      this.#expect(",");
    }
    this.#at++;
    return found;
  }

  #push(number: number): void {
    if (this.#count === this.#bounds.numbers) this.#tooMuch("numbers", this.#bounds.numbers);
    if (this.#count === this.#buffer.length) {
      const larger = new Float64Array(Math.min(this.#bounds.numbers, 2 * this.#count));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer[this.#count++] = number;
  }

  #list(depth: number): List {
    this.#deeper(depth);
    if (this.#space() === "]") {
      this.#at++;
      return { items: [] };
    }
    const mark = this.#count;
    let length = 0;
    // Of the members: empty for numbers; null when they are no numbers, or differ.
    let inner: readonly number[] | null = null;
    let items: Json[] | null = null;
    while (true) {
      const first = this.#space();
      const before = this.#count;
      let member: Json = null;
      let shape: readonly number[] | null = null;
      if (first === "[") {
        const list = this.#list(depth + 1);
        if ("items" in list) member = list.items;
        else shape = list.shape;
      } else if (/[-\dn]/.test(first)) {
        const value = this.#word();
        this.#push(value === null ? NaN : value as number);
        shape = [];
      } else member = this.#value(depth);
      const alike: boolean = shape !== null && items === null &&
        (length === 0 || (inner!.length === shape.length && inner!.every((n, i) => n === shape![i])));
      if (alike) inner = shape;
      else {
        // Its own numbers then lie where those before it lay.
        const from = items === null ? mark : before;
        items ??= this.#unmixed(mark, before, length, inner ?? []);
        this.#count1();
        items.push(shape === null ? member : this.#itemOf(shape, from));
      }
      length++;
      if (this.#space() === "]") break;
      this.#expect(",");
    }
    this.#at++;
    return items ? { items } : { shape: [length, ...inner!] };
  }

  /** A member that was read as numbers, by itself. */
  #itemOf(shape: readonly number[], mark: number): Json {
    const taken = this.#taken(shape, mark);
    return shape.length === 0 ? taken.data[0]! : taken;
  }

  /** What was read as numbers of one kind, before a member was of another. */
  #unmixed(mark: number, end: number, length: number, inner: readonly number[]): Json[] {
    const size = length === 0 ? 0 : (end - mark) / length;
    const items = Array.from({ length }, (_, i): Json => {
      this.#count1();
      const data = this.#buffer.slice(mark + i * size, mark + (i + 1) * size);
      return inner.length === 0 ? data[0]! : new Numbers(inner, data);
    });
    // What came after them stays in the buffer, in their place.
    this.#buffer.copyWithin(mark, end, this.#count);
    this.#count -= end - mark;
    return items;
  }
}

/**
 * Reads JSON.
 *
 * @param text to read
 * @param name for messages
 * @param bounds that it has to keep
 * @throws SyntaxError for what is no JSON, or has one name twice; TooMuchJson beyond the bounds
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { a } = readJson('{"a": [[1, 2, null], [4, 5, 6]]}', "body", BOUNDS) as { a: Numbers };
 * assert.deepEqual(a.shape, [2, 3]);
 * assert.deepEqual([...a.data], [1, 2, NaN, 4, 5, 6]);
 * assert.throws(() => readJson("[".repeat(100), "body", BOUNDS), /inside each other/);
 * ```
 */
export function readJson(text: string, name: string, bounds: JsonBounds): Json {
  return new Reader(text, name, bounds).read();
}

/** Bounds of what describes a window; of its numbers the request's limit of bytes. */
export const BOUNDS: JsonBounds = { depth: 24, values: 20_000, numbers: 1 << 20 };

/**
 * The same with plain lists of numbers; of few numbers only.
 *
 * @param value as {@link readJson} gives it
 * @throws TooMuchJson where lists of lists would take many times their numbers
 */
export function plain(value: Json): unknown {
  if (value instanceof Numbers) {
    if (value.shape.length > 1 && value.data.length > BOUNDS.values) {
      const shape = value.shape.join(", ");
      throw new TooMuchJson(`Cannot read "window": its description has lists of [${shape}] numbers`);
    }
    return nested(value.data, value.shape);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function nested(data: Float64Array, [length = 0, ...inner]: readonly number[]): unknown[] {
  if (inner.length === 0) return [...data];
  const size = data.length / length;
  return Array.from({ length }, (_, i) => nested(data.subarray(i * size, (i + 1) * size), inner));
}
