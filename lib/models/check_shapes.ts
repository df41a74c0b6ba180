// Whether a checkpoint's tensors are those of a network, by name and shape.

import { sameShape, type Shape } from "../ir/types.ts";

/** Some of a list of names, for messages. */
function few(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `"${name}"`).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/**
 * Checks names and shapes of all tensors.
 *
 * @param shapes of the checkpoint's tensors
 * @param expected every tensor of the network
 * @param name of the checkpoint, for messages
 * @throws TypeError naming the checkpoint, the first tensors that do not fit and what was wanted
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const expected = new Map([["w", { shape: [2, 3] }]]);
 * checkShapes(new Map([["w", [2, 3]]]), expected, "a.safetensors");
 * const wrong = new Map([["w", [3]]]);
 * assert.throws(() => checkShapes(wrong, expected, "a.safetensors"), /"w" has shape \[3\], wanted \[2, 3\]/);
 * ```
 */
export function checkShapes(
  shapes: ReadonlyMap<string, Shape>,
  expected: ReadonlyMap<string, { readonly shape: Shape }>,
  name: string,
): void {
  const fail = (why: string): never => {
    throw new TypeError(`Checkpoint "${name}" does not fit the configuration: ${why}`);
  };
  const missing = [...expected.keys()].filter((tensor) => !shapes.has(tensor));
  if (missing.length > 0) fail(`it lacks ${few(missing)}`);
  const unknown = [...shapes.keys()].filter((tensor) => !expected.has(tensor));
  if (unknown.length > 0) fail(`the network has no ${few(unknown)}`);
  for (const [tensor, { shape }] of expected) {
    const found = shapes.get(tensor)!;
    if (!sameShape(found, shape)) {
      fail(`"${tensor}" has shape [${found.join(", ")}], wanted [${shape.join(", ")}]`);
    }
  }
}
