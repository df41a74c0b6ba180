// The scales of a scene. Limits of a field come from all its true frames, as soon as they are read; ends of errors and
// spreads grow with the steps that are computed. Playing moves nothing.

import { type ColorMapName } from "../../../app/figure/colors.ts";
import { errorEnd, findLimits, type Limits, usualMap } from "../../../app/figure/limits.ts";
import { MagnitudeCounts } from "../../../app/figure/quantile.ts";
import type { Scale } from "../../../app/figure/scale.ts";
import { quantityIndex, type Scene, type Track, type View } from "../scene.ts";

/** Milliseconds of work at a time. */
const SLICE = 8;

/** Scales of what is shown. */
export interface Scales {
  readonly field: Scale;
  readonly error: Scale;
  readonly spread: Scale;
  /** Limits that the data give. */
  readonly automatic: Limits;
  /** Which ends are known: those of errors and spreads come with the first step. */
  readonly known: { readonly field: boolean; readonly error: boolean; readonly spread: boolean };
}

/** Error or spread of a field so far. */
interface Growing {
  readonly counts: MagnitudeCounts;
  /** Frames that were counted: of which track, at which step. */
  readonly seen: Set<string>;
  end: number | null;
}

/** Limits of the fields of one scene. */
export class ScaleBook {
  /** Limits of a field, and of how many frames they are. */
  readonly #limits = new Map<string, { readonly limits: Limits; readonly frames: number }>();
  readonly #growing = new Map<string, Growing>();
  readonly #onReady: () => void;
  readonly #slice: number;
  #scene = -1;
  #work: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param onReady told when limits are known that were not at once
   * @param slice milliseconds of work at a time
   */
  constructor(onReady: () => void, slice = SLICE) {
    this.#onReady = onReady;
    this.#slice = slice;
  }

  /**
   * Scales of the quantity that a view shows.
   *
   * @returns null while the limits are looked for
   */
  scales(scene: Scene, view: View): Scales | null {
    if (scene.id !== this.#scene) this.#forget(scene.id);
    const quantity = scene.quantities[quantityIndex(scene, view)];
    if (!quantity) return null;
    const { field } = quantity;
    const automatic = this.#limitsOf(scene, field);
    if (!automatic) return null;
    const error = this.#end(scene, field, "error");
    const spread = this.#end(scene, field, "spread");
    const low = view.low ?? automatic.low;
    const high = view.high ?? automatic.high;
    const ends = high > low ? { low, high } : automatic;
    const map: ColorMapName = view.map === "auto" ? usualMap(automatic) : view.map;
    return {
      field: { ...ends, map, log: view.log && ends.low > 0 },
      error: { low: -(error ?? 1), high: error ?? 1, map: "PuOr" },
      spread: { low: 0, high: spread ?? 1, map: "magma" },
      automatic,
      known: { field: true, error: error !== null, spread: spread !== null },
    };
  }

  /** Ends what is still at work. */
  close(): void {
    if (this.#work !== null) clearTimeout(this.#work);
    this.#work = null;
  }

  #forget(id: number): void {
    this.close();
    this.#limits.clear();
    this.#growing.clear();
    this.#scene = id;
  }

  /** Components of a field. */
  #parts({ quantities }: Scene, field: string): number[] {
    return quantities.flatMap((quantity, i) => quantity.field === field ? [i] : []);
  }

  #limitsOf(scene: Scene, field: string): Limits | null {
    const known = this.#limits.get(field);
    const parts = this.#parts(scene, field);
    const frames = scene.truth.frames.flatMap((frame) => parts.flatMap((part) => frame?.[part] ?? []));
    // While more frames are read, and while they are looked through, what is known holds.
    if (this.#work !== null || known?.frames === frames.length) return known?.limits ?? null;
    const work = findLimits(frames, scene.hidden);
    const go = (): boolean => {
      for (const end = performance.now() + this.#slice; performance.now() < end;) {
        const { done, value } = work.next();
        if (done) {
          this.#limits.set(field, { limits: value, frames: frames.length });
          return true;
        }
      }
      this.#work = setTimeout(() => {
        this.#work = null;
        if (go()) this.#onReady();
      });
      return false;
    };
    return go() ? this.#limits.get(field)!.limits : known?.limits ?? null;
  }

  /** The end of errors, or of the spread, with the frames that are new. */
  #end(scene: Scene, field: string, kind: "error" | "spread"): number | null {
    const key = `${kind} ${field}`;
    let growing = this.#growing.get(key);
    if (!growing) {
      growing = { counts: new MagnitudeCounts(), seen: new Set(), end: null };
      this.#growing.set(key, growing);
    }
    const { a, b, members, mean, spread, quantiles } = scene;
    const tracks = kind === "spread"
      ? [spread]
      : [a, b, mean, ...quantiles, ...members.filter(({ id }) => id !== a.id)];
    for (const track of tracks) {
      if (track) this.#count(scene, this.#parts(scene, field), track, growing, kind);
    }
    return growing.end;
  }

  #count(
    { truth, hidden }: Scene,
    parts: readonly number[],
    track: Track,
    growing: Growing,
    kind: "error" | "spread",
  ) {
    track.frames.forEach((frame, at) => {
      const real = truth.frames[at + track.first - truth.first];
      const key = `${track.id} ${at}`;
      // Truth may come after a forecast of it.
      if (!frame || (kind === "error" && !real) || growing.seen.has(key)) return;
      growing.seen.add(key);
      for (const part of parts) {
        const [numbers, true_] = [frame[part], real?.[part]];
        if (numbers && kind === "spread") growing.counts.add(numbers, hidden);
        else if (numbers && true_) growing.counts.add(numbers.map((value, i) => value - true_[i]!), hidden);
      }
      if (growing.counts.count > 0) growing.end = errorEnd(growing.end, growing.counts);
    });
  }
}
