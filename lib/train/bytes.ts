// Amounts of memory in words: as configurations and options name them, and as messages do.

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * Bytes of an amount: `8GB`, `7.5 GiB`, `500MB`, or a number of bytes. Units are those of ten, or with an `i` those of
 * two.
 *
 * @throws RangeError for what is no amount above 0
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(["8GB", "1.5 GiB", "2e9"].map(parseBytes), [8e9, 1.5 * 2 ** 30, 2e9]);
 * assert.throws(() => parseBytes("8 gigs"), /"8 gigs" is no amount of memory, wanted 8GB, 8GiB, 500MB or bytes/);
 * ```
 */
export function parseBytes(text: string): number {
  const [, number = "", unit = ""] = /^\s*(\d+(?:\.\d*)?(?:e\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const name = Object.keys(UNITS).find((name) => name.toLowerCase() === unit.toLowerCase());
  const bytes = name === undefined || number === "" ? 0 : Math.floor(Number(number) * UNITS[name]!);
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new RangeError(`"${text}" is no amount of memory, wanted 8GB, 8GiB, 500MB or bytes`);
}

/**
 * Bytes in words: `20.70 GB`, `120 MB`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([20.7e9, 1.2e8].map(describeBytes), ["20.70 GB", "120 MB"]);
 * ```
 */
export function describeBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
