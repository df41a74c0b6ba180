// The radial spectrum against what is known of it: waves of one wavenumber, the sum of all, windows, hidden points.

import assert from "node:assert/strict";
import { powerSpectrum } from "../../lib/metrics/power_spectrum.ts";

const N = 48;

/** Values on a square. */
function square(value: (x: number, y: number) => number): Float64Array {
  return Float64Array.from({ length: N * N }, (_, i) => value(Math.floor(i / N) / N, (i % N) / N));
}

const wave = square((x, y) => 5 + 2 * Math.cos(2 * Math.PI * (3 * x + 4 * y)));

Deno.test("powerSpectrum() has a wave's variance at its wavenumber, whatever its direction", () => {
  const { wavenumbers, power } = powerSpectrum(wave, [N, N]);
  assert.deepEqual(wavenumbers, Array.from({ length: N / 2 - 1 }, (_, i) => i + 1));
  // 3 and 4 cycles along the axes are 5 along the diagonal.
  assert.ok(Math.abs(power[4]! - 2) < 1e-12);
  assert.ok(power.every((p, i) => i === 4 || p < 1e-12));
});

Deno.test("powerSpectrum() sums to the variance where all wavenumbers are below half the points", () => {
  const values = square((x, y) =>
    Math.sin(2 * Math.PI * x) * Math.cos(4 * Math.PI * y) + 0.3 * Math.cos(22 * Math.PI * y)
  );
  const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  const sum = powerSpectrum(values, [N, N]).power.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum / variance - 1) < 1e-12);
});

Deno.test("powerSpectrum() tapers axes that are not periodic: a ramp has no power at high wavenumbers", () => {
  const ramp = square((x) => x);
  const high = (periodic: boolean) => {
    const { power } = powerSpectrum(ramp, [N, N], { periodic: [periodic, true] });
    return power.slice(12).reduce((a, b) => a + b, 0) / power.reduce((a, b) => a + b, 0);
  };
  // A jump falls with the square of the wavenumber, the tapered ramp with its sixth power: (1 / 12) ** 4 apart.
  assert.ok(high(true) > 0.02);
  assert.ok(high(false) < high(true) / 1000, `${high(false)} and ${high(true)}`);
});

Deno.test("powerSpectrum() leaves hidden points out, and tells where a number is not finite", () => {
  const hidden = new Uint8Array(N * N);
  hidden[77] = 1;
  const broken = wave.slice();
  broken[77] = NaN;
  const { power } = powerSpectrum(broken, [N, N], { hidden });
  assert.ok(Math.abs(power[4]! - 2) < 0.01);
  assert.ok(powerSpectrum(broken, [N, N]).power.every(Number.isNaN));
  assert.throws(() => powerSpectrum([1, 2], [3]), /spectrum of 2 values on 3 points/);
});
