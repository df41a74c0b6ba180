// What every reader reads from: bytes by range. Nothing above knows whether they come from a file, a server, a
// page's Blob or memory.

/** Bytes by range. */
export interface ByteSource {
  /** Path, URL or label, for messages. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** Most bytes that HDF5 readers may take at once for what it claims; as many as fit its size unless given. */
  readonly claims?: number;
  /**
   * Exactly `length` bytes from `offset`. They belong to the caller, who may write into them.
   *
   * @throws RangeError before anything is allocated when the range leaves the source
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Fills memory from `offset` on, without a copy in between, where the medium allows; the memory may be shared with
   * other threads. Whoever calls it leaves the memory alone until it is settled.
   *
   * @throws RangeError before anything is written when the range leaves the source
   */
  readInto?(offset: number, into: Uint8Array): Promise<void>;
  /** As `read`, at once, where the medium allows; never while another read of the source is under way. */
  readSync?(offset: number, length: number): Uint8Array;
  /** Lets go of the file or connection. */
  close(): void;
  /** Lets go of what it holds. */
  [Symbol.dispose](): void;
}

/** Refuses a range that leaves the source. */
export function checkRange(source: Pick<ByteSource, "name" | "size">, offset: number, length: number): void {
  const legal = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!legal || offset + length > source.size) {
    throw new RangeError(
      `Cannot read "${source.name}": bytes ${offset} to ${offset + length} are wanted, it has ${source.size}`,
    );
  }
}

/** Fills memory from `offset` on, by way of a copy where the source has no other. */
export async function readInto(source: ByteSource, offset: number, into: Uint8Array): Promise<void> {
  if (source.readInto) await source.readInto(offset, into);
  else into.set(await source.read(offset, into.length));
}

/** Bytes in memory. */
export function memorySource(bytes: Uint8Array, name = "bytes"): ByteSource {
  const readSync = (offset: number, length: number) => {
    checkRange({ name, size: bytes.length }, offset, length);
    return bytes.slice(offset, offset + length);
  };
  return {
    name,
    size: bytes.length,
    readSync,
    read: (offset, length) => Promise.resolve().then(() => readSync(offset, length)),
    // deno-lint-ignore require-await -- mistakes are rejections too
    async readInto(offset, into) {
      checkRange({ name, size: bytes.length }, offset, into.length);
      into.set(bytes.subarray(offset, offset + into.length));
    },
    close() {},
    [Symbol.dispose]() {},
  };
}

/** A page's Blob or File. */
export function blobSource(blob: Blob): ByteSource {
  const name = "name" in blob && typeof blob.name === "string" ? blob.name : "blob";
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      checkRange({ name, size: blob.size }, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
    close() {},
    [Symbol.dispose]() {},
  };
}

/** An open source that someone else closes: closing this does nothing. */
export function borrowedSource(source: ByteSource): ByteSource {
  return {
    name: source.name,
    size: source.size,
    read: (offset, length) => source.read(offset, length),
    readInto: (offset, into) => readInto(source, offset, into),
    ...(source.readSync ? { readSync: source.readSync.bind(source) } : {}),
    close() {},
    [Symbol.dispose]() {},
  };
}

/**
 * A part of a source as a source of its own, which someone else closes.
 *
 * @param source stays open as long as the part is read
 * @param name of the part, for messages
 * @param from first byte
 * @param size bytes
 */
export function partSource(source: ByteSource, name: string, from: number, size: number): ByteSource {
  const { readSync } = source;
  const check = (offset: number, length: number) => checkRange({ name, size }, offset, length);
  return {
    name,
    size,
    async read(offset, length) {
      check(offset, length);
      return await source.read(from + offset, length);
    },
    async readInto(offset, into) {
      check(offset, into.length);
      await readInto(source, from + offset, into);
    },
    ...(readSync
      ? {
        readSync(offset: number, length: number) {
          check(offset, length);
          return readSync.call(source, from + offset, length);
        },
      }
      : {}),
    close() {},
    [Symbol.dispose]() {},
  };
}
