// Numbers of every layout: as h5py reads them, and as a decoder that goes through them bit by bit says.

import assert from "node:assert/strict";
import fc from "fast-check";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import type { FloatType, IntegerType } from "../../lib/io/hdf5_datatype.ts";
import { numberFault, toNumbers } from "../../lib/io/hdf5_numbers.ts";
import { fixture } from "../shared.ts";

const expected: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = JSON.parse(
  await Deno.readTextFile(fixture("numbers/expected.json")),
);

/** What Python's repr says. */
function parsed(words: readonly string[]): number[] {
  const special: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  return words.map((word) => special[word] ?? Number(word));
}

for (const [name, datasets] of Object.entries(expected)) {
  Deno.test(`openHdf5() reads every number of ${name} as h5py does, in datasets and attributes`, async () => {
    using file = await openHdf5(fixture(`numbers/${name}`));
    assert.deepEqual(await file.keys("/"), Object.keys(datasets).sort());
    let attributes = 0;
    for (const [path, words] of Object.entries(datasets)) {
      const wanted = parsed(words);
      assert.deepEqual([...await file.readFloat64(path)], wanted, path);
      assert.deepEqual([...await file.readFloat32(path)], wanted.map(Math.fround), path);
      const { attr } = await file.attributes(path);
      if (attr === undefined) continue;
      assert.deepEqual(attr, wanted, `attribute of ${path}`);
      attributes++;
    }
    assert.ok(attributes >= 3);
  });
}

Deno.test("openHdf5() reads bit fields as unsigned integers", async () => {
  using file = await openHdf5(fixture("numbers/bits.hdf5"));
  assert.deepEqual([...await file.readFloat64("bits8")], [0, 1, 200, 255]);
  assert.deepEqual([...await file.readFloat64("bits16_big")], [1, 0xc8ff]);
});

/** Bits of an element from the lowest on, as text: nothing is shared with what is tested. */
function bitsOf(bytes: Uint8Array, at: number, length: number): bigint {
  const all = [...bytes].reverse().map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return BigInt(`0b${all.slice(all.length - at - length, all.length - at)}`);
}

function slowInteger(bytes: Uint8Array, { offset, precision, signed }: IntegerType): number {
  const value = bitsOf(bytes, offset, precision);
  return Number(signed && value >> BigInt(precision - 1) ? value - (1n << BigInt(precision)) : value);
}

/** `value * 2 ** power` of whole numbers, rounded once: to 53 bits, or to a multiple of the smallest double. */
function product(value: bigint, power: bigint): number {
  if (power >= 0n) return Number(value << power);
  const kept = power + BigInt(value.toString(2).length) - 53n;
  const lowest = [power, kept, -1074n].reduce((a, b) => a > b ? a : b);
  const places = lowest - power;
  const whole = value >> places;
  const rest = value - (whole << places);
  const half = places > 0n ? 1n << (places - 1n) : 1n;
  const up = rest > half || (rest === half && (whole & 1n) === 1n) ? 1n : 0n;
  // All steps are exact.
  let out = Number(whole + up);
  for (let left = -lowest; left > 0n; left -= 512n) out /= 2 ** Number(left > 512n ? 512n : left);
  return lowest > 0n ? out * 2 ** Number(lowest) : out;
}

function slowFloat(bytes: Uint8Array, { sign, exponent, mantissa, first }: FloatType): number {
  const factor = bitsOf(bytes, sign, 1) ? -1 : 1;
  const power = bitsOf(bytes, exponent.at, exponent.bits);
  const fraction = bitsOf(bytes, mantissa.at, mantissa.bits);
  if (power === (1n << BigInt(exponent.bits)) - 1n) {
    const infinite = fraction === 0n || (first === "stored" && fraction === 1n << BigInt(mantissa.bits - 1));
    return infinite ? factor * Infinity : NaN;
  }
  const normal = first === "implied" && power > 0n;
  const units = normal ? fraction + (1n << BigInt(mantissa.bits)) : fraction;
  const lowest = power - BigInt(exponent.bias) - BigInt(mantissa.bits) + (normal ? 0n : 1n);
  return factor * product(units, lowest);
}

const integers = fc.integer({ min: 1, max: 12 }).chain((bytes) =>
  fc.integer({ min: 1, max: Math.min(64, 8 * bytes) }).chain((precision) =>
    fc.record({
      kind: fc.constant("integer" as const),
      order: fc.constant("little" as const),
      bytes: fc.constant(bytes),
      precision: fc.constant(precision),
      offset: fc.integer({ min: 0, max: 8 * bytes - precision }),
      signed: fc.boolean(),
    })
  )
);

