// Damage done to bytes, as fast-check draws and shrinks it: flips, spans, truncation, insertion, and numbers that lie
// about lengths, counts and offsets.

import fc from "fast-check";

/** One damage; places are parts of a file's length, so that they fit any file. */
export type Damage =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "truncate"; readonly at: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "overwrite"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number }
  | { readonly kind: "lie"; readonly at: number; readonly width: 1 | 2 | 4 | 8; readonly value: bigint };

/** Lengths, counts and offsets that headers lie with. */
export const LIES: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
]
  .concat([2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]);

/**
 * Damage to a file.
 *
 * @param dense parts of the file, from 0 to 1, where headers lie: half of the damage is done there
 */
export function damages(dense: readonly (readonly [number, number])[] = [[0, 1]]): fc.Arbitrary<Damage[]> {
  // Whole numbers: doubles are drawn by their exponent, most of them next to nothing.
  const part = (from: number, to: number) =>
    fc.integer({ min: Math.round(from * 2 ** 24), max: Math.round(to * 2 ** 24) }).map((n) => n / 2 ** 24);
  const at = fc.oneof(
    { weight: dense.length, arbitrary: part(0, 1) },
    ...dense.map(([from, to]) => ({ weight: 1, arbitrary: part(from, to) })),
  );
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 24 });
  const length = fc.integer({ min: 1, max: 4096 });
  const draw = <D extends Damage>(weight: number, model: { [K in keyof D]: fc.Arbitrary<D[K]> }) => ({
    weight,
    arbitrary: fc.record(model) as fc.Arbitrary<Damage>,
  });
  // What keeps the length comes more often: the rest of the file stays where the headers say.
  const one = fc.oneof(
    draw<Extract<Damage, { kind: "flip" }>>(3, {
      kind: fc.constant("flip"),
      at,
      bit: fc.integer({ min: 0, max: 7 }),
    }),
    draw<Extract<Damage, { kind: "lie" }>>(3, {
      kind: fc.constant("lie"),
      at,
      width: fc.constantFrom(1, 2, 4, 8),
      value: fc.constantFrom(...LIES),
    }),
    draw<Extract<Damage, { kind: "overwrite" }>>(2, { kind: fc.constant("overwrite"), at, bytes }),
    draw<Extract<Damage, { kind: "insert" }>>(1, { kind: fc.constant("insert"), at, bytes }),
    draw<Extract<Damage, { kind: "truncate" }>>(1, { kind: fc.constant("truncate"), at }),
    draw<Extract<Damage, { kind: "remove" }>>(1, { kind: fc.constant("remove"), at, length }),
    draw<Extract<Damage, { kind: "repeat" }>>(1, { kind: fc.constant("repeat"), at, length }),
  );
  return fc.array(one, { minLength: 1, maxLength: 4 });
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function damageOnce(file: Uint8Array, damage: Damage): Uint8Array {
  if (file.length === 0) return file;
  const place = Math.min(file.length - 1, Math.floor(damage.at * file.length));
  const [before, after] = [file.subarray(0, place), file.subarray(place)];
  switch (damage.kind) {
    case "truncate":
      return before.slice();
    case "insert":
      return joined(before, damage.bytes, after);
    case "remove":
      return joined(before, after.subarray(damage.length));
    case "repeat":
      return joined(before, after.subarray(0, damage.length), after);
  }
  const copy = file.slice();
  if (damage.kind === "flip") copy[place] = copy[place]! ^ 1 << damage.bit;
  else if (damage.kind === "overwrite") copy.set(damage.bytes.subarray(0, copy.length - place), place);
  else {
    const number = new Uint8Array(8);
    new DataView(number.buffer).setBigUint64(0, damage.value, true);
    copy.set(number.subarray(0, Math.min(damage.width, copy.length - place)), place);
  }
  return copy;
}

/** A damaged copy. */
export function damaged(file: Uint8Array, list: readonly Damage[]): Uint8Array {
  return list.reduce(damageOnce, file);
}
