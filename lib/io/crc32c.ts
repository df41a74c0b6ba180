// Checksum CRC-32C (Castagnoli), which Zarr writes behind chunks and the index of a shard: RFC 3720, section 12.1.

const POLYNOMIAL = 0x82f63b78;
const BYTES = 4;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/**
 * The checksum of bytes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
 * ```
 */
export function crc32c(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = table[(sum ^ byte) & 255]! ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** Zarr's codec of that name: checks where the library's own only cuts the checksum off. */
export const crc32cCodec = {
  fromConfig: () => ({
    kind: "bytes_to_bytes" as const,
    encode(bytes: Uint8Array): Uint8Array {
      const out = new Uint8Array(bytes.length + BYTES);
      out.set(bytes);
      new DataView(out.buffer).setUint32(bytes.length, crc32c(bytes), true);
      return out;
    },
    decode(bytes: Uint8Array): Uint8Array {
      if (bytes.length < BYTES) throw new RangeError(`it has ${bytes.length} bytes, too few for a checksum`);
      const body = bytes.subarray(0, bytes.length - BYTES);
      const stored = new DataView(bytes.buffer, bytes.byteOffset + body.length).getUint32(0, true);
      if (crc32c(body) !== stored) throw new RangeError("its checksum differs");
      return body;
    },
    computeEncodedSize: (size: number) => size + BYTES,
  }),
};
