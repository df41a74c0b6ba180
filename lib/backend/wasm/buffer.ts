// Memory of the device that outlives a run: a region, and the turns in which it is used.

import type { DeviceBuffer } from "../../compile/device.ts";
import type { DType, HostArray } from "../../ir/types.ts";
import { checkRead, checkWrite } from "../jobs.ts";
import { Life, type Queue } from "../queue.ts";
import { Region } from "./region.ts";
import type { Allocator } from "./memory.ts";

/** What a buffer uses of its device. */
export interface Owner {
  readonly allocator: Allocator;
  readonly queue: Queue;
  readonly life: Life;
}

/** See the head of the file. */
export class WasmBuffer implements DeviceBuffer {
  readonly region: Region;
  readonly life: Life;
  readonly label: string;
  readonly #owner: Owner;

  constructor(owner: Owner, dtype: DType, length: number, label: string, rows?: number) {
    this.label = label;
    this.#owner = owner;
    this.life = new Life(`buffer "${label}"`);
    this.region = new Region(owner.allocator, dtype, length, `buffer "${label}"`, rows);
  }

  get dtype(): DType {
    return this.region.dtype;
  }

  get length(): number {
    return this.region.length;
  }

  #enter<T>(verb: string, task: () => T): Promise<T> {
    const { queue, life } = this.#owner;
    return queue.enter({ action: `${verb} buffer "${this.label}"`, lives: [this.life, life] }, task);
  }

  // deno-lint-ignore require-await -- mistakes of the caller are rejections too
  async write(data: HostArray, from = 0): Promise<void> {
    checkWrite(this, data, from);
    const numbers = this.#owner.queue.isIdle ? data : data.slice();
    return this.#enter("write", () => this.region.put(numbers, from));
  }

  // deno-lint-ignore require-await -- as above
  async read(from = 0, to = this.length): Promise<HostArray> {
    checkRead(this, from, to);
    return this.#enter("read", () => this.region.take(from, to));
  }

  [Symbol.dispose](): void {
    if (this.life.end()) this.#owner.queue.release(() => this.region.free());
  }
}

/** Whether a buffer lies in a device's memory. */
export function isBufferOf({ allocator }: Owner): (buffer: DeviceBuffer) => buffer is WasmBuffer {
  return (buffer): buffer is WasmBuffer =>
    buffer instanceof WasmBuffer && buffer.region.allocator === allocator;
}
