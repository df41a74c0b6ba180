// Compiled programs by what they were made for: at most so many, the one unused longest goes first, and those that
// somebody works with stay.

/** A value that stays until it is given back. */
export interface Lease<T> extends Disposable {
  /** What was asked for. */
  readonly value: T;
}

interface Entry<T> {
  readonly value: Promise<T>;
  users: number;
}

/** How many programs stay unless told otherwise. */
const MOST = 32;

/**
 * A bounded cache of things that are made once and shared.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const freed: string[] = [];
 * const make = (name: string) => () => Promise.resolve({ name, [Symbol.dispose]: () => void freed.push(name) });
 * using cache = new LeaseCache<{ name: string } & Disposable>(1);
 * {
 *   using a = await cache.lease("a", make("a"));
 *   using again = await cache.lease("a", make("never"));
 *   assert.equal(a.value, again.value);
 * }
 * using b = await cache.lease("b", make("b"));
 * assert.deepEqual([b.value.name, ...freed], ["b", "a"]);
 * ```
 */
export class LeaseCache<T extends Disposable> implements Disposable {
  readonly #most: number;
  /** The one used last stands last. */
  readonly #entries = new Map<string, Entry<T>>();

  /** @param most entries that stay when nobody works with them */
  constructor(most: number = MOST) {
    this.#most = most;
  }

  /**
   * What was made for a key, or what `make` makes now. Calls that overlap share one making; one that fails is
   * forgotten, so that later calls try again, and those that shared it do so by themselves.
   */
  async lease(key: string, make: () => Promise<T>): Promise<Lease<T>> {
    const known = this.#entries.get(key);
    const entry = known ?? { value: make(), users: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      const value = await entry.value;
      this.#trim();
      let held = true;
      return {
        value,
        [Symbol.dispose]: () => {
          if (held) this.#release(entry);
          held = false;
        },
      };
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      // What another call was refused need not be refused to this one.
      if (known) return await this.lease(key, make);
      throw error;
    }
  }

  #release(entry: Entry<T>): void {
    entry.users--;
    const known = [...this.#entries.values()].includes(entry);
    // What was cleared while somebody worked with it ends with its last user.
    if (!known && entry.users === 0) end(entry);
    else this.#trim();
  }

  #trim(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#most) return;
      if (entry.users > 0) continue;
      this.#entries.delete(key);
      end(entry);
    }
  }

  /** Forgets everything; what somebody works with ends when it is given back. */
  clear(): void {
    for (const entry of this.#entries.values()) if (entry.users === 0) end(entry);
    this.#entries.clear();
  }

  /** Forgets everything. */
  [Symbol.dispose](): void {
    this.clear();
  }
}

function end<T extends Disposable>(entry: Entry<T>): void {
  entry.value.then((value) => value[Symbol.dispose](), () => {});
}
