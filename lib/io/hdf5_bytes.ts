// Bytes of an HDF5 file by their addresses in it, and integers of them: what structures of the file are parsed from.

/** A file's bytes. Addresses count from its superblock. */
export interface Hdf5Bytes {
  /** Bytes of an address. */
  readonly addressBytes: number;
  /**
   * Bytes at an address, fewer where the file ends.
   *
   * @throws whatever a source throws that has not fetched them
   */
  read(address: number, length: number): Uint8Array;
}

/** Goes through bytes from front to back; a RangeError where they end. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  /** @param bytes what is gone through */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Passes over bytes. */
  skip(count: number): this {
    this.at += count;
    return this;
  }

  /** The next integer, little-endian and of at most 8 bytes; beyond 2^53 it is rounded. */
  unsigned(bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += this.#view.getUint8(this.at + i) * 2 ** (8 * i);
    this.at += bytes;
    return value;
  }

  /** The next bytes. */
  take(count: number): Uint8Array {
    if (!(count <= this.left)) throw new RangeError(`${count} bytes are wanted, ${this.left} are left`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** The next text that a zero ends; in units of 8 bytes where it is padded. */
  name(padded: boolean): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new RangeError("a name does not end");
    const raw = this.bytes.subarray(this.at, end);
    this.at += padded ? Math.ceil((raw.length + 1) / 8) * 8 : raw.length + 1;
    return new TextDecoder().decode(raw);
  }

  /** Whether the next bytes are these letters, which are then passed. */
  expect(letters: string): void {
    const found = String.fromCharCode(...this.take(letters.length));
    if (found !== letters) throw new SyntaxError(`"${letters}" is wanted, found ${JSON.stringify(found)}`);
  }
}

/**
 * Parses structures of a file.
 *
 * @throws SyntaxError, without the file's name, where bytes that are needed are not there
 */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) {
      throw new SyntaxError(`it is damaged: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
