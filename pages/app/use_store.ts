// Components that read the store: they are drawn again when what they selected is another.

import { useEffect, useState } from "preact/hooks";
import type { Store } from "./store.ts";

/** What a selector gives of the store's state, always the newest. Equal values (Object.is) draw nothing again. */
export function useSelect<S, T>(store: Store<S>, select: (state: S) => T): T {
  const [, redraw] = useState(0);
  const value = select(store.get());
  useEffect(() => {
    let last = value;
    const check = (state: S) => {
      const now = select(state);
      if (Object.is(now, last)) return;
      last = now;
      redraw((n) => n + 1);
    };
    // It may have changed between drawing and this.
    check(store.get());
    return store.subscribe(check);
  }, [store]);
  return value;
}
