// One build of the kernels as what differs from another: most of a build's bytes stand in its sibling too, and further
// apart than deflate looks. A list of pieces, each some new bytes and then a stretch of the sibling.

/** Shortest stretch worth a piece, where it begins elsewhere than was expected. */
const SHORTEST = 8;
/** Places in the sibling that are tried for a stretch. */
const TRIES = 64;

/** Numbers of seven bits a byte, the sign in the lowest bit. */
function put(out: number[], value: number): void {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest > 127; rest >>>= 7) out.push((rest & 127) | 128);
  out.push(rest);
}

function lengthOfMatch(base: Uint8Array, at: number, target: Uint8Array, from: number): number {
  let length = 0;
  while (
    from + length < target.length && at + length < base.length && base[at + length] === target[from + length]
  ) {
    length++;
  }
  return length;
}

/** Where each stretch of {@link SHORTEST} bytes stands. */
function placesOf(base: Uint8Array): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (let i = 0; i + SHORTEST <= base.length; i++) {
    const key = base.subarray(i, i + SHORTEST).join();
    const found = places.get(key);
    if (!found) places.set(key, [i]);
    else if (found.length < TRIES) found.push(i);
  }
  return places;
}

/**
 * What makes `target` of `base`: pieces, then all new bytes, behind their counts.
 *
 * @param base what is there already
 * @param target what is wanted
 */
export function difference(base: Uint8Array, target: Uint8Array): Uint8Array<ArrayBuffer> {
  const places = placesOf(base);
  const pieces: number[] = [];
  const fresh: number[] = [];
  // Behind what was copied last, as far on as new bytes came since: code that was changed goes on there.
  let [count, pending, expected] = [0, 0, 0];
  for (let i = 0; i < target.length;) {
    let [at, length] = [expected, lengthOfMatch(base, expected, target, i)];
    for (const place of places.get(target.subarray(i, i + SHORTEST).join()) ?? []) {
      const other = lengthOfMatch(base, place, target, i);
      if (other > length + 3) [at, length] = [place, other];
    }
    if (length >= (at === expected ? 3 : SHORTEST)) {
      put(pieces, pending);
      put(pieces, at - expected);
      put(pieces, length);
      [count, pending, expected, i] = [count + 1, 0, at + length, i + length];
    } else {
      fresh.push(target[i++]!);
      pending++;
      expected++;
    }
  }
  const counts: number[] = [];
  put(counts, target.length);
  put(counts, count);
  return Uint8Array.from([...counts, ...pieces, ...fresh]);
}

/**
 * The bytes that a {@link difference} was taken for.
 *
 * @param base as it was taken from
 * @param bytes of the difference
 */
export function apply(base: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let read = 0;
  const get = () => {
    let [value, scale, byte] = [0, 1, 128];
    for (; byte > 127; scale *= 128) {
      byte = bytes[read++]!;
      value += (byte & 127) * scale;
    }
    return value % 2 ? -(value + 1) / 2 : value / 2;
  };
  const out = new Uint8Array(get());
  const pieces = Array.from({ length: get() }, () => [get(), get(), get()] as const);
  let [done, expected] = [0, 0];
  const copyNew = (count: number) => {
    out.set(bytes.subarray(read, read + count), done);
    [read, done, expected] = [read + count, done + count, expected + count];
  };
  for (const [pending, step, length] of pieces) {
    copyNew(pending);
    expected += step;
    out.set(base.subarray(expected, expected + length), done);
    [done, expected] = [done + length, expected + length];
  }
  copyNew(out.length - done);
  return out;
}
