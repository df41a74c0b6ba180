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

/** Keys of a section that are not known: valibot names the first of them alone. */
function unknown(path: readonly unknown[], section: object, root: unknown): string[] {
  const known = keysAt(path, root) ?? [];
  return Object.keys(section).filter((key) => !known.includes(key)).map((key) => {
    const wanted = didYouMean(key, known) || `, wanted one of ${known.join(", ")}`;
    return `${[...path, key].join(".")} is not known${wanted}`;
  });
}

/** What kinds are called. */
const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "a section of settings",
};

/**
 * Mistakes in words: `limits.step is not known, did you mean "steps"?`.
 *
 * @param issue that valibot found
 * @param root the schema
 */
export function mistakes(issue: v.BaseIssue<unknown>, root: unknown): string[] {
  const keys = issue.path?.map(({ key }) => key) ?? [];
  const path = keys.join(".") || "the whole file";
  const { expected, input, message } = issue;
  if (expected === "never") return unknown(keys.slice(0, -1), issue.path!.at(-1)!.input as object, root);
  if (input === undefined) return [`${path} is absent`];
  const wanted = message.startsWith("Invalid") ? KINDS[expected ?? ""] ?? expected : message;
  return [`${path} is ${shown(input)}, wanted ${wanted}`];
}
