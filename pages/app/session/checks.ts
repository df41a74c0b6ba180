// What physics keeps and how good an ensemble is, measured step by step in the worker: the library's functions on the
// numbers of a scene, with what came before kept for each scene.

import type { Sample, SampleInfo } from "walrus";
import { componentNames } from "walrus/data";
import {
  addTallies,
  breaks,
  ensembleScores,
  type EnsembleTally,
  physics,
  type PhysicsMeasure,
  tallyEnsemble,
} from "walrus/metrics";
import type { EnsembleCheck, FrameNumbers } from "../scene.ts";

/** What physical measures need of the data besides numbers. */
export interface ChecksStart {
  readonly info: SampleInfo;
  /** Numbers of the fields that stay the same. */
  readonly constants: readonly Float32Array[];
  /** All input frames. */
  readonly inputs: readonly FrameNumbers[];
  readonly hidden: Uint8Array | null;
  /** Names of fields in the network's table. */
  readonly map: Readonly<Record<string, string>>;
}

/** What is found at a step. */
export interface StepChecks {
  /** By track, `truth` among them. */
  readonly physics: Readonly<Record<string, readonly PhysicsMeasure[]>>;
  /** By track, of all steps so far: what it breaks and the truth keeps. */
  readonly laws: Readonly<Record<string, readonly string[]>>;
  /** By quantity, of all steps so far; null without members or truth. */
  readonly ensemble: readonly EnsembleCheck[] | null;
}

/** A frame as a sample of the library: components of a field side by side. */
export function sampleOf({ info, constants, hidden }: ChecksStart, frame: FrameNumbers): Sample {
  let [quantity, constant] = [0, 0];
  const values = info.fields.map((field) => {
    if (field.constant) return constants[constant++]!;
    const count = componentNames(info, field).length;
    const parts = Array.from({ length: count }, () => frame[quantity++]!);
    if (count === 1) return parts[0]!;
    const all = new Float32Array(count * parts[0]!.length);
    for (const [c, part] of parts.entries()) {
      for (let p = 0; p < part.length; p++) all[p * count + c] = part[p]!;
    }
    return all;
  });
  return { info, times: Float64Array.of(0), values, hidden };
}

type Tallies = readonly [all: EnsembleTally, one: EnsembleTally, kept: EnsembleTally];

/** Checks the steps of a scene as they come. */
export class Checks {
  readonly #start: ChecksStart;
  readonly #inputs: readonly (readonly PhysicsMeasure[])[];
  readonly #truth = new Map<number, readonly PhysicsMeasure[]>();
  #tracks = new Map<string, (readonly PhysicsMeasure[])[]>();
  /** Of each step those of each quantity. */
  #tallies: Tallies[][] = [];

  constructor(start: ChecksStart) {
    this.#start = start;
    this.#inputs = start.inputs.map((frame) => this.#measure(frame));
  }

  #measure(frame: FrameNumbers): readonly PhysicsMeasure[] {
    if (frame.some((numbers) => numbers === null)) return [];
    return physics(sampleOf(this.#start, frame), { map: this.#start.map });
  }

  /** Checks a step; a first one begins other forecasts. */
  step(
    step: number,
    truth: FrameNumbers | null,
    frames: Readonly<Record<string, FrameNumbers>>,
    members: readonly string[],
  ): StepChecks {
    if (step === 1) {
      this.#tracks = new Map();
      this.#tallies = [];
    }
    const found: Record<string, readonly PhysicsMeasure[]> = {};
    if (truth) this.#truth.set(step, found.truth = this.#measure(truth));
    const known = [...this.#inputs, ...[...this.#truth].sort(([a], [b]) => a - b).map(([, own]) => own)];
    const laws: Record<string, readonly string[]> = {};
    for (const [id, frame] of Object.entries(frames)) {
      const own = this.#tracks.get(id) ?? [];
      this.#tracks.set(id, [...own, found[id] = this.#measure(frame)]);
      laws[id] = breaks(known, this.#tracks.get(id)!).map(({ text }) => text);
    }
    if (truth && members.length > 1) this.#tally(step, truth, members.map((id) => frames[id]!));
    return { physics: found, laws, ensemble: this.#ensemble() };
  }

  #tally(step: number, truth: FrameNumbers, members: readonly FrameNumbers[]): void {
    const { hidden, inputs } = this.#start;
    this.#tallies.push(truth.map((values, q): Tallies => {
      const tally = (frames: readonly FrameNumbers[]) =>
        tallyEnsemble(frames.map((frame) => frame[q]!), values!, { hidden, stream: 256 * step + q });
      return [tally(members), tally(members.slice(0, 1)), tally([inputs.at(-1)!])];
    }));
  }

  #ensemble(): EnsembleCheck[] | null {
    const [first] = this.#tallies;
    return first?.map((_, q) => {
      const [all, one, kept] = [0, 1, 2].map((which) =>
        ensembleScores(addTallies(this.#tallies.map((step) => step[q]![which]!)), 1)
      ) as [
        ReturnType<typeof ensembleScores>,
        ReturnType<typeof ensembleScores>,
        ReturnType<typeof ensembleScores>,
      ];
      return { ...all, crpsOfOne: one.crps, crpsOfKept: kept.crps };
    }) ?? null;
  }
}
