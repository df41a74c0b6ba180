// Lies told where a format keeps its headers: fields of a zip archive's directory, opcodes of a pickle, addresses of an
// HDF5 file. Damage at random seldom makes a header that is still believed; these do.

import fc from "fast-check";

/** A number in a file: little-endian. */
export interface Place {
  readonly at: number;
  readonly width: 1 | 2 | 4 | 8;
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

/** Places of a text. */
function find(file: Uint8Array, text: string): number[] {
  const found: number[] = [];
  for (let at = file.indexOf(text.charCodeAt(0)); at >= 0; at = file.indexOf(text.charCodeAt(0), at + 1)) {
    if ([...text].every((letter, i) => file[at + i] === letter.charCodeAt(0))) found.push(at);
  }
  return found;
}

/**
 * A file in which one to three numbers lie.
 *
 * @param seed a valid file
 * @param places where
 * @param values what they say
 */
export function lying(
  seed: Uint8Array,
  places: readonly Place[],
  values: readonly bigint[],
): fc.Arbitrary<Uint8Array> {
  const lie = fc.record({ place: fc.constantFrom(...places), value: fc.constantFrom(...values) });
  return fc.array(lie, { minLength: 1, maxLength: 3 }).map((lies) => {
    const file = seed.slice();
    for (const { place: { at, width }, value } of lies) {
      for (let i = 0; i < width; i++) file[at + i] = Number(value >> BigInt(8 * i) & 0xffn);
    }
    return file;
  });
}

/** Offset and width of the fields that a reader believes, by the signature of their record. */
const ZIP_FIELDS: Readonly<Record<string, readonly (readonly [number, Place["width"]])[]>> = {
  "PK\x01\x02": [[8, 2], [10, 2], [20, 4], [24, 4], [28, 2], [30, 2], [32, 2], [42, 4]],
  "PK\x03\x04": [[26, 2], [28, 2]],
  "PK\x05\x06": [[8, 2], [10, 2], [12, 4], [16, 4], [20, 2]],
  "PK\x06\x06": [[4, 8], [24, 8], [32, 8], [40, 8], [48, 8]],
  "PK\x06\x07": [[8, 8]],
};

/** Fields of a zip archive. */
export function zipPlaces(archive: Uint8Array): Place[] {
  return Object.entries(ZIP_FIELDS).flatMap(([signature, fields]) =>
    find(archive, signature).flatMap((start) =>
      fields.map(([offset, width]) => ({ at: start + offset, width }))
    )
  );
}

/** Bytes of the pickle of a PyTorch archive: it comes first, its records follow. */
export function picklePlaces(archive: Uint8Array): Place[] {
  const [start = 0, end = archive.length] = find(archive, "PK\x03\x04");
  return Array.from({ length: end - start - 30 }, (_, i) => ({ at: start + 30 + i, width: 1 as const }));
}

/** Every byte of a file that is all pickle, or nearly so. */
export function everyByte(file: Uint8Array): Place[] {
  return Array.from(file, (_, at) => ({ at, width: 1 as const }));
}

/** Every opcode of pickles. */
export const OPCODES: readonly bigint[] = Array.from(
  "()*.012BCFGIJKLMNPQRSTUVXabcdeghijlopqrstu{}]",
  (c) => c.charCodeAt(0),
)
  .concat(Array.from({ length: 0x99 - 0x80 }, (_, i) => 0x80 + i)).map(BigInt);

/** Smallest address that is told from a count. */
const FIRST_ADDRESS = 40n;

/** Places of an HDF5 file that hold what may be an address in it, and those addresses. */
export function addresses(file: Uint8Array): { readonly places: Place[]; readonly values: bigint[] } {
  const view = viewOf(file);
  const places: Place[] = [];
  const values = new Set<bigint>();
  for (let at = 8; at + 8 <= file.length; at++) {
    const value = view.getBigUint64(at, true);
    if (value < FIRST_ADDRESS || value >= BigInt(file.length) || value % 8n !== 0n) continue;
    places.push({ at, width: 8 });
    values.add(value);
  }
  return { places, values: [...values] };
}

/** Bytes of an HDF5 file that say how chunks are stored, and of the chunks: none of them is zero. */
export function chunkPlaces(file: Uint8Array): Place[] {
  const filters = find(file, "\x0b\0").flatMap((start) => Array.from({ length: 128 }, (_, i) => start + i));
  const trees = find(file, "TREE\x01").flatMap((start) => Array.from({ length: 96 }, (_, i) => start + i));
  const chunks = [...file.keys()].filter((at) => file[at] !== 0);
  const bytes = [...filters, ...trees].filter((at) => at + 4 <= file.length);
  return [
    ...bytes.map((at): Place => ({ at, width: 1 })),
    ...bytes.filter((at) => at % 4 === 0).map((at): Place => ({ at, width: 4 })),
    ...chunks.map((at): Place => ({ at, width: 1 })),
  ];
}

/** Lengths of texts and places of free space in heaps of an HDF5 file. */
export function heapPlaces(file: Uint8Array): Place[] {
  const view = viewOf(file);
  const texts: Place[] = [];
  for (const heap of find(file, "GCOL").map(BigInt)) {
    for (let at = 4; at + 8 <= file.length; at++) {
      if (view.getBigUint64(at, true) === heap) texts.push({ at: at - 4, width: 4 });
    }
  }
  const free = find(file, "HEAP").filter((heap) => heap + 32 <= file.length).flatMap((heap): Place[] => {
    const [head, data] = [16, 24].map((field) => view.getBigUint64(heap + field, true));
    const at = Number(data! + head!);
    return at + 16 <= file.length
      ? [{ at: heap + 16, width: 8 }, { at, width: 8 }, { at: at + 8, width: 8 }]
      : [];
  });
  return [...texts, ...free];
}
