// A panel: its title, its planes or what is said instead of them, step and score under it.

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Plane } from "../../../app/figure/plane.ts";
import type { Scale } from "../../../app/figure/scale.ts";
import type { PanelNotice, Scene, View } from "../scene.ts";
import { quantityIndex } from "../scene.ts";
import { look, type ViewerStore } from "../state.ts";
import { planeIndex, planeOf, pointAt } from "./geometry.ts";
import { listenToGestures } from "./gestures.ts";
import { type PlacedPlane, PLANE_GAP } from "./layout.ts";
import { cellUnder } from "./lens.ts";
import type { Painter } from "./painter.ts";
import { emptyNotice, numbersOf, type Panel, type PanelNumbers, panelPlane } from "./panels.ts";
import { PlaneCanvas } from "./plane_canvas.tsx";
import { coordinateText, pictureText, scoreText, stepText, timeWords } from "./texts.ts";
import { panned, zoomed } from "./zoom.ts";

/** What a panel is given. */
export interface PanelViewProps {
  readonly store: ViewerStore;
  readonly scene: Scene;
  readonly view: View;
  readonly panel: Panel;
  readonly planes: readonly PlacedPlane[];
  /** Null while limits are looked for. */
  readonly scale: Scale | null;
  readonly painter: Painter;
  readonly density: number;
  readonly notice: PanelNotice | null;
}

const NO_SCALE: Scale = { low: 0, high: 1, map: "viridis" };

function Notice({ notice: { text, share, action } }: { notice: PanelNotice }) {
  return (
    <div class="notice">
      <p>{text}</p>
      {share !== null && <progress value={share} max={1} aria-label={text} />}
      {action && <button type="button" class="primary" onClick={() => action.run()}>{action.label}</button>}
    </div>
  );
}

/** Gestures of all pictures of a panel. */
function usePanelGestures({ store, scene, planes }: PanelViewProps) {
  const root = useRef<HTMLDivElement>(null);
  const latest = useRef({ scene, planes });
  latest.current = { scene, planes };
  useEffect(() => {
    const pictures = [...root.current!.querySelectorAll<HTMLElement>(".picture")];
    const ends = pictures.map((picture, i) =>
      listenToGestures(picture, {
        probe([right, down], pressed) {
          const { scene: { grid }, planes } = latest.current;
          const placed = planes[i];
          // Linked planes move with the point: only when that is wanted, not under a pointer on its way.
          if (!placed || (planes.length > 1 && !pressed)) return;
          const { lens, geometry } = placed;
          const cell = cellUnder(lens, [right * lens.size[0], down * lens.size[1]]);
          const { view } = store.get();
          const probe = pointAt(grid, view, geometry, cell);
          if (probe.every((index, axis) => index === view.probe?.[axis])) return;
          const plane = view.plane && { axis: view.plane.axis, index: probe[view.plane.axis]! };
          look(store, { probe, plane });
        },
        zoom: (factor, [right, down]) => look(store, zoomed(store.get().view, factor, [right, 1 - down])),
        pan: (right, down) => look(store, panned(store.get().view, right, -down)),
        zoomed: () => store.get().view.zoom > 1,
      })
    );
    return () => ends.forEach((end) => end());
  }, [planes.length, store]);
  return root;
}

/** Planes of what a panel shows, cut again only when it shows something else. */
function usePlanes(
  scene: Scene,
  shown: PanelNumbers | null,
  placed: readonly PlacedPlane[],
): (Plane | null)[] {
  return useMemo(
    () =>
      placed.map(({ geometry }) =>
        shown && panelPlane(shown, (all) => planeOf(scene.grid, geometry, all, scene.hidden))
      ),
    [scene.grid, scene.hidden, shown?.numbers, shown?.minus, placed],
  );
}

function Caption({ scene, view: { step }, panel, quantity }: {
  scene: Scene;
  view: View;
  panel: Panel;
  quantity: number;
}) {
  const score = scoreText(scene, panel.scores, quantity, step);
  const more = panel.role === "truth"
    ? timeWords(scene, step)
    : score ?? (panel.scores && step > 0 && "no score");
  return (
    <p class="caption">
      {stepText(scene, step)}
      {more && <span>{more}</span>}
    </p>
  );
}

/** A panel. */
export function PanelView(props: PanelViewProps) {
  const { scene, view, panel, planes, scale, painter, density, notice } = props;
  const root = usePanelGestures(props);
  const quantity = quantityIndex(scene, view);
  const numbers = numbersOf(panel, view.step, quantity);
  const shown = numbers && scale ? numbers : null;
  const cut = usePlanes(scene, shown, planes);
  const name = scene.quantities[quantity]!;
  return (
    <figure class={`panel panel-${panel.kind}`} data-panel={panel.id} data-role={panel.role}>
      <figcaption>{panel.title}</figcaption>
      <div class="planes" ref={root} style={{ gap: `${PLANE_GAP - 20}px 8px` }}>
        {planes.map((placed, i) => (
          <PlaneCanvas
            key={i}
            grid={scene.grid}
            placed={placed}
            plane={cut[i]!}
            scale={scale ?? NO_SCALE}
            painter={painter}
            density={density}
            text={scale ? pictureText(scene, panel.title, name, view.step, scale) : panel.title}
            probe={view.probe}
          />
        ))}
        {planes.length > 1 && (
          <ul class="where">
            {scene.grid.axes.map((axis, i) => (
              <li key={axis.name}>{coordinateText(axis, planeIndex(scene.grid, view, i))}</li>
            ))}
          </ul>
        )}
        {!shown && scale && <Notice notice={emptyNotice(panel, scene, view.step, notice)} />}
      </div>
      <Caption scene={scene} view={view} panel={panel} quantity={quantity} />
    </figure>
  );
}
