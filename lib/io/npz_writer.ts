// Archives of NumPy arrays whose numbers come by turns, a piece of this array and a piece of that: where each number
// lies is known from the shapes, so that nothing is held. Entries are stored as they are, with 64-bit sizes where they
// are needed (APPNOTE.TXT, 4.3 and 4.5.3).

import type { ByteSink } from "./byte_sink.ts";
import { crc32 } from "./crc32.ts";
import { npyHeader } from "./npy_writer.ts";
import { CENTRAL, DATE, END, LOCAL, record, UTF8_NAMES, type Width } from "./zip_records.ts";

/** An archive that is being written. */
export interface StreamedNpz {
  /**
   * Takes the next numbers of an array, in C order.
   *
   * @throws RangeError for more than it has
   */
  append(name: string, numbers: Float32Array): Promise<void>;
  /**
   * Writes what leads to the arrays.
   *
   * @returns bytes of the archive
   * @throws RangeError while numbers are missing
   */
  finish(): Promise<number>;
}

const IN_64_BITS = 0xffffffff;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const VERSION = 45;

/** An array of the archive: where it lies, how much of it is there. */
interface Entry {
  readonly name: Uint8Array;
  readonly shape: readonly number[];
  readonly head: Uint8Array;
  /** Bytes of the entry. */
  readonly size: number;
  /** Where its local header lies. */
  readonly at: number;
  /** Where its bytes begin. */
  readonly start: number;
  written: number;
  crc: number;
}

/** The fields that stand in both headers of an entry; sizes as 64 bits, always: their room must be known. */
function shared({ crc, name }: Entry, extra: number): readonly (readonly [Width, number])[] {
  const sizes = [[4, IN_64_BITS], [4, IN_64_BITS]] as const;
  return [[2, VERSION], [2, UTF8_NAMES], [2, 0], [2, 0], [2, DATE], [4, crc], ...sizes, [2, name.length], [
    2,
    extra,
  ]];
}

/** Bytes of the extra field with two sizes, and with the place as well. */
const [SIZES, SIZES_AND_PLACE] = [20, 28];

function localHeader(entry: Entry): Uint8Array {
  return record([4, LOCAL], ...shared(entry, SIZES));
}

function extraField({ size, at }: Entry, withPlace: boolean): Uint8Array {
  const sizes = [[8, size], [8, size]] as const;
  return withPlace
    ? record([2, 1], [2, SIZES_AND_PLACE - 4], ...sizes, [8, at])
    : record([2, 1], [2, SIZES - 4], ...sizes);
}

/**
 * Begins an archive.
 *
 * @param sink takes its bytes
 * @param shapes of the arrays by name; their numbers are f32
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySink } from "./byte_sink.ts";
 * import { memorySource } from "./byte_source.ts";
 * import { openNpz } from "./npz.ts";
 * const sink = memorySink();
 * const archive = streamNpz(sink, { a: [2, 2], b: [2] });
 * for (const value of [1, 2]) {
 *   await archive.append("a", Float32Array.of(value, -value));
 *   await archive.append("b", Float32Array.of(value));
 * }
 * const bytes = sink.bytes(await archive.finish());
 * const a = await (await openNpz(memorySource(bytes))).open("a");
 * assert.deepEqual([...await a.readFloat32(0, 4)], [1, -1, 2, -2]);
 * ```
 */
export function streamNpz(sink: ByteSink, shapes: Readonly<Record<string, readonly number[]>>): StreamedNpz {
  let end = 0;
  const entries = new Map(
    Object.entries(shapes).map(([name, shape]): [string, Entry] => {
      const bytes = new TextEncoder().encode(`${name}.npy`);
      const head = npyHeader(shape, "<f4");
      const size = head.length + 4 * shape.reduce((n, extent) => n * extent, 1);
      const start = end + 30 + bytes.length + SIZES;
      const entry = {
        name: bytes,
        shape,
        head,
        size,
        at: end,
        start,
        written: head.length,
        crc: crc32(head),
      };
      end = start + size;
      return [name, entry];
    }),
  );
  return {
    async append(name, numbers) {
      const entry = entries.get(name)!;
      const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      const at = entry.start + entry.written;
      entry.written += bytes.length;
      if (entry.written > entry.size) {
        throw new RangeError(
          `Cannot write ${entry.written} bytes of "${name}" of shape [${entry.shape.join(", ")}]`,
        );
      }
      entry.crc = crc32(bytes, entry.crc);
      await sink.write(at, bytes);
    },
    async finish() {
      const directory: Uint8Array[] = [];
      for (const [name, entry] of entries) {
        if (entry.written !== entry.size) {
          throw new RangeError(
            `"${name}" of shape [${entry.shape.join(", ")}] has ${entry.written} of ${entry.size} bytes`,
          );
        }
        for (
          const [at, part] of [
            [entry.at, localHeader(entry)],
            [entry.at + 30, entry.name],
            [entry.at + 30 + entry.name.length, extraField(entry, false)],
            [entry.start, entry.head],
          ] as const
        ) await sink.write(at, part);
        // Comment, disk, attributes, place of the local header.
        const rest = [[2, 0], [2, 0], [2, 0], [4, 0], [4, IN_64_BITS]] as const;
        directory.push(
          record([4, CENTRAL], [2, VERSION], ...shared(entry, SIZES_AND_PLACE), ...rest),
          entry.name,
          extraField(entry, true),
        );
      }
      const size = directory.reduce((n, { length }) => n + length, 0);
      const count = entries.size;
      const tail = [
        record([4, END_64], [8, 44], [2, VERSION], [2, VERSION], [4, 0], [4, 0], [8, count], [8, count], [
          8,
          size,
        ], [8, end]),
        record([4, LOCATOR_64], [4, 0], [8, end + size], [4, 1]),
        record([4, END], [2, 0], [2, 0], [2, 0xffff], [2, 0xffff], [4, IN_64_BITS], [4, IN_64_BITS], [2, 0]),
      ];
      let at = end;
      for (const part of [...directory, ...tail]) {
        await sink.write(at, part);
        at += part.length;
      }
      return at;
    },
  };
}
