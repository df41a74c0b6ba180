// What physics keeps along a forecast, beside its truth: measured frame by frame, told in lines and as JSON.

import type { FieldMap, Frame, Sample } from "walrus";
import { breaks, physics, type PhysicsBreak, type PhysicsMeasure } from "walrus/metrics";

/** A break of the forecast that is written, and how many members of an ensemble break the same law. */
export interface ForecastBreak extends PhysicsBreak {
  readonly members?: number;
}

/** Measures of a step. */
export interface PhysicsStep {
  readonly step: number;
  readonly forecast: readonly PhysicsMeasure[];
  /** Null where there is no truth. */
  readonly truth: readonly PhysicsMeasure[] | null;
}

/** What was found. */
export interface PhysicsReport {
  /** Of the last frame that the forecast starts from. */
  readonly start: readonly PhysicsMeasure[];
  readonly steps: readonly PhysicsStep[];
  readonly breaks: readonly ForecastBreak[];
}

/** Measures a forecast as it comes. */
export class PhysicsScorer {
  readonly #map: FieldMap;
  readonly #inputs: readonly (readonly PhysicsMeasure[])[];
  readonly #steps: PhysicsStep[] = [];
  /** Of each member its steps. */
  readonly #members: PhysicsMeasure[][][] = [];

  /**
   * @param start window that the forecast continues
   * @param map names of the file's fields in the network's table
   */
  constructor(start: Sample, map: FieldMap) {
    this.#map = map;
    this.#inputs = Array.from(start.times, (_, frame) => physics(start, { frame, map }));
  }

  /**
   * Measures a frame.
   *
   * @param frame of the forecast
   * @param truth null where there is none
   * @param members of an ensemble
   */
  add(frame: Frame, truth: Sample | null, members: readonly Frame[] = []): void {
    const measure = (sample: Sample) => physics(sample, { map: this.#map });
    this.#steps.push({ step: frame.step, forecast: measure(frame), truth: truth && measure(truth) });
    for (const [i, member] of members.entries()) (this.#members[i] ??= []).push(measure(member));
  }

  /** What was found; a forecast without truth is held against the frames it starts from. */
  report(): PhysicsReport {
    const truth = [...this.#inputs, ...this.#steps.flatMap((step) => step.truth ? [step.truth] : [])];
    const own = breaks(truth, this.#steps.map(({ forecast }) => forecast));
    const ofMembers = this.#members.map((steps) => breaks(truth, steps));
    return {
      start: this.#inputs.at(-1) ?? [],
      steps: this.#steps,
      breaks: own.map((found) => {
        if (ofMembers.length === 0) return found;
        const alike = (other: PhysicsBreak) => other.kind === found.kind && other.name === found.name;
        return { ...found, members: ofMembers.filter((all) => all.some(alike)).length };
      }),
    };
  }
}

const short = (value: number) =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
const NAMES = { total: "total ", divergence: "divergence of ", least: "least ", wall: "", seam: "" };

/** Of several seams the one with the largest jump speaks for all. */
function shown(measures: readonly PhysicsMeasure[]): PhysicsMeasure[] {
  const seams = measures.filter(({ kind }) => kind === "seam");
  const worst = seams.toSorted((a, b) => b.value - a.value).slice(0, 1);
  return [...measures.filter(({ kind }) => kind !== "seam"), ...worst];
}

/** The last step beside the start and the truth as a table for the terminal; no lines where nothing is known. */
export function physicsLines({ start, steps }: PhysicsReport): string[] {
  const last = steps.at(-1);
  if (!last || start.length === 0) return [];
  const find = (measures: readonly PhysicsMeasure[] | null, { kind, name }: PhysicsMeasure) => {
    const found = measures?.find((one) => one.kind === kind && one.name === name);
    return found ? short(found.value) : "-";
  };
  const rows = [
    ["physics", "start", `step ${last.step}`, "truth"],
    ...shown(last.forecast).map((measure) => [
      `${NAMES[measure.kind]}${measure.name}`,
      find(start, measure),
      short(measure.value),
      find(last.truth, measure),
    ]),
  ];
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows.map((row) =>
    row.map((text, c) => c === 0 ? text.padEnd(widths[c]!) : text.padStart(widths[c]!)).join("  ")
  );
}

/** Breaks in words. */
export function breakLines({ breaks }: PhysicsReport, members: number): string[] {
  return breaks.map(({ text, members: alike }) =>
    alike === undefined ? text : `${text}; so do ${alike} of ${members} members`
  );
}

/** Measures by name; what is not finite is null. */
function named(measures: readonly PhysicsMeasure[] | null): Record<string, number | null> | null {
  return measures && Object.fromEntries(
    measures.map(({ kind, name, value }) => [
      `${kind}: ${name}`,
      Number.isFinite(value) ? value : null,
    ]),
  );
}

/** All of it as plain data. */
export function physicsJson({ start, steps, breaks }: PhysicsReport): unknown {
  return {
    start: named(start),
    steps: steps.map(({ step, forecast, truth }) => ({
      step,
      forecast: named(forecast),
      truth: named(truth),
    })),
    breaks,
  };
}
