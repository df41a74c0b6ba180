// Viewer, charts and take-away, as the page places them: each is loaded after the first paint, into a place that is kept
// for it.

import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PartProps, TakeProps } from "../state.ts";

/** A component that is loaded when it is first drawn. */
function later<P extends object>(
  place: string,
  load: () => Promise<FunctionComponent<P>>,
): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | null = null;
  return function Later(props: P) {
    const [, redraw] = useState(0);
    useEffect(() => {
      if (loaded) return;
      void load().then((component) => {
        loaded = component;
        redraw((n) => n + 1);
      });
    }, []);
    const Part = loaded;
    return Part ? <Part {...props} /> : <div class={place} />;
  };
}

/** The field view. */
export const Viewer = later<PartProps>(
  "place-viewer",
  async () => (await import("../viewer/viewer.tsx")).Viewer,
);

/** Curves of scores, spectra and totals. */
export const Charts = later<PartProps>(
  "place-charts",
  async () => (await import("../charts/charts.tsx")).Charts,
);

/** Files, films, link and code. */
export const TakeAway = later<TakeProps>(
  "place-take",
  async () => (await import("../take/take_away.tsx")).TakeAway,
);
