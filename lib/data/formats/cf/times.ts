// Times as CF writes them, `days since 1850-01-01`, counted in seconds from the first frame. Calendars differ in how long
// months and years are and in which dates there are.

import { quoted } from "../../../io/quote.ts";

/** Days of each month; of February without its leap day. */
const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days before a year, counted from year 0 on. */
type Years = (year: number) => number;

const gregorian: Years = (y) =>
  365 * y + Math.floor((y + 3) / 4) - Math.floor((y + 99) / 100) + Math.floor((y + 399) / 400);
const julian: Years = (y) => 365 * y + Math.floor((y + 3) / 4);

/** A calendar. */
interface Calendar {
  /** Days of a year on average, for units of years and months. */
  readonly year: number;
  /** The day of a date, counted from any day. */
  readonly day: (year: number, month: number, day: number) => number;
}

/** A calendar of months as we know them. */
function monthly(year: number, before: Years): Calendar {
  return {
    year,
    day(y, m, d) {
      const leap = before(y + 1) - before(y) - 365;
      const months = MONTHS.slice(0, m - 1).reduce((sum, days) => sum + days, m > 2 ? leap : 0);
      return before(y) + months + d - 1;
    },
  };
}

/** A year of UDUNITS, the tropical one. */
const TROPICAL = 365.242198781;
const GREGORIAN = monthly(TROPICAL, gregorian);
const JULIAN = monthly(365.25, julian);
/** First day of the reform of 1582, and by how much the two counts differ from year 0 on. */
const REFORM = GREGORIAN.day(1582, 10, 15);
const SHIFT = REFORM - JULIAN.day(1582, 10, 5);

/** The calendar of history: Julian up to 4 October 1582, Gregorian from the next day, the 15th, on. */
const STANDARD: Calendar = {
  year: TROPICAL,
  day(y, m, d) {
    const day = GREGORIAN.day(y, m, d);
    return day >= REFORM ? day : JULIAN.day(y, m, d) + SHIFT;
  },
};

const CALENDARS: Readonly<Record<string, Calendar>> = {
  standard: STANDARD,
  gregorian: STANDARD,
  proleptic_gregorian: GREGORIAN,
  julian: JULIAN,
  noleap: monthly(365, (y) => 365 * y),
  "365_day": monthly(365, (y) => 365 * y),
  all_leap: monthly(366, (y) => 366 * y),
  "366_day": monthly(366, (y) => 366 * y),
  "360_day": { year: 360, day: (y, m, d) => 360 * y + 30 * (m - 1) + d - 1 },
};

const DAY = 86_400;

/** Seconds of units that no calendar changes. */
const SECONDS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ns|nanosec(?:ond)?s?)$/, 1e-9],
  [/^(?:us|microsec(?:ond)?s?)$/, 1e-6],
  [/^(?:ms|msecs?|millisec(?:ond)?s?)$/, 1e-3],
  [/^(?:s|secs?|seconds?)$/, 1],
  [/^(?:mins?|minutes?)$/, 60],
  [/^(?:h|hrs?|hours?)$/, 3600],
  [/^(?:d|days?)$/, DAY],
  [/^weeks?$/, 7 * DAY],
];

/** Seconds of a unit; null for one that is not known. */
function secondsOf(unit: string, calendar: Calendar): number | null {
  const fixed = SECONDS.find(([names]) => names.test(unit.toLowerCase()))?.[1];
  if (fixed !== undefined) return fixed;
  if (/^common_years?$/i.test(unit)) return 365 * DAY;
  if (/^(?:yrs?|years?)$/i.test(unit)) return calendar.year * DAY;
  return /^mon(?:th)?s?$/i.test(unit) ? calendar.year * DAY / 12 : null;
}

/** The moment of a number whose digits are a date, `19990131.25`. */
function ofDigits(value: number, { day }: Calendar): number {
  const digits = Math.trunc(value);
  const [y, m, d] = [Math.floor(digits / 10_000), Math.floor(digits / 100) % 100, digits % 100];
  return m >= 1 && m <= 12 && d >= 1 ? (day(y, m, d) + (value - digits)) * DAY : NaN;
}

/**
 * Times in seconds from the first.
 *
 * @param values as they are stored
 * @param units `hours since 2000-01-01`, `day as %Y%m%d.%f`; others than units of time leave the numbers as they are
 * @param calendar by CF's names
 * @throws SyntaxError, without the file's name, for an unknown calendar or unit, or a time that is no number
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const seconds = (values: number[], units: string, calendar?: string) =>
 *   [...timesOf(Float64Array.from(values), units, calendar)];
 * assert.deepEqual(seconds([10, 10.5], "days since 1850-01-01"), [0, 43_200]);
 * assert.deepEqual(seconds([0, 1], "months since 2000-01-01", "360_day"), [0, 30 * 86_400]);
 * assert.deepEqual(seconds([20000228, 20000301], "day as %Y%m%d.%f", "noleap"), [0, 86_400]);
 * assert.deepEqual(seconds([20000228, 20000301], "day as %Y%m%d.%f", "standard"), [0, 2 * 86_400]);
 * assert.deepEqual(seconds([3, 4], "L/U"), [3, 4]);
 * ```
 */
export function timesOf(values: Float64Array, units: string | null, calendar = "standard"): Float64Array {
  const gap = values.findIndex((value) => !Number.isFinite(value));
  if (gap >= 0) throw new SyntaxError(`the time of frame ${gap} is ${values[gap]}, wanted a number`);
  const name = calendar.toLowerCase();
  // A calendar of none is for runs in which the date stands still: time is counted all the same.
  const known = name === "none" ? STANDARD : Object.hasOwn(CALENDARS, name) ? CALENDARS[name]! : null;
  if (!known) {
    throw new SyntaxError(
      `its calendar is ${quoted(calendar)}, wanted ${Object.keys(CALENDARS).join(", ")} or none`,
    );
  }
  if (units === null) return values;
  const first = values[0] ?? 0;
  if (/^\s*day as %Y%m%d(?:\.%f)?\s*$/i.test(units)) {
    const moments = values.map((value) => ofDigits(value, known));
    const wrong = moments.findIndex(Number.isNaN);
    if (wrong >= 0) {
      throw new SyntaxError(`the time of frame ${wrong} is ${values[wrong]}, wanted a date of digits`);
    }
    return moments.map((moment) => moment - moments[0]!);
  }
  const [, unit = units.trim(), date] = /^\s*(\S+)\s+since\s+(.*)$/i.exec(units) ?? [];
  const scale = secondsOf(unit, known);
  if (scale !== null) return values.map((value) => (value - first) * scale);
  if (date === undefined) return values;
  throw new SyntaxError(
    `its times are in ${quoted(units)}, wanted seconds, minutes, hours, days, months or years since`,
  );
}
