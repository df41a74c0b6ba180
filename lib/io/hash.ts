// Checksums of files that arrive bit by bit. Web Crypto wants all bytes at once, so the runtime's own module is used
// where there is one (some 500 MB/s), and in pages one in JavaScript (some 50 MB/s, faster than most connections).

import { builtin } from "./builtin.ts";

/** Checksums by which files are named. */
export type HashName = "sha256" | "sha1";

/** A checksum in the making. */
export interface Hash {
  /** Takes the next bytes. */
  update(bytes: Uint8Array): void;
  /** All bytes' checksum in lower-case hexadecimal; once. */
  digest(): string;
}

interface NodeHash {
  update(bytes: Uint8Array): NodeHash;
  digest(encoding: "hex"): string;
}

async function inJavaScript(name: HashName): Promise<Hash> {
  const hash = name === "sha256"
    ? (await import("@noble/hashes/sha2.js")).sha256.create()
    : (await import("@noble/hashes/legacy.js")).sha1.create();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

/**
 * Begins a checksum.
 *
 * @param name which
 * @param native whether the runtime's own module may be used
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * for (const native of [true, false]) {
 *   const hash = await startHash("sha1", native);
 *   hash.update(new TextEncoder().encode("abc"));
 *   assert.equal(hash.digest(), "a9993e364706816aba3e25717850c26c9cd0d89d");
 * }
 * ```
 */
export async function startHash(name: HashName, native = true): Promise<Hash> {
  const crypto = native ? builtin<{ createHash(name: string): NodeHash }>("crypto") : null;
  if (!crypto) return await inJavaScript(name);
  const hash = crypto.createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
}
