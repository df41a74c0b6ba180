// Puts frames away that memory has no room for, and brings those back that are looked at. Where they can not be put
// away, all stay in memory.

import { momentsOf } from "../moments.ts";
import { computedTracks, type FrameNumbers, type Scene } from "../scene.ts";
import { changeScene, type ViewerStore } from "../state.ts";
import { awayKeys, framesOf, type Move, nextMove, withAway, withReturned } from "./away.ts";
import type { FrameStore } from "./frame_store.ts";

/** See the head of the file. */
export class Spill {
  readonly #store: ViewerStore;
  readonly #frames: FrameStore;
  readonly #most: () => number;
  /** Numbers of frames that are back: they are put away again without being written. */
  readonly #keys = new WeakMap<FrameNumbers, number>();
  #isBusy = false;
  /** Whether frames were put away since the last time that all were forgotten. */
  #isUsed = false;
  #isOff = false;

  /** @param most bytes of computed frames that may be in memory */
  constructor(store: ViewerStore, frames: FrameStore, most: () => number) {
    this.#store = store;
    this.#frames = frames;
    this.#most = most;
    let last: readonly [Scene | null, number] = [null, 0];
    store.subscribe(({ scene, view }) => {
      if (scene === last[0] && view.step === last[1]) return;
      last = [scene, view.step];
      void this.#settle();
    });
  }

  async #settle(): Promise<void> {
    if (this.#isBusy || this.#isOff) return;
    this.#isBusy = true;
    try {
      while (await this.#next());
    } catch {
      // No storage, or it is full: what is in memory stays there.
      this.#isOff = true;
    } finally {
      this.#isBusy = false;
    }
  }

  /** Does one thing; whether there may be another. */
  async #next(): Promise<boolean> {
    const { scene, view } = this.#store.get();
    if (!scene || scene.a.frames.length === 0) {
      if (!this.#isUsed) return false;
      this.#isUsed = false;
      await this.#frames.clear();
      return true;
    }
    const move = nextMove(scene, view.step, this.#most());
    if (!move) return false;
    await this.#do(scene, move);
    return true;
  }

  async #do(scene: Scene, { kind, step }: Move): Promise<void> {
    this.#isUsed = true;
    if (kind === "put") {
      for (const frame of framesOf(scene, step)) {
        const key = this.#keys.get(frame) ?? await this.#frames.put(frame);
        const means = frame.map((numbers) => numbers ? momentsOf(numbers, scene.hidden).mean : NaN);
        changeScene(this.#store, scene.id, (now) => withAway(now, step, frame, { key, means }));
      }
      return;
    }
    for (const key of awayKeys(scene, step)) {
      const frame = await this.#get(key);
      changeScene(this.#store, scene.id, (now) => withReturned(now, step, key, frame));
    }
  }

  async #get(key: number): Promise<FrameNumbers> {
    const frame = await this.#frames.get(key);
    this.#keys.set(frame, key);
    return frame;
  }

  /** A scene with all of its frames, for files; what is shown keeps what it has. */
  async recall(scene: Scene): Promise<Scene> {
    let whole = scene;
    const steps = new Set(computedTracks(scene).flatMap(({ away }) => [...away?.keys() ?? []]));
    for (const step of steps) {
      for (const key of awayKeys(scene, step)) {
        whole = withReturned(whole, step, key, await this.#get(key));
      }
    }
    return whole;
  }
}
