// Many numbers as a short text, to compare with those that another version of the code gave.

type Numbers = Uint8Array | Float32Array | Int32Array | Float64Array;

/** Numbers by name, or texts. */
export type Digestible = Iterable<readonly [name: string, numbers: ArrayLike<number> | string]>;

/**
 * The first half of the SHA-256 of names, types and bytes, hexadecimal.
 *
 * @param parts in any order
 */
export async function digest(parts: Digestible): Promise<string> {
  const text = new TextEncoder();
  const pieces: BlobPart[] = [];
  for (const [name, given] of [...parts].sort(([a], [b]) => a < b ? -1 : 1)) {
    const numbers = (typeof given === "string" ? text.encode(given) : given) as Numbers;
    pieces.push(`${name} ${numbers.constructor.name} ${numbers.length}\n`, numbers as BlobPart);
  }
  const bytes = await new Blob(pieces).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, 16).toHex();
}
