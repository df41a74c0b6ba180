// Bytes of bodies and answers that a service holds, all requests together: what they may take is known whatever clients
// send.

import { Refusal } from "./refusal.ts";

/** What a request takes before any of its body is here. */
const OVERHEAD = 64 << 10;

/** What one request holds. */
export interface Holding extends Disposable {
  /** Takes some more. @throws Refusal `busy` where that is too much */
  add(bytes: number): void;
  /** Gives back what it took so far. */
  clear(): void;
}

/**
 * Counts bytes of all requests.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const held = new HeldBytes(1 << 20);
 * using request = held.open();
 * request.add(900_000);
 * assert.throws(() => held.open().add(900_000), /held/);
 * ```
 */
export class HeldBytes {
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Begins with a request. @throws Refusal `busy` */
  open(): Holding {
    let own = 0;
    const clear = () => {
      this.#bytes -= own;
      own = 0;
    };
    const holding: Holding = {
      add: (bytes) => {
        if (this.#bytes + bytes > this.#most) {
          const words =
            `${this.#bytes} bytes of requests and answers are held, ${bytes} more would exceed ${this.#most}`;
          throw new Refusal("busy", words, 1);
        }
        this.#bytes += bytes;
        own += bytes;
      },
      clear,
      [Symbol.dispose]: clear,
    };
    holding.add(OVERHEAD);
    return holding;
  }
}
