// Options of the form FIELD=VALUE, which commands that read data share.

import { InvalidArgumentError } from "commander";

/** A parser of `FIELD=NAME`. */
export function pair(kind: string) {
  return (text: string, before: Record<string, string> = {}): Record<string, string> => {
    const match = /^([^=]+)=([^=]+)$/.exec(text);
    if (!match?.[1] || !match[2]) throw new InvalidArgumentError(`wanted ${kind}`);
    return { ...before, [match[1]]: match[2] };
  };
}

/**
 * A parser of `KEY=KIND`, as often as there are keys.
 *
 * @param key what stands before the sign, for messages
 * @param kinds those there are
 */
export function keyedKind<Kind extends string>(key: string, kinds: readonly Kind[]) {
  return (text: string, before: Readonly<Record<string, Kind>> = {}): Readonly<Record<string, Kind>> => {
    const [, name, kind] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    const known = kinds.find((each) => each === kind);
    if (name && known) return { ...before, [name]: known };
    const wanted = kinds.map((each) => `${key}=${each}`);
    throw new InvalidArgumentError(`wanted ${wanted.slice(0, -1).join(", ")} or ${wanted.at(-1)}`);
  };
}

/** A parser of `FIELD=log10`. */
export function transform(text: string, before: Record<string, string> = {}): Record<string, string> {
  if (text === "none") return before;
  const next = pair("FIELD=log10, FIELD=zeros_like or none")(text, before);
  for (const value of Object.values(next)) {
    if (value !== "log10" && value !== "zeros_like") {
      throw new InvalidArgumentError("wanted FIELD=log10, FIELD=zeros_like or none");
    }
  }
  return next;
}
