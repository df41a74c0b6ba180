// Checksums as a Hub names files by: SHA-256 of large ones; of others git's, which is SHA-1 over a heading and the
// bytes.

import { type Hash, type HashName, startHash } from "../io/hash.ts";

/**
 * Begins the checksum of a file.
 *
 * @param hash which
 * @param size bytes of the file
 */
export async function startChecksum(hash: HashName, size: number): Promise<Hash> {
  const started = await startHash(hash);
  if (hash === "sha1") started.update(new TextEncoder().encode(`blob ${size}\0`));
  return started;
}

/** The checksum that a blob is named by; null for other names. */
export function hashOfEtag(etag: string): HashName | null {
  return /^[0-9a-f]{64}$/.test(etag) ? "sha256" : /^[0-9a-f]{40}$/.test(etag) ? "sha1" : null;
}

/** Bytes read at once to be summed. */
const PIECE = 1 << 20;

/**
 * A checksum that follows a file as far as it is there without a gap.
 *
 * @param read bytes of the file
 * @param hash which checksum
 * @param size bytes of the file
 */
export async function followingChecksum(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  hash: HashName,
  size: number,
): Promise<{ readonly advance: (end: number) => Promise<void>; readonly digest: () => string }> {
  const sum = await startChecksum(hash, size);
  let done = 0;
  let busy: Promise<void> = Promise.resolve();
  const follow = async (end: number) => {
    while (done < end) {
      // What is summed is what was kept, not what came.
      const bytes = await read(done, Math.min(PIECE, end - done));
      if (bytes.length === 0) throw new RangeError(`A kept file ends at byte ${done}, wanted ${end}`);
      sum.update(bytes);
      done += bytes.length;
    }
  };
  return {
    advance: (end) => busy = busy.then(() => follow(end)),
    digest: () => sum.digest(),
  };
}
