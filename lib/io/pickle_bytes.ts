// The bytes of a pickle, read in order: each claimed length is checked before anything is made of it.

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Longest integer whose value is kept, bytes. */
const LONGEST_INTEGER = 8;

/** See the head of the file. */
export class PickleBytes {
  readonly #data: DataView;
  readonly #refuse: (why: string) => never;
  #at = 0;

  /**
   * @param bytes from the pickle's first on
   * @param refuse throws what is wrong, in words
   */
  constructor(bytes: Uint8Array, refuse: (why: string) => never) {
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#refuse = refuse;
  }

  /** Bytes read. */
  get at(): number {
    return this.#at;
  }

  /** Moves past `length` bytes and returns where they start. */
  take(length: number): number {
    const start = this.#at;
    if (length < 0 || start + length > this.#data.byteLength) {
      this.#refuse(`${length} bytes are claimed beyond its end`);
    }
    this.#at = start + length;
    return start;
  }

  /** Numbers, little-endian but for floats. */
  byte = (): number => this.#data.getUint8(this.take(1));
  u16 = (): number => this.#data.getUint16(this.take(2), true);
  u32 = (): number => this.#data.getUint32(this.take(4), true);
  i32 = (): number => this.#data.getInt32(this.take(4), true);
  f64 = (): number => this.#data.getFloat64(this.take(8));

  /** A length of eight bytes. */
  u64(): number {
    const value = this.#data.getBigUint64(this.take(8), true);
    if (value > BigInt(this.#data.byteLength)) this.#refuse(`${value} bytes are claimed beyond its end`);
    return Number(value);
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    const start = this.take(length);
    return new Uint8Array(this.#data.buffer, this.#data.byteOffset + start, length);
  }

  /** Text of so many bytes. */
  text(length: number): string {
    return decoder.decode(this.bytes(length));
  }

  /** Text up to the end of the line. */
  line(): string {
    let end = this.#at;
    while (end < this.#data.byteLength && this.#data.getUint8(end) !== 10) end++;
    const text = this.text(end - this.#at);
    this.take(1);
    return text;
  }

  /** A little-endian two's complement integer; null for one of more than eight bytes. */
  integer(length: number): number | null {
    const bytes = this.bytes(length);
    if (length > LONGEST_INTEGER) return null;
    let value = 0n;
    bytes.forEach((byte, i) => value |= BigInt(byte) << BigInt(8 * i));
    return Number(BigInt.asIntN(8 * length, value));
  }
}
