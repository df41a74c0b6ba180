// Booleans in HDF5 files that are written: an enumeration of FALSE and TRUE over 8-bit integers, as h5py writes them and
// The Well's checker wants them. The library that writes makes no enumerations: it is given a structure of one integer,
// whose description is longer, and the description is then exchanged in the bytes of the file. Both stand in the HDF5
// specification, "Datatype Message", version 1; object headers of that age have no checksums.

/** Name of the structure's member. */
const MEMBER = "FALSE, TRUE";

/** Type of what stands in for booleans, as the library wants it. */
export const STAND_IN: readonly (readonly [string, string])[] = [[MEMBER, "<b"]];

/** Numbers in the form in which the library takes structures. */
export function standIn(values: readonly boolean[]): Map<string, Int8Array> {
  return new Map([[MEMBER, Int8Array.from(values, Number)]]);
}

/** A name, ended by a zero and filled to whole eights. */
function named(name: string): number[] {
  const bytes = [...new TextEncoder().encode(name), 0];
  return [...bytes, ...new Array<number>((8 - bytes.length % 8) % 8).fill(0)];
}

/** A signed 8-bit integer: class 0; one byte, 8 bits from bit 0. */
const INTEGER = [0x10, 8, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];
/** A structure of one byte with one member: class 6; the member's name, place, dimensions that it has not, type. */
const STRUCTURE = [0x16, 1, 0, 0, 1, 0, 0, 0, ...named(MEMBER), ...new Array<number>(32).fill(0), ...INTEGER];
/** An enumeration of one byte with two members: class 8; its base, names, values. */
const BOOLEAN = [0x18, 2, 0, 0, 1, 0, 0, 0, ...INTEGER, ...named("FALSE"), ...named("TRUE"), 0, 1];

/**
 * Makes booleans of what stands in for them.
 *
 * @param bytes of a file, changed in place
 * @returns how many there were
 */
export function exchangeBooleans(bytes: Uint8Array): number {
  let count = 0;
  const [first] = STRUCTURE;
  for (let at = bytes.indexOf(first!); at >= 0; at = bytes.indexOf(first!, at + 1)) {
    if (!STRUCTURE.every((byte, i) => bytes[at + i] === byte)) continue;
    bytes.fill(0, at, at + STRUCTURE.length);
    bytes.set(BOOLEAN, at);
    count++;
  }
  return count;
}
