// Viewer, charts and take-away, as the page places them: each is loaded after the first paint, into a place that is kept
// for it.

import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PartProps, TakeProps } from "../state.ts";

/** Milliseconds for which the place of what was loaded is kept: it measures itself first. */
const SETTLES = 1000;

/** A component that is loaded when it is first drawn. */
function later<P extends object>(
  place: string,
  load: () => Promise<FunctionComponent<P>>,
): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | null = null;
  let settled = false;
  return function Later(props: P) {
    const [, redraw] = useState(0);
    useEffect(() => {
      if (loaded) return;
      void load().then((component) => {
        loaded = component;
        redraw((n) => n + 1);
        setTimeout(() => {
          settled = true;
          redraw((n) => n + 1);
        }, SETTLES);
      });
    }, []);
    const Part = loaded;
    return <div class={settled ? "part-place" : `part-place ${place}`}>{Part && <Part {...props} />}</div>;
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
