// Axes of charts: where values lie, and round marks along them.

/** An axis. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
}

/** Share of the way along an axis, 0 to 1; NaN for what has no place on it. */
export function shareOf({ low, high, log }: Axis, value: number): number {
  if (!log) return (value - low) / (high - low);
  return value > 0 ? Math.log(value / low) / Math.log(high / low) : NaN;
}

/** A logarithmic axis of whole decades that holds all positive values; `also` lies on it, too. */
export function decades(values: readonly number[], also: readonly number[] = []): Axis {
  const all = [...values, ...also].filter((value) => value > 0 && Number.isFinite(value));
  if (all.length === 0) return { low: 0.01, high: 1, log: true };
  const power = (value: number, round: (x: number) => number) => round(Number(Math.log10(value).toFixed(9)));
  const low = power(Math.min(...all), Math.floor);
  const high = power(Math.max(...all), Math.ceil);
  return { low: 10 ** low, high: 10 ** Math.max(high, low + 1), log: true };
}

/** The least of 1, 2, 5 times a power of ten that is not below a number. */
function roundStep(rough: number): number {
  const power = Math.floor(Math.log10(rough));
  for (const digits of ["1", "2", "5"]) {
    const step = Number(`${digits}e${power}`);
    if (step >= rough * (1 - 1e-9)) return step;
  }
  return Number(`1e${power + 1}`);
}

/** Round numbers along an even axis, at most about so many. */
export function evenTicks({ low, high }: Axis, most: number): number[] {
  const step = roundStep((high - low) / Math.max(1, most));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, i) => Number(((first + i) * step).toPrecision(12)),
  );
}

/** Whole numbers along an even axis, at most about so many. */
export function wholeTicks(axis: Axis, most: number): number[] {
  const step = Math.max(1, roundStep((axis.high - axis.low) / Math.max(1, most)));
  const first = Math.ceil(axis.low / step);
  const last = Math.floor(axis.high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Marks of a logarithmic axis: powers of ten, at most about so many; 2 and 5, too, where there are few. */
export function logTicks({ low, high }: Axis, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, most)));
  const digits = last - first <= 1 && most >= 3 ? ["1", "2", "5"] : ["1"];
  const marks: number[] = [];
  for (let power = first; power <= last; power++) {
    if ((power - first) % every !== 0) continue;
    marks.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  }
  return marks.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
}

/** An even axis with a margin around some values, its ends round. */
export function roundAxis(values: readonly number[], most = 4): Axis {
  const all = values.filter(Number.isFinite);
  if (all.length === 0) return { low: 0, high: 1, log: false };
  const [least, largest] = [Math.min(...all), Math.max(...all)];
  const size = Math.max(Math.abs(least), Math.abs(largest));
  // Numbers that differ in their last digits are one number to an axis.
  const isSpread = largest - least > Math.max(size * 1e-9, 1e-30);
  const span = isSpread ? largest - least : size > 1e-30 ? size * 0.02 : 1;
  const step = roundStep(span / most);
  const low = Math.floor((least - span * 0.02) / step) * step;
  const high = Math.ceil((largest + span * 0.02) / step) * step;
  return { low: Number(low.toPrecision(12)), high: Number(high.toPrecision(12)), log: false };
}
