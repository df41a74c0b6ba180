// Ranges of stored weights into buffers: read into the device's own memory where threads share it, converted and packed
// by the kernel `upload` on all threads. One thread without shared memory copies a range in first: such memory moves when
// it grows, and a read may be under way.

import type { DeviceBuffer, RawType, Upload, UploadRange } from "../../compile/device.ts";
import { BYTES, type DType } from "../../ir/types.ts";
import { Life } from "../queue.ts";
import { isBufferOf, type WasmBuffer } from "./buffer.ts";
import { Bytecode, DTYPES } from "./bytecode.ts";
import type { Host } from "./executable.ts";
import { PANEL_ROWS } from "./layout.ts";
import { ADDRESS_BYTES, HEADER, putAddresses, replay } from "./replay.ts";

/** The kernel's number in wasm/src/run.rs: none of those that programs are made of. */
export const UPLOAD = 64;
/** Number types as wasm/src/upload/raw.rs numbers them. */
export const RAW_TYPES: { readonly [K in RawType]: number } = { f32: 0, f16: 1, bf16: 2, f64: 3 };

const RAW_BYTES: { readonly [K in RawType]: number } = { f32: 4, f16: 2, bf16: 2, f64: 8 };
/** Slots of a launch: the stored numbers, the buffer, its scales. */
const SLOTS = 3;

/** Memory of the device. */
interface Place {
  readonly address: number;
  readonly bytes: number;
}

/** What the kernel is told of a range. */
interface Launch {
  readonly raw: RawType;
  readonly dtype: DType;
  /** Of a matrix whose rows are packed or quantised. */
  readonly columns: number;
  readonly packed: boolean;
  /** Elements of the first panel that lie before the range. */
  readonly start: number;
  readonly count: number;
}

const NOTHING: Launch = { raw: "f32", dtype: "f32", columns: 0, packed: false, start: 0, count: 0 };

function bytecode({ raw, dtype, columns, packed, start, count }: Launch): Uint32Array {
  const body = new Bytecode().put(0, 0, DTYPES.f32, RAW_TYPES[raw]).put(1, 0, DTYPES[dtype]);
  body.put(2, 0, DTYPES.f32, columns, packed ? 1 : 0, start, count);
  return Uint32Array.of(UPLOAD, 2 + body.words.length, ...body.words);
}

/** See the head of the file. */
export class WasmUpload implements Upload {
  readonly #host: Host;
  readonly #life = new Life("the upload");
  /** One each where threads share memory, else one for all. */
  readonly #places: (Place | undefined)[];
  /** Memory of this thread, where no other shares it. */
  readonly #own: (Uint8Array | undefined)[] | null;
  /** Header, slot table, launch; working memory of all threads behind them. */
  readonly #words: number;
  readonly #scratch: { readonly address: number; readonly bytes: number };

