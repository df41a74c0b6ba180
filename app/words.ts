// Quantities as the commands say them.

/** Bytes in a unit people read: `20.70 GB`, `94.0 MB`, `312 bytes`. */
export function bytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} GB`;
  return count >= 1e5 ? `${(count / 1e6).toFixed(1)} MB` : `${count} bytes`;
}
