// Playing: one step after the other, each shown, those that are not computed waited for; and going along with the newest.

import { useEffect, useRef, useState } from "preact/hooks";
import { isAway, type Scene, type View } from "../scene.ts";
import { look, type ViewerStore } from "../state.ts";
import { useSelect } from "../use_store.ts";
import { SAFE_SPEED } from "./flash.ts";

/** Speeds in steps a second. */
export const SPEEDS = [1, 2, 4, 8, 16] as const;

/** First and last step that can be shown. */
export function shownRange({ steps, computed }: Scene): readonly [number, number] {
  return [1 - steps.inputs, Math.max(0, computed)];
}

/** A step that can be shown. */
export function clampStep(scene: Scene, step: number): number {
  const [first, last] = shownRange(scene);
  return Math.max(first, Math.min(last, step));
}

/** What a player does next. */
export type Next = "step" | "wait" | "again" | "end";

/** What follows a step in play. */
export function nextOf(scene: Scene, { step, loop }: Pick<View, "step" | "loop">): Next {
  const [, last] = shownRange(scene);
  if (step < last) return isAway(scene, step + 1) ? "wait" : "step";
  if (scene.running && step < scene.steps.planned) return "wait";
  return loop ? "again" : "end";
}

/** Shows a step; whoever goes elsewhere than the newest stays there. */
export function goTo(store: ViewerStore, step: number): void {
  const { scene } = store.get();
  if (scene) look(store, { step: clampStep(scene, step), follow: false, playing: false });
}

/** Goes along with the newest again. */
export function goToNewest(store: ViewerStore): void {
  const { scene } = store.get();
  if (scene) look(store, { step: shownRange(scene)[1], follow: true, playing: false });
}

/** Starts or ends playing; at the end it begins anew. */
export function togglePlay(store: ViewerStore): void {
  const { scene, view } = store.get();
  if (!scene) return;
  if (view.playing) return look(store, { playing: false });
  const over = nextOf(scene, { ...view, loop: false }) === "end";
  look(store, { playing: true, follow: false, ...(over ? { step: shownRange(scene)[0] } : {}) });
}

function prefersStill(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** What the player shows of itself. */
export interface Playing {
  /** Waits for a step that is not computed. */
  readonly waiting: boolean;
  /** Held back to `SAFE_SPEED`, since a panel flashes. */
  readonly held: boolean;
  /** Told when a panel has flashed. */
  flashed(): void;
  /** Starts or ends playing as someone wants it, whatever motion they prefer. */
  toggle(): void;
}

/** Runs a player. */
export function usePlaying(store: ViewerStore): Playing {
  const scene = useSelect(store, (state) => state.scene);
  const playing = useSelect(store, (state) => state.view.playing);
  const follow = useSelect(store, (state) => state.view.follow);
  const step = useSelect(store, (state) => state.view.step);
  const speed = useSelect(store, (state) => state.view.speed);
  const loop = useSelect(store, (state) => state.view.loop);
  const [held, setHeld] = useState(false);
  const wanted = useRef(false);
  const rounds = useRef(0);
  const next = scene && playing ? nextOf(scene, { step, loop }) : null;
  useEffect(() => setHeld(false), [scene?.id, playing]);
  useEffect(() => {
    if (!playing) wanted.current = false;
    // Nothing moves by itself for those who want it so.
    else if (!wanted.current && prefersStill()) look(store, { playing: false });
  }, [playing]);
  useEffect(() => {
    if (!scene || !playing || next === "wait") return;
    if (next === "end") {
      // What the page opens with is shown twice: once as it is computed, once as a whole.
      const whole = scene.id === 1 && scene.computed === scene.steps.planned;
      if (!whole || wanted.current || rounds.current > 0) return look(store, { playing: false });
    }
    const pace = 1000 / (held ? Math.min(speed, SAFE_SPEED) : speed);
    const timer = setTimeout(() => {
      // Effects run after a paint: where painting is slow the timer is there before what would end it.
      if (!store.get().view.playing) return;
      if (next === "end") rounds.current++;
      look(store, { step: next === "step" ? clampStep(scene, step + 1) : shownRange(scene)[0] });
    }, pace);
    return () => clearTimeout(timer);
  }, [scene?.id, playing, step, speed, held, next]);
  useEffect(() => {
    if (!scene || playing || !follow) return;
    if (prefersStill() && scene.running) return;
    look(store, { step: shownRange(scene)[1] });
  }, [scene?.id, scene?.computed, scene?.running, playing, follow]);
  return {
    waiting: next === "wait",
    held: held && speed > SAFE_SPEED,
    flashed: () => playing && setHeld(true),
    toggle() {
      wanted.current = true;
      togglePlay(store);
    },
  };
}
