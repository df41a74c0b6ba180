// Memory that programs use only while they run: the arena of scratch slots and the kernels' own working memory. A
// device runs one program at a time, so all of its programs share one, as large as the most demanding needs.

import type { Allocator } from "./memory.ts";

/** Bytes of each part. */
export interface Needs {
  /** Scratch slots of a program. */
  readonly arena: number;
  /** Working memory of all threads together. */
  readonly scratch: number;
  /** Working memory the threads share. */
  readonly shared: number;
}

const PARTS = ["arena", "scratch", "shared"] as const;

/** The shared parts and who needs them. */
export class Workspace {
  readonly #allocator: Allocator;
  readonly #users = new Set<Needs>();
  readonly #parts = {
    arena: { bytes: 0, address: 0 },
    scratch: { bytes: 0, address: 0 },
    shared: { bytes: 0, address: 0 },
  };

  constructor(allocator: Allocator) {
    this.#allocator = allocator;
  }

  /** Where a part lies now; it may move when programs are loaded or disposed of. */
  address(part: keyof Needs): number {
    return this.#parts[part].address;
  }

  /**
   * Grows to what a program needs.
   *
   * @throws RangeError when memory does not suffice; what was there stays
   */
  add(needs: Needs): void {
    this.#users.add(needs);
    try {
      this.#fit();
    } catch (error) {
      this.remove(needs);
      throw error;
    }
  }

  /** Forgets a program and gives back what no other needs. */
  remove(needs: Needs): void {
    if (this.#users.delete(needs)) this.#fit();
  }

  #fit(): void {
    for (const name of PARTS) {
      const part = this.#parts[name];
      const bytes = Math.max(0, ...[...this.#users].map((needs) => needs[name]));
      if (bytes === part.bytes) continue;
      // The old range goes first: its contents do not outlive a run, and both may not fit together.
      this.#allocator.free(part.address);
      Object.assign(part, { bytes: 0, address: 0 });
      if (bytes > 0) {
        Object.assign(part, { address: this.#allocator.allocate(bytes, `the ${name} of a program`), bytes });
      }
    }
  }
}
