// What files are written to that are not written from start to end: bytes at positions.

/** Takes bytes at positions. */
export interface ByteSink {
  /** Writes bytes; those between the end and the position are zero. */
  write(position: number, bytes: Uint8Array): void | Promise<void>;
}

/** Bytes in memory that are written at positions. */
export interface MemorySink extends ByteSink {
  /** The first of them. */
  bytes(size: number): Uint8Array;
}

/** Begins bytes in memory. */
export function memorySink(): MemorySink {
  let held = new Uint8Array(1 << 16);
  return {
    write(position, bytes) {
      const wanted = position + bytes.length;
      if (wanted > held.length) {
        const larger = new Uint8Array(Math.max(wanted, 2 * held.length));
        larger.set(held);
        held = larger;
      }
      held.set(bytes, position);
    },
    bytes: (size) => held.slice(0, size),
  };
}
