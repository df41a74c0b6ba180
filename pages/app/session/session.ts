// Computes forecasts that belong together, step by step: of two networks, or of several seeds. It begins, waits, goes on
// and is cancelled; every step that is done is kept. Knows no page: the scene is handed back as it grows.

import type { Sample } from "walrus";
import type { FrameNumbers, Scene } from "../scene.ts";
import { frameAt } from "../scene.ts";
import { Lane, type LanePlan, type Rolling } from "./lane.ts";
import type { Measurer } from "./measurer.ts";
import { addFrame, addMeasures, cutAt, laneIds } from "./grow.ts";
import { frameNumbers } from "./scene_of.ts";

/** A step that takes longer than this many seconds is ended when the user cancels; a shorter one is kept. */
const LONG = 2;

/** What a session tells. */
export interface SessionEvents {
  /** The scene has grown. */
  scene(change: (scene: Scene) => Scene): void;
  /** A step is done; seconds a step so far. */
  step(step: number, perStep: number): void;
  /** It ended by itself. */
  finished(seconds: number): void;
  /** A forecast left all bounds at this step. */
  diverged(step: number, quantity: number, times: number | null): void;
  failed(error: unknown, step: number): void;
}

/** What a session is given. */
export interface SessionParts {
  /** Scene with its lanes' tracks empty. */
  readonly scene: Scene;
  readonly start: Sample;
  readonly plans: readonly LanePlan[];
  readonly options: Omit<Rolling, "signal" | "seed">;
  readonly measurer: Pick<Measurer, "step">;
  readonly events: SessionEvents;
  /** Milliseconds. */
  now(): number;
}

/** See the head of the file. */
export class Session {
  readonly #parts: SessionParts;
  readonly #lanes: readonly Lane[];
  readonly #planned: number;
  /** Another for each time it runs: a loop whose number has passed ends. */
  #turn = 0;
  #step = 0;
  #seconds = 0;
  /** Measures of the newest step. */
  #measuring: Promise<void> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#planned = parts.scene.steps.planned;
    this.#lanes = parts.plans.map((plan) => new Lane(plan, parts.start, parts.options));
  }

  /** Last step that all have. */
  get step(): number {
    return this.#step;
  }

  /** Computes from where it is to the end, or until it is told to wait. */
  async run(): Promise<void> {
    const turn = ++this.#turn;
    try {
      while (this.#step < this.#planned && turn === this.#turn) await this.#next(turn);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
      return;
    }
    // A forecast may have diverged in its last step.
    await this.#measuring;
    if (turn !== this.#turn) return;
    this.#parts.events.finished(this.#seconds);
    this.#release();
  }

  async #next(turn: number): Promise<void> {
    const { events, now } = this.#parts;
    const step = this.#step + 1;
    const began = now();
    const frames: Record<string, FrameNumbers> = {};
    for (const lane of this.#lanes) {
      // A lane may be ahead: it was under way when the others were told to wait.
      while (lane.done < step) {
        const frame = await lane.next();
        events.scene((scene) => addFrame(scene, lane.id, frame.step, frameNumbers(frame, 0)));
      }
      if (turn !== this.#turn) return;
    }
    events.scene((scene) => {
      for (const { id } of this.#lanes) frames[id] = frameAt(laneIds(scene)[id]!, step)!;
      return scene;
    });
    this.#step = step;
    this.#seconds += (now() - began) / 1000;
    events.scene((scene) => ({ ...scene, computed: step }));
    events.step(step, this.#seconds / step);
    this.#measuring = this.#measure(turn, step, frames);
  }

  async #measure(turn: number, step: number, frames: Readonly<Record<string, FrameNumbers>>): Promise<void> {
    const { measurer, events, scene: { id } } = this.#parts;
    let truth: FrameNumbers | null = null;
    events.scene((scene) => {
      truth = frameAt(scene.truth, step);
      return scene;
    });
    const members = this.#lanes.map((lane) => lane.id).filter((lane) => lane.startsWith("member"));
    const measured = await measurer.step({ scene: id, step, truth, frames, members });
    events.scene((scene) => addMeasures(scene, measured));
    if (!measured.wild) return;
    // It is of no use to compute on.
    if (turn === this.#turn) {
      this.#turn++;
      this.#step = Math.min(this.#step, step - 1);
      this.#release();
      events.scene((scene) => cutAt(scene, step));
      events.diverged(step, measured.wild.quantity, measured.wild.times);
    }
  }

  #fail(error: unknown): void {
    this.#turn++;
    this.#release();
    this.#parts.events.failed(error, this.#step);
  }

  /** Waits after the step that is under way. */
  pause(): void {
    this.#turn++;
  }

  /** Ends at once. What is done is kept; a short step that is under way is, too. */
  cancel(): void {
    this.#turn++;
    const perStep = this.#step > 0 ? this.#seconds / this.#step : Infinity;
    if (perStep > LONG) this.#release();
  }

  /** Ends what is under way and gives the memory of rollouts back. */
  #release(): void {
    for (const lane of this.#lanes) lane.stop();
  }

  /** Ends for good. */
  dispose(): void {
    this.#turn++;
    this.#release();
  }
}
