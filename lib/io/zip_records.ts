// What archives are written with: records of little-endian numbers, and what stands in all of them.

/** Signatures of the records. */
export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
/** The flag that says that names are UTF-8. */
export const UTF8_NAMES = 0x0800;
/** 1 January 1980, the first day a zip archive can name: equal contents give equal archives. */
export const DATE = 0x0021;

/** Bytes of a number. */
export type Width = 2 | 4 | 8;

/** A record of numbers by their widths, little-endian. */
export function record(...fields: readonly (readonly [Width, number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((n, [width]) => n + width, 0)));
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}
