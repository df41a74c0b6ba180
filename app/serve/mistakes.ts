// What is wrong in a configuration, in words: the key, its value, what was wanted.

import type * as v from "valibot";
import { didYouMean } from "walrus/data";

/** Known keys of a section; null where any name is one. */
function keysAt(path: readonly unknown[], root: unknown): string[] | null {
  type Node = {
    readonly wrapped?: Node;
    readonly entries?: Readonly<Record<string, Node>>;
    readonly value?: Node;
    readonly item?: Node;
    readonly pipe?: readonly Node[];
    readonly options?: readonly Node[];
  };
  let node = root as Node | undefined;
  for (const key of [...path, null]) {
    while (node?.wrapped) node = node.wrapped;
    node = node?.pipe?.[0]?.entries ? node.pipe[0] : node;
    if (Array.isArray(node?.options)) node = node.options.find(({ item }) => item);
    if (key !== null) node = node?.entries?.[String(key)] ?? node?.item ?? node?.value;
  }
  return node?.entries ? Object.keys(node.entries) : null;
}

/** A value as it may stand in a message. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? "absent";
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

/** One mistake in words: `limits.step is not known, did you mean steps`. */
export function mistake(issue: v.BaseIssue<unknown>, root: unknown): string {
  const keys = issue.path?.map(({ key }) => key) ?? [];
  const path = keys.join(".");
  if (issue.expected === "never") {
    const known = keysAt(keys.slice(0, -1), root) ?? [];
    const near = didYouMean(String(keys.at(-1)), known);
    return `${path} is not known${near || `, wanted one of ${known.join(", ")}`}`;
  }
  const own = issue.message.startsWith("Invalid") ? null : issue.message;
  const wanted = own ?? {
    string: "text",
    number: "a number",
    boolean: "true or false",
    Array: "a list",
    Object: "a section of settings",
  }[issue.expected ?? ""] ?? issue.expected;
  return `${path || "the whole file"} is ${shown(issue.input)}, wanted ${wanted}`;
}
