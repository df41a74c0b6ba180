// Numbers as they are shown.

/** A number in at most so many digits: `0.013`, `-1.2`, `3.4e-7`; a minus sign is a hyphen, so that it can be copied. */
export function shortNumber(value: number, digits = 2): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "not a number" : value > 0 ? "infinite" : "-infinite";
  }
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 10 ** Math.max(4, digits)) {
    const text = value.toPrecision(digits);
    return text.includes("e") ? String(Math.round(value)) : text;
  }
  return value.toExponential(digits - 1).replace("e+", "e");
}

/** A number in as many digits as it needs, at most so many: `0.5`, `200`. */
export function plainNumber(value: number, digits = 4): string {
  const text = shortNumber(value, digits);
  return /^-?\d*\.\d+/.test(text) ? text.replace(/\.?0+(e|$)/, "$1") : text;
}

/**
 * Numbers of one scale, with as many decimals as tell its hundredths apart; zeros that all end in are left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(endTexts([0.3312, 0.4506, 0.57]), ["0.331", "0.451", "0.570"]);
 * assert.deepEqual(endTexts([-0.2, 0, 0.2]), ["-0.2", "0", "0.2"]);
 * ```
 */
export function endTexts(values: readonly number[]): string[] {
  const span = Math.max(...values) - Math.min(...values);
  const size = Math.max(...values.map(Math.abs));
  if (!(span > 0) || size >= 1e5 || size < 1e-3) return values.map((value) => plainNumber(value, 3));
  const decimals = Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(span))));
  let texts = values.map((value) => value.toFixed(decimals));
  while (texts.every((text) => text.includes(".") && (text.endsWith("0") || text.endsWith(".")))) {
    texts = texts.map((text) => text.slice(0, -1));
  }
  return texts.map((text) => /^-?0\.?0*$/.test(text) ? "0" : text.replace(/\.$/, ""));
}

/** A time in up to four digits. */
export function timeText(time: number): string {
  return String(Number(time.toPrecision(4)));
}

/** A share as a percentage: `0.4 %`, `under 0.1 %`. */
export function shareText(share: number): string {
  if (share === 0) return "0 %";
  if (share < 0.001) return "under 0.1 %";
  return `${share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
}
