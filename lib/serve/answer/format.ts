// Forms of an answer, and which one a request accepts.

import { quoted } from "../../io/quote.ts";
import { Refusal } from "../refusal.ts";

/** A form of answers. */
export interface AnswerFormat {
  readonly name: "json" | "npz" | "hdf5" | "sse" | "frames";
  /** Media type. */
  readonly type: string;
  /** Whether frames are sent as they are computed. */
  readonly streams: boolean;
}

/** All forms; the first is answered where all are welcome. */
export const ANSWER_FORMATS: readonly AnswerFormat[] = [
  { name: "json", type: "application/json", streams: false },
  { name: "npz", type: "application/x-npz", streams: false },
  { name: "hdf5", type: "application/x-hdf5", streams: false },
  { name: "sse", type: "text/event-stream", streams: true },
  { name: "frames", type: "application/x-walrus-frames", streams: true },
];

/** Further media types of the same. */
const ALSO: Readonly<Record<string, AnswerFormat["name"]>> = {
  "application/zip": "npz",
  "application/x-hdf": "hdf5",
};

/** Forms by media type. */
const BY_TYPE: ReadonlyMap<string, AnswerFormat> = new Map([
  ...ANSWER_FORMATS.map((format) => [format.type, format] as const),
  ...Object.entries(ALSO).map(([type, name]) => [type, formatNamed(name)!] as const),
]);

/** A form by its name. */
export function formatNamed(name: string): AnswerFormat | undefined {
  return ANSWER_FORMATS.find((format) => format.name === name);
}

/** Weight of a range: `q=0.5`, 1 unless given. */
function weightOf(parameters: readonly string[]): number {
  const given = parameters.map((part) => /^\s*q\s*=\s*([\d.]+)\s*$/i.exec(part)?.[1]).find((q) => q);
  const weight = given === undefined ? 1 : Number(given);
  return Number.isFinite(weight) ? weight : 0;
}

/** How much a media type is wanted by a list of ranges: the closest range counts. */
function wanted(
  type: string,
  ranges: readonly { readonly range: string; readonly weight: number }[],
): number {
  const wide = `${type.split("/")[0]}/*`;
  for (const name of [type, wide, "*/*"]) {
    const found = ranges.find(({ range }) => range === name);
    if (found) return found.weight;
  }
  return 0;
}

/**
 * The form of an answer.
 *
 * @param request its `format` in the query, else its header `accept`
 * @throws Refusal where none is accepted that there is
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const ask = (accept: string) => chooseAnswer(new Request("https://example.org", { headers: { accept } }));
 * assert.equal(ask("*" + "/*").name, "json");
 * assert.equal(ask("application/x-npz;q=0.5, text/event-stream").name, "sse");
 * assert.throws(() => ask("image/png"), /image\/png/);
 * ```
 */
export function chooseAnswer(request: Request): AnswerFormat {
  const named = new URL(request.url).searchParams.get("format");
  if (named !== null) {
    const format = formatNamed(named) ?? BY_TYPE.get(named);
    if (format) return format;
    const names = ANSWER_FORMATS.map(({ name }) => name).join(", ");
    throw new Refusal("not_acceptable", `format is ${quoted(named)}, wanted ${names}`);
  }
  const accept = request.headers.get("accept")?.trim() || "*/*";
  const ranges = accept.split(",").map((part) => {
    const [range = "", ...parameters] = part.split(";");
    return { range: range.trim().toLowerCase(), weight: weightOf(parameters) };
  });
  let best: { readonly format: AnswerFormat | null; readonly weight: number } = { format: null, weight: 0 };
  for (const [type, format] of BY_TYPE) {
    const weight = wanted(type, ranges);
    if (weight > best.weight) best = { format, weight };
  }
  if (best.format) return best.format;
  const known = ANSWER_FORMATS.map(({ type }) => type).join(", ");
  throw new Refusal("not_acceptable", `The request accepts ${quoted(accept)}, there are ${known}`);
}
