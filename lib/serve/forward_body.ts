// The body of a request that is passed on: sent while it comes, and once more from its start where the other endpoint
// did not answer, as long as what was sent is still here.

/** Bytes of a body that are kept to be sent again, at most. */
export const REPLAY_BYTES = 16 << 20;

/** A body that may be sent several times, by one sender after the other. */
export class ReplayBody {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #keep: (bytes: number) => boolean;
  readonly #chunks: (Uint8Array | null)[] = [];
  #bytes = 0;
  #isOver = false;
  #isWhole = true;
  #reading: Promise<void> | null = null;
  #failure: unknown = null;

  /**
   * @param source of its own from now on
   * @param keep asked whether so many bytes more may be kept; a body that is not is sent once
   */
  constructor(source: ReadableStream<Uint8Array>, keep: (bytes: number) => boolean = () => true) {
    this.#source = source.getReader();
    this.#keep = keep;
  }

  /** Whether it can be sent from its start. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Why it could not be read to its end; null where it could, or is not read yet. */
  get failure(): unknown {
    return this.#failure;
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#source.read().catch((error) => {
      throw this.#failure = error ?? new TypeError("The body broke off");
    });
    if (done) {
      this.#isOver = true;
      return;
    }
    this.#chunks.push(value);
    this.#bytes += value.byteLength;
    if (this.#isWhole && (this.#bytes > REPLAY_BYTES || !this.#keep(value.byteLength))) {
      this.#isWhole = false;
      this.#chunks.fill(null, 0, -1);
    }
  }

  /** A chunk by its number; null behind the last. */
  async #chunk(index: number): Promise<Uint8Array | null> {
    while (index >= this.#chunks.length && !this.#isOver) {
      // A sender that was cut off may have left a read that is still under way.
      await (this.#reading ??= this.#read().finally(() => this.#reading = null));
    }
    if (index >= this.#chunks.length) return null;
    const chunk = this.#chunks[index]!;
    if (!this.#isWhole) this.#chunks[index] = null;
    return chunk;
  }

  /**
   * The body from its start, for the next sender.
   *
   * @throws TypeError when its start was not kept
   */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (!this.#isWhole) throw new TypeError("Cannot send the body again: its start was not kept");
    let next = 0;
    return new ReadableStream({
      pull: async (controller) => {
        const chunk = await this.#chunk(next++);
        if (chunk) controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
        else controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** Gives up what has not come. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#source.cancel(reason).catch(() => {});
  }
}
