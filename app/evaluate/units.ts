// An evaluation in units of work: a forecaster, a data set, a trajectory, what is forecast, a seed. Each gives one file, a
// part. Their order is fixed, so what is made of the parts depends on neither the number of processes nor interruptions.

import type { Masks } from "walrus/data";
import type { BackendName, FieldMap, FieldTransforms } from "walrus";
import type { EnsembleTally } from "walrus/metrics";
import type { Protocol, Score, TrajectoryPictures } from "./evaluation.ts";

/** What forecasts. */
export type ForecasterName =
  | { readonly kind: "checkpoint"; readonly checkpoint: number }
  | { readonly kind: "persistence" | "linear" };

/** How a network sees a data set: what draws nothing is scored as the first network is. */
export interface View {
  /** Input frames. */
  readonly context: number;
  readonly transforms: FieldTransforms;
}

/** A unit of work. */
export interface Unit {
  /** Name of its part. */
  readonly id: string;
  readonly forecaster: ForecasterName;
  /** Number of the data set. */
  readonly dataset: number;
  readonly trajectory: number;
  readonly kind: "windows" | "rollout" | "ensemble";
  readonly seed: number;
  /** Of `windows`: first and last (not included) number among the trajectory's windows. */
  readonly range?: readonly [number, number];
}

/** All that a process needs to know: plain data, it is sent to workers. */
export interface Setup {
  readonly folders: readonly string[];
  readonly split: string;
  readonly masks: Masks;
  readonly checkpoints: readonly {
    readonly name: string;
    readonly checkpoint: string;
    readonly config?: string;
  }[];
  /** Statistics for all data; those beside the data unless given. */
  readonly stats?: string;
  readonly map: FieldMap;
  readonly protocol: Protocol;
  readonly seeds: readonly number[];
  readonly backend: BackendName;
  readonly threads?: number;
  /** Folder of the results. */
  readonly out: string;
  readonly writeForecasts: boolean;
}

/** What a forecast took. It is kept apart: it is not repeatable. */
export interface UnitCost {
  readonly steps: number;
  readonly seconds: number;
  /** Seconds of each step but the first, of rollouts. */
  readonly stepSeconds: readonly number[];
  readonly bytes: number | null;
}

/** Scores of a frame: metric, then a number a component. */
export type FrameScores = Readonly<Record<string, readonly Score[]>>;

/** Windows of a trajectory, one step ahead. */
export interface WindowsPart {
  readonly windows: readonly { readonly frame: number; readonly scores: FrameScores }[];
  /** Windows whose data are not finite. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  readonly cost: UnitCost;
}

/** Planes to be drawn, a component each. */
export type PlanesPart = Pick<TrajectoryPictures, "plane" | "steps" | "shape" | "fields">;

/** A series that physics looks at. */
export interface PhysicsPart {
  readonly series: readonly {
    readonly check: string;
    readonly forecast: readonly Score[];
    readonly truth: readonly Score[];
  }[];
  readonly breaks: readonly { readonly check: string; readonly step: number; readonly message: string }[];
}

/** A rollout. */
export interface RolloutPart {
  /** Of every step. */
  readonly steps: readonly FrameScores[];
  /** Of the whole rollout: metric, then a number a component. */
  readonly whole: FrameScores;
  /** Power at some steps: step, component, wavenumber. */
  readonly spectra: {
    readonly steps: readonly number[];
    readonly truth: readonly (readonly (readonly Score[])[])[];
    readonly forecast: readonly (readonly (readonly Score[])[])[];
  };
  /** Of the first seed of a network. */
  readonly planes: PlanesPart | null;
  readonly physics: PhysicsPart | null;
  /** Why it has no step, or ends before its last. */
  readonly leftOut: { readonly name: string; readonly why: string } | null;
  readonly cost: UnitCost;
}

/** An ensemble of a trajectory: of every step, what is counted of each component. */
export interface EnsemblePart {
  readonly steps: readonly {
    readonly tallies: readonly EnsembleTally[];
    /** Sums as in the tallies, of one forecast: the first member's, and persistence's. */
    readonly one: readonly Pick<EnsembleTally, "crps" | "scaledCrps">[];
    readonly persistence: readonly Pick<EnsembleTally, "crps" | "scaledCrps">[];
    readonly vrmseMean: readonly Score[];
    readonly vrmseOne: readonly Score[];
  }[];
  readonly leftOut: { readonly name: string; readonly why: string } | null;
  readonly cost: UnitCost;
}

/** What a unit gives. */
export type Part = WindowsPart | RolloutPart | EnsemblePart;

/** What must be known of a data set to divide its work. */
export interface DatasetOutline {
  /** Windows and rollout steps of every trajectory. */
  readonly trajectories: readonly { readonly windows: number; readonly steps: number }[];
}

/** Windows of a unit at the most: what an interruption may lose. */
const WINDOWS = 64;

function ranges(count: number): [number, number][] {
  return Array.from(
    { length: Math.ceil(count / WINDOWS) },
    (_, i) => [i * WINDOWS, Math.min(count, (i + 1) * WINDOWS)],
  );
}

const two = (n: number) => String(n).padStart(2, "0");

/**
 * All units in their order.
 *
 * @param protocol what is forecast
 * @param outlines of each data set as each checkpoint sees it
 * @param seeds of each checkpoint: one where it draws nothing
 */
export function unitsOf(
  protocol: Protocol,
  outlines: readonly (readonly DatasetOutline[])[],
  seeds: readonly (readonly number[])[],
): Unit[] {
  const units: Unit[] = [];
  const add = (forecaster: ForecasterName, outline: readonly DatasetOutline[], drawn: readonly number[]) => {
    const label = forecaster.kind === "checkpoint" ? `c${two(forecaster.checkpoint)}` : forecaster.kind;
    for (const [dataset, { trajectories }] of outline.entries()) {
      for (const [trajectory, { windows, steps }] of trajectories.entries()) {
        const begin = `${label}-d${two(dataset)}-t${String(trajectory).padStart(4, "0")}`;
        const base = { forecaster, dataset, trajectory };
        for (const seed of drawn) {
          for (const range of ranges(windows)) {
            const id = `${begin}-windows${String(range[0]).padStart(5, "0")}-s${seed}`;
            units.push({ ...base, id, kind: "windows", seed, range });
          }
        }
        if (steps === 0) continue;
        for (const seed of drawn) {
          units.push({ ...base, id: `${begin}-rollout-s${seed}`, kind: "rollout", seed });
        }
        if (protocol.ensemble > 0 && forecaster.kind === "checkpoint") {
          const seed = drawn[0]!;
          units.push({
            ...base,
            id: `${begin}-ensemble${protocol.ensemble}-s${seed}`,
            kind: "ensemble",
            seed,
          });
        }
      }
    }
  };
  for (const [checkpoint, outline] of outlines.entries()) {
    add({ kind: "checkpoint", checkpoint }, outline, seeds[checkpoint]!);
  }
  // What draws nothing is scored as the first checkpoint is: where their contexts differ, rollouts may begin elsewhere.
  for (const kind of ["persistence", "linear"] as const) add({ kind }, outlines[0]!, seeds[0]!.slice(0, 1));
  return units;
}
