// One record of state with those who want to know when it changes. Knows nothing of what is in it.

/** A record that is replaced, never changed. */
export interface Store<S> {
  /** As it is now. */
  get(): S;
  /** Replaces parts of it; who subscribed is told once a microtask. */
  update(change: Partial<S> | ((state: S) => Partial<S>)): void;
  /** Told after changes, until the function it gives is called. */
  subscribe(listener: (state: S) => void): () => void;
}

/** A store that begins with a record. */
export function makeStore<S extends object>(start: S): Store<S> {
  let state = start;
  let told = true;
  const listeners = new Set<(state: S) => void>();
  const tell = () => {
    told = true;
    for (const listener of [...listeners]) listener(state);
  };
  return {
    get: () => state,
    update(change) {
      const parts = typeof change === "function" ? change(state) : change;
      const same = (Object.keys(parts) as (keyof S)[]).every((key) => Object.is(state[key], parts[key]));
      if (same) return;
      state = { ...state, ...parts };
      if (told) queueMicrotask(tell);
      told = false;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
