// Places in one WebAssembly memory that grows as needed: first fit over a list of holes. Knows addresses and bytes only.

import { ALIGNMENT } from "../../compile/memory_plan.ts";
import { NARROW_BYTES, PAGE } from "./module.ts";

/** Vector loads may read this far past the last allocation. */
const SLACK = 64;

function upTo(n: number, multiple: number): number {
  return Math.ceil(n / multiple) * multiple;
}

/** Hands out ranges of a memory. Addresses are multiples of 64. */
export class Allocator {
  readonly memory: WebAssembly.Memory;
  readonly #start: number;
  readonly #maximum: number;
  /** Bytes of each live range by address. */
  readonly #live = new Map<number, number>();
  /** Free ranges below `#top`, by address, never adjacent. */
  #holes: { start: number; end: number }[] = [];
  #top: number;
  /** What lies from here on was never handed out: a memory grows by zeros. */
  #fresh: number;
  #used = 0;

  /**
   * @param memory what to divide
   * @param start first free byte
   * @param maximum bytes the memory may grow to, as it was created with
   */
  constructor(memory: WebAssembly.Memory, start: number, maximum: number) {
    this.memory = memory;
    this.#start = upTo(start, ALIGNMENT);
    this.#top = this.#start;
    this.#fresh = this.#start;
    this.#maximum = maximum;
  }

  /** Bytes of all live ranges. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that can ever be live at once. */
  get capacity(): number {
    return this.#maximum - SLACK - this.#start;
  }

  /**
   * A range of memory; its contents are arbitrary. Views of the memory made before are out of date afterwards.
   *
   * @param bytes wanted, 0 included
   * @param label what for, named in the error
   * @throws RangeError when it does not fit
   */
  allocate(bytes: number, label: string): number {
    const size = Math.max(upTo(bytes, ALIGNMENT), ALIGNMENT);
    const hole = this.#holes.find(({ start, end }) => end - start >= size);
    let address: number;
    if (hole) {
      address = hole.start;
      hole.start += size;
      if (hole.start === hole.end) this.#holes = this.#holes.filter((h) => h !== hole);
    } else {
      // A hole at the very end is extended.
      const last = this.#holes.at(-1);
      address = last?.end === this.#top ? last.start : this.#top;
      this.#grow(address + size, bytes, label);
      if (address !== this.#top) this.#holes.pop();
      this.#top = address + size;
      this.#fresh = Math.max(this.#fresh, this.#top);
    }
    this.#live.set(address, size);
    this.#used += size;
    return address;
  }

  /** The same with zeros in it. Pages that nobody has used yet are left to who writes to them first. */
  allocateZeroed(bytes: number, label: string): number {
    const fresh = this.#fresh;
    const address = this.allocate(bytes, label);
    const used = Math.min(address + bytes, fresh) - address;
    if (used > 0) new Uint8Array(this.memory.buffer, address, used).fill(0);
    return address;
  }

  #grow(end: number, bytes: number, label: string): void {
    const missing = end + SLACK - this.memory.buffer.byteLength;
    const refuse = (cause?: unknown) => {
      const free = this.capacity - this.#used;
      return new RangeError(
        `Cannot allocate ${label}: it needs ${bytes} bytes, ${free} of ${this.capacity} are free`,
        { cause },
      );
    };
    if (end + SLACK > this.#maximum) throw refuse();
    if (missing <= 0) return;
    try {
      const pages = Math.ceil(missing / PAGE);
      // A memory with 64-bit addresses counts in such numbers; declared types know 32-bit ones only.
      this.memory.grow((this.#maximum > NARROW_BYTES ? BigInt(pages) : pages) as number);
    } catch (cause) {
      throw refuse(cause);
    }
  }

  /** Gives a range back; addresses that are not live are ignored. */
  free(address: number): void {
    const size = this.#live.get(address);
    if (size === undefined) return;
    this.#live.delete(address);
    this.#used -= size;
    const end = address + size;
    const i = this.#holes.findIndex(({ start }) => start > address);
    const next = i < 0 ? this.#holes.length : i;
    this.#holes.splice(next, 0, { start: address, end });
    this.#join(next);
    this.#join(next - 1);
    const last = this.#holes.at(-1);
    if (last?.end === this.#top) {
      this.#top = last.start;
      this.#holes.pop();
    }
  }

  /** Joins hole `i` with the one after it if they touch. */
  #join(i: number): void {
    const [hole, next] = [this.#holes[i], this.#holes[i + 1]];
    if (!hole || !next || hole.end !== next.start) return;
    hole.end = next.end;
    this.#holes.splice(i + 1, 1);
  }
}
