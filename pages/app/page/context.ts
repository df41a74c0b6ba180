// What all controllers share: the store, and the library, which is loaded when it is first needed.

import type { AppState, AppStore } from "../app_state.ts";
import type { Facts } from "./facts.ts";

/** The library's place. */
export type Library = typeof import("../library.ts");

/** What the app allows itself. */
export interface Limits {
  /** Bytes of computed frames in memory: a quarter of the page's 150 MB. */
  frames: number;
}

/** What controllers are given. */
export interface Context {
  readonly store: AppStore;
  readonly facts: Facts;
  readonly limits: Limits;
  library(): Promise<Library>;
  /** Said to screen readers. */
  announce(text: string): void;
  /** An error, said at once. */
  alarm(text: string): void;
}

/** At most so often is something said, in milliseconds; errors are said at once. */
const PAUSE = 5000;

/** A context over a store. */
export function makeContext(store: AppStore, facts: Facts): Context {
  let library: Promise<Library> | null = null;
  let waiting: string | null = null;
  let last = -Infinity;
  const flush = () => {
    if (waiting === null) return;
    // In a hidden tab nothing is said; the newest is, on return.
    if (document.hidden) return document.addEventListener("visibilitychange", flush, { once: true });
    last = performance.now();
    store.update({ announcement: waiting });
    waiting = null;
  };
  return {
    store,
    facts,
    limits: { frames: 150e6 / 4 },
    library() {
      library ??= import("../library.ts");
      library.catch(() => library = null);
      return library;
    },
    announce(text) {
      const isFirst = waiting === null;
      waiting = text;
      if (isFirst) setTimeout(flush, Math.max(0, last + PAUSE - performance.now()));
    },
    alarm: (text) => store.update({ alert: text }),
  };
}

/** Replaces a part of the settings. */
export function setSettings({ store }: Context, change: Partial<AppState["settings"]>): void {
  store.update(({ settings }) => ({ settings: { ...settings, ...change } }));
}
