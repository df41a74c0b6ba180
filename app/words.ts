// Quantities as the commands say them.

/** Bytes in a unit people read. */
export function bytes(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(2)} GB` : `${(count / 1e6).toFixed(1)} MB`;
}
