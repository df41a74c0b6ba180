// Text from files in error messages: names and values there may be long, or full of control characters.

/** Characters shown of a text. */
const SHOWN = 80;

/**
 * Text as it may stand in a message: in quotation marks, escaped, cut when it is long.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(quoted("a\nb"), '"a\\nb"');
 * assert.equal(quoted("x".repeat(1000)).length, 84);
 * ```
 */
export function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}...` : text);
}

/**
 * A plain value as it may stand in a message.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(shown([1, "a"]), '[1,"a"]');
 * assert.equal(shown(undefined), "absent");
 * ```
 */
export function shown(value: unknown): string {
  let text = "";
  // Stops when enough is shown: a few bytes of file can name very large or deep values.
  const add = (part: unknown): void => {
    if (text.length > SHOWN) return;
    if (typeof part === "string") text += quoted(part);
    else if (part === undefined) text += "absent";
    else if (typeof part !== "object" || part === null) text += String(part);
    else {
      const [open, close] = Array.isArray(part) ? "[]" : "{}";
      let separator = open;
      for (const key in part) {
        if (text.length > SHOWN) return;
        text += Array.isArray(part) ? separator : `${separator}${quoted(key)}:`;
        add(part[key as keyof typeof part]);
        separator = ",";
      }
      text += separator === open ? open! + close : close;
    }
  };
  add(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}...` : text;
}
