// The field view: panels of what was simulated, what was forecast and their difference, with what controls them.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PartProps } from "../state.ts";
import { useSelect } from "../use_store.ts";
import { pressKey } from "./keys.ts";
import { openPainter, type Painter } from "./painter.ts";
import { panelRows } from "./panels.ts";
import { Player } from "./player.tsx";
import { usePlaying } from "./playing.ts";
import { Probe } from "./probe.tsx";
import { ScaleBook } from "./scales.ts";
import { Stage } from "./stage.tsx";
import { Toolbar } from "./toolbar.tsx";

/** The field view and its player. `painter`: who draws; the best there is unless given. */
export function Viewer({ store, painter }: PartProps & { readonly painter?: Painter }) {
  const [drawn, redraw] = useState(0);
  const again = () => redraw((n) => n + 1);
  const draws = useMemo(() => painter ?? openPainter(again), [painter]);
  const book = useMemo(() => new ScaleBook(again), []);
  useEffect(() => () => book.close(), [book]);
  const scene = useSelect(store, (state) => state.scene);
  const view = useSelect(store, (state) => state.view);
  const playing = usePlaying(store);
  const root = useRef<HTMLElement>(null);
  const { quantity, low, high, map, log, ensemble, member } = view;
  // Pointing and stepping change neither scales nor panels: nothing that depends on them is done again.
  const scales = useMemo(
    () => scene && scene.quantities.length > 0 ? book.scales(scene, view) : null,
    [book, scene, quantity, low, high, map, log, drawn],
  );
  const rows = useMemo(() => scene ? panelRows(scene, view) : [], [scene, ensemble, member]);
  if (!scene || scene.quantities.length === 0) return null;
  return (
    <section
      class="viewer card"
      ref={root}
      aria-label="Viewer"
      onKeyDown={(event) => {
        if (pressKey(store, event, playing.toggle)) event.preventDefault();
      }}
    >
      <Toolbar store={store} scene={scene} view={view} scales={scales} />
      {/* Keys act while the focus is here: it can be had without changing anything. */}
      <div class="stage-focus" tabIndex={0} role="group" aria-label="Panels; keys play and step">
        <Stage
          store={store}
          scene={scene}
          view={view}
          rows={rows}
          scales={scales}
          painter={draws}
          flashed={playing.flashed}
        />
      </div>
      <Probe store={store} scene={scene} view={view} panels={rows.flat()} />
      <Player store={store} scene={scene} view={view} playing={playing} />
    </section>
  );
}