/** Floats whose parts lie anywhere, in any order. */
const floats = fc.integer({ min: 1, max: 16 }).chain((bytes) =>
  fc.integer({ min: 2, max: Math.min(15, 8 * bytes - 2) }).chain((exponentBits) =>
    fc.record({
      bytes: fc.constant(bytes),
      exponentBits: fc.constant(exponentBits),
      mantissaBits: fc.integer({ min: 1, max: 8 * bytes - exponentBits - 1 }),
      bias: fc.integer({ min: 0, max: 2 ** exponentBits }),
      first: fc.constantFrom("implied" as const, "stored" as const),
      parts: fc.shuffledSubarray(["sign", "exponent", "mantissa"] as const, { minLength: 3 }),
      gap: fc.nat(7),
    })
  )
).map(({ bytes, exponentBits, mantissaBits, bias, first, parts, gap }): FloatType & { order: "little" } => {
  const lengths = { sign: 1, exponent: exponentBits, mantissa: mantissaBits };
  const offset = Math.min(gap, 8 * bytes - 1 - exponentBits - mantissaBits);
  const at = { sign: 0, exponent: 0, mantissa: 0 };
  let next = offset;
  for (const part of parts) {
    at[part] = next;
    next += lengths[part];
  }
  return {
    kind: "float",
    order: "little",
    bytes,
    offset,
    sign: at.sign,
    exponent: { at: at.exponent, bits: exponentBits, bias },
    mantissa: { at: at.mantissa, bits: mantissaBits },
    first,
  };
});

const COUNT = 9;

/** Bytes of some elements. */
function elements(bytes: number): fc.Arbitrary<Uint8Array> {
  return fc.array(fc.oneof(fc.constantFrom(0, 255, 128, 1), fc.nat(255)), {
    minLength: COUNT * bytes,
    maxLength: COUNT * bytes,
  }).map((list) => Uint8Array.from(list));
}

function slices(bytes: Uint8Array, width: number): Uint8Array[] {
  return Array.from({ length: bytes.length / width }, (_, i) => bytes.subarray(i * width, (i + 1) * width));
}

Deno.test("toNumbers() gives what reading integers bit by bit gives", () => {
  const cases = integers.chain((type) => elements(type.bytes).map((bytes) => ({ type, bytes })));
  fc.assert(
    fc.property(cases, ({ type, bytes }) => {
      assert.equal(numberFault(type), null);
      const wanted = slices(bytes, type.bytes).map((element) => slowInteger(element, type));
      assert.deepEqual([...toNumbers(bytes, type)].map(String), wanted.map(String));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("toNumbers() gives what reading floats bit by bit gives", () => {
  const cases = floats.chain((type) => elements(type.bytes).map((bytes) => ({ type, bytes })));
  fc.assert(
    fc.property(cases, ({ type, bytes }) => {
      const found = toNumbers(bytes, type);
      slices(bytes, type.bytes).forEach((element, i) => {
        const zeros = type.first === "stored" && bitsOf(element, type.mantissa.at, type.mantissa.bits) === 0n;
        // No hardware makes a stored mantissa of zeros beside an exponent; what h5py makes of it is tested above.
        if (zeros && bitsOf(element, type.exponent.at, type.exponent.bits) !== 0n) return;
        const wanted = slowFloat(element, type);
        // Where a double is too small for all bits of a long mantissa it is rounded twice.
        const tiny = Math.abs(wanted) < 2 ** -1022 && type.mantissa.bits > 53;
        if (tiny) assert.ok(Math.abs(found[i]! - wanted) <= 2 ** -1074, `${found[i]} for ${wanted}`);
        else assert.ok(Object.is(found[i], wanted), `${found[i]} for ${wanted}`);
      });
    }),
    { numRuns: 2000 },
  );
});

Deno.test("toNumbers() reads many numbers of 16 bits as it reads few", () => {
  const type = {
    kind: "float",
    order: "little",
    bytes: 2,
    offset: 0,
    sign: 15,
    exponent: { at: 7, bits: 8, bias: 127 },
    mantissa: { at: 0, bits: 7 },
    first: "implied",
  } as const;
  const words = Uint16Array.from({ length: 65_536 + 7 }, (_, i) => i);
  const bytes = new Uint8Array(words.buffer);
  const many = toNumbers(bytes, type);
  // bfloat16 is the upper half of f32.
  const wanted = new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);
  assert.deepEqual([...many], [...wanted]);
  assert.deepEqual([...toNumbers(bytes.subarray(0, 200), type)], [...wanted.slice(0, 100)]);
});