  /**
   * @param places ranges that are under way at the same time
   * @throws RangeError when memory does not suffice
   */
  constructor(host: Host, places: number) {
    this.#host = host;
    const { allocator, threads } = host;
    const isShared = !(allocator.memory.buffer instanceof ArrayBuffer);
    this.#places = new Array(isShared ? places : 1).fill(undefined);
    this.#own = isShared ? null : new Array(places).fill(undefined);
    const table = ADDRESS_BYTES * (HEADER + SLOTS);
    const launch = bytecode(NOTHING);
    this.#words = allocator.allocate(table + launch.byteLength, "the launch of an upload");
    this.#putLaunch(launch);
    const { scratch } = host.needsOf(this.#words + table);
    try {
      const address = allocator.allocate(scratch * threads, "the scratch of an upload");
      this.#scratch = { address, bytes: scratch };
    } catch (error) {
      allocator.free(this.#words);
      throw error;
    }
  }

  #putLaunch(words: Uint32Array): void {
    const place = this.#words + ADDRESS_BYTES * (HEADER + SLOTS);
    new Uint32Array(this.#host.allocator.memory.buffer, place, words.length).set(words);
  }

  /** A place of so many bytes at least. */
  #place(index: number, bytes: number): Place {
    const { allocator } = this.#host;
    let place = this.#places[index];
    if (place && place.bytes >= bytes) return place;
    if (place) allocator.free(place.address);
    this.#places[index] = undefined;
    place = { address: allocator.allocate(bytes, "a range of weights"), bytes };
    this.#places[index] = place;
    return place;
  }

  memory(place: number, bytes: number): Uint8Array {
    this.#life.check("upload");
    this.#host.life.check("upload");
    if (this.#own) {
      const own = this.#own[place];
      if (own && own.length >= bytes) return own.subarray(0, bytes);
      return this.#own[place] = new Uint8Array(bytes);
    }
    const { address } = this.#place(place, bytes);
    // Typed arrays take a shared buffer as well; only their declared type does not say so.
    return new Uint8Array(this.#host.allocator.memory.buffer as ArrayBuffer, address, bytes);
  }

  /** The buffers of a range, checked. */
  #buffers({ buffer, scales, from, count }: UploadRange): [WasmBuffer, WasmBuffer | null] {
    const cannot = `Cannot upload to buffer "${buffer.label}"`;
    const isOwn = isBufferOf(this.#host);
    const own = (of: DeviceBuffer): WasmBuffer => {
      if (isOwn(of)) return of;
      throw new TypeError(`${cannot}: it is of another device`);
    };
    if ((buffer.dtype === "i8") !== (scales?.dtype === "f32") || buffer.dtype === "i32") {
      throw new TypeError(
        `${cannot}: it is ${buffer.dtype} with ${
          scales?.dtype ?? "no"
        } scales, wanted f32 or f16, or i8 with f32`,
      );
    }
    const rows = scales ? buffer.length / scales.length : 1;
    const isRange = [from, count, from / rows, count / rows].every((n) => Number.isInteger(n) && n >= 0);
    if (!isRange || from + count > buffer.length) {
      throw new RangeError(
        `${cannot}: ${count} elements at ${from} are no rows of its ${buffer.length} elements`,
      );
    }
    return [own(buffer), scales && own(scales)];
  }

  // deno-lint-ignore require-await -- mistakes of the caller are rejections too
  async write(place: number, range: UploadRange): Promise<boolean> {
    const [buffer, scales] = this.#buffers(range);
    const { queue, life, pace } = this.#host;
    const lives = [life, this.#life, buffer.life, ...(scales ? [scales.life] : [])];
    return queue.enter({ action: `upload to buffer "${buffer.label}"`, lives }, async (turn) => {
      if (pace.left === 0) await pace.pause();
      turn.check();
      this.#bind(this.#numbers(place, range.count * RAW_BYTES[range.dtype]), range, buffer, scales);
      const { milliseconds, failure } = await replay(this.#host, this.#words);
      pace.spend(milliseconds);
      return failure === null;
    });
  }

  /** Address of the numbers of a range. */
  #numbers(place: number, bytes: number): number {
    if (!this.#own) return this.#place(place, bytes).address;
    const { address } = this.#place(0, bytes);
    const own = this.#own[place]!.subarray(0, bytes);
    new Uint8Array(this.#host.allocator.memory.buffer, address, bytes).set(own);
    return address;
  }

  /** Writes header, slot table and launch. */
  #bind(
    numbers: number,
    { dtype: raw, from, count }: UploadRange,
    { region, length, dtype }: WasmBuffer,
    scales: WasmBuffer | null,
  ): void {
    const packed = region.packed !== null;
    const columns = region.packed ?? (scales ? length / scales.length : 0);
    const start = packed ? from % (PANEL_ROWS * columns) : 0;
    const table = this.#words + ADDRESS_BYTES * HEADER;
    const launch = table + ADDRESS_BYTES * SLOTS;
    putAddresses(this.#host, this.#words, [table, launch, 1, this.#scratch.address, this.#scratch.bytes, 0]);
    putAddresses(this.#host, table, [
      numbers,
      region.address + (from - start) * BYTES[dtype],
      scales ? scales.region.address + (from / columns) * BYTES.f32 : 0,
    ]);
    this.#putLaunch(bytecode({ raw, dtype, columns, packed, start, count }));
  }

  [Symbol.dispose](): void {
    if (!this.#life.end()) return;
    const { allocator, queue } = this.#host;
    queue.release(() => {
      for (const place of this.#places) if (place) allocator.free(place.address);
      allocator.free(this.#scratch.address);
      allocator.free(this.#words);
    });
  }
}
