// The random arrays of tests/fixtures/metrics/record.py.

/** Numbers between -0.5 and 0.5 of a linear congruential generator, exact in double precision. */
export function randomNumbers(seed: number, count: number): Float64Array {
  let x = seed;
  return Float64Array.from({ length: count }, () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return x / 2 ** 32 - 0.5;
  });
}
