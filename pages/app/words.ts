// Quantities as the app says them. Pure; every number leaves with its unit.

/** Bytes in a unit people read: `94 MB`, `5.1 GB`, `9.4 MB`. */
export function bytes(count: number): string {
  if (count >= 1e9) return `${short(count / 1e9, 2)} GB`;
  return count >= 1e5 ? `${short(count / 1e6, 2)} MB` : `${Math.max(1, Math.round(count / 1000))} KB`;
}

/** At least so many digits, and all before the point: `9.4`, `94`, `0.10`. */
export function short(value: number, digits: number): string {
  const before = Math.floor(Math.log10(Math.max(1e-300, Math.abs(value)))) + 1;
  return before >= digits ? String(Math.round(value)) : value.toPrecision(digits);
}

/** `12 of 94 MB`: one unit for both. */
export function progress(done: number, total: number | null): string {
  if (total === null) return bytes(done);
  const [number, unit] = bytes(total).split(" ");
  const scale = unit === "GB" ? 1e9 : unit === "MB" ? 1e6 : 1e3;
  const part = done / scale;
  return `${part >= 10 || unit === "KB" ? Math.round(part) : part.toFixed(1)} of ${number} ${unit}`;
}

/** A duration: `0.2 s`, `4 s`, `9 min`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Time left, never finer than a second: a guess has no tenths. */
export function timeLeft(seconds: number): string {
  return seconds < 1 ? "under 1 s" : seconds < 99.5 ? `${Math.round(seconds)} s` : duration(seconds);
}

/** `1 step`, `2 steps`. */
export function count(number: number, singular: string, plural: string = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** `64 x 64 points`. */
export function gridWords(shape: readonly number[]): string {
  return `${shape.join(" x ")} points`;
}

/** A number as people read it in a table: four digits at most unless told otherwise. */
export function number(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return "not finite";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(2).replace(/\.?0*e\+?/, "e");
  return String(Number(value.toPrecision(digits)));
}

/** A score: three digits, none of them lost. */
export function scoreWords(value: number): string {
  return Number.isFinite(value) ? value < 10 ? value.toFixed(2) : value.toPrecision(3) : "not finite";
}

/** `a, b and c`. */
export function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
