// A file that is still on its way, as a source of bytes: what is here can be read, the rest is waited for.

import type { ByteSource } from "walrus/io";

/** A read that waits. */
interface Waiting {
  /** Bytes from the start that it needs. */
  readonly end: number;
  readonly arrived: PromiseWithResolvers<void>;
}

/** See the head of the file. */
export class ArrivingFile {
  readonly name: string;
  readonly size: number;
  /** All of it so far; the whole file once it is there, which is not kept in memory. */
  #bytes: Uint8Array | Blob;
  #here = 0;
  #waiting: Waiting[] = [];
  #failure: { readonly reason: unknown } | null = null;

  /** @param size bytes of the whole */
  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
    this.#bytes = new Uint8Array(size);
  }

  /** The next bytes are here. */
  add(part: Uint8Array): void {
    // More than was announced is said by whoever compares sizes at the end.
    if (this.#bytes instanceof Blob || this.#here + part.length > this.size) return;
    this.#bytes.set(part, this.#here);
    this.#here += part.length;
    this.#settle(({ end }) => end <= this.#here, ({ resolve }) => resolve());
  }

  /** All of it is here. */
  complete(file: Blob): void {
    if (file.size !== this.size) {
      return this.fail(new RangeError(`${this.name} has ${file.size} bytes, wanted ${this.size}`));
    }
    this.#bytes = file;
    this.#here = file.size;
    this.#settle(() => true, ({ resolve }) => resolve());
  }

  /** The rest will not come. */
  fail(reason: unknown): void {
    this.#failure = { reason };
    this.#settle(() => true, ({ reject }) => reject(reason));
  }

  #settle(concerns: (read: Waiting) => boolean, how: (arrived: Waiting["arrived"]) => void): void {
    const done = this.#waiting.filter(concerns);
    this.#waiting = this.#waiting.filter((read) => !done.includes(read));
    for (const { arrived } of done) how(arrived);
  }

  /** As networks are loaded from it, also by a worker, which asks for ranges by messages: a plain record. */
  source(): ByteSource {
    const { name, size } = this;
    return {
      name,
      size,
      read: (offset, length) => this.#read(offset, length),
      close() {},
      [Symbol.dispose]() {},
    };
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    const end = offset + length;
    if (!(offset >= 0 && length >= 0 && end <= this.size)) {
      throw new RangeError(
        `Cannot read "${this.name}": bytes ${offset} to ${end} are wanted, it has ${this.size}`,
      );
    }
    if (end > this.#here) {
      if (this.#failure) throw this.#failure.reason;
      const arrived = Promise.withResolvers<void>();
      this.#waiting.push({ end, arrived });
      await arrived.promise;
    }
    if (this.#bytes instanceof Blob) {
      return new Uint8Array(await this.#bytes.slice(offset, end).arrayBuffer());
    }
    return this.#bytes.slice(offset, end);
  }
}
