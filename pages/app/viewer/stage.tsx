// The panels beside each other with their legends. Reserves their room before there is anything to show.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Beyond, countBeyond, type Scale } from "../../../app/figure/scale.ts";
import { NOT_FINITE } from "../../../app/figure/plane.ts";
import { type NarrowPanel, quantityIndex, type Scene, type View } from "../scene.ts";
import { look, type ViewerStore } from "../state.ts";
import { useSelect } from "../use_store.ts";
import { flashes } from "./flash.ts";
import { planeGeometry, planeOf } from "./geometry.ts";
import { placePlanes, PLANE_GAP } from "./layout.ts";
import { seenCells } from "./lens.ts";
import { Legend, PatternKey } from "./legend.tsx";
import { PanelView } from "./panel_view.tsx";
import { numbersOf, type Panel, panelPlane } from "./panels.ts";
import type { Painter } from "./painter.ts";
import type { Scales } from "./scales.ts";
import { unitText } from "./texts.ts";
import { Choices } from "./toolbar.tsx";

/** CSS pixels beside a picture (the axis up), between panels, and the tallest picture. */
const GUTTER = 15, GAP = 8, TALLEST = 420;
/** Room that has three panels in a row, and three linked planes. */
const WIDE = 560, LINKED = 780;
/** Longer domains have their panels one below the other. */
const LONG = 2.6;

const NARROW: readonly (readonly [NarrowPanel, string])[] = [
  ["truth", "Truth"],
  ["forecast", "Forecast"],
  ["error", "Error"],
  ["all", "All"],
];

/** CSS width of an element and device pixels of a CSS pixel. */
function useRoom(): [{ current: HTMLDivElement | null }, { width: number; density: number } | null] {
  const element = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState<{ width: number; density: number } | null>(null);
  useLayoutEffect(() => {
    const measure = () => {
      const next = { width: element.current!.clientWidth, density: devicePixelRatio };
      setRoom((now) => now?.width === next.width && now.density === next.density ? now : next);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return [element, room];
}

function scaleOf(scales: Scales | null, { kind }: Panel): Scale | null {
  return scales && scales[kind];
}

/** What the stage is given. */
export interface StageProps {
  readonly store: ViewerStore;
  readonly scene: Scene;
  readonly view: View;
  readonly rows: readonly (readonly Panel[])[];
  readonly scales: Scales | null;
  readonly painter: Painter;
  /** Told when a panel has flashed. */
  flashed(): void;
}

/** The panels. */
export function Stage({ store, scene, view, rows, scales, painter, flashed }: StageProps) {
  const notice = useSelect(store, (state) => state.notice);
  const [element, room] = useRoom();
  const wide = (room?.width ?? WIDE) >= WIDE;
  const { extent } = planeGeometry(scene.grid, view);
  const columns = wide && extent[0] <= LONG * extent[1] ? 3 : 1;
  const linked = (room?.width ?? 0) >= LINKED;
  const density = room?.density ?? 1;
  const width = room ? Math.floor((room.width - (columns - 1) * GAP) / columns) - GUTTER : 0;
  const planes = useMemo(
    () => {
      const pixels = [width, Math.max(width, 120)].map((size) =>
        Math.floor(Math.min(size, TALLEST) * density)
      );
      const across = Math.floor(width * density);
      return placePlanes(scene.grid, view, [across, pixels[1]!], linked, Math.round(PLANE_GAP * density));
    },
    [
      scene.grid,
      width,
      density,
      linked,
      view.plane,
      linked ? view.probe : null,
      view.swapped,
      view.flipped,
      view.zoom,
      view.centre,
    ],
  );
  const shown = rows.flat().filter(({ role }) => wide || view.narrow === "all" || role === view.narrow);
  useFlashes({ scene, view, rows, scales, planes, flashed });
  return (
    <div class="stage" ref={element}>
      {!wide && (
        <Choices
          name="narrow"
          label="Panel"
          value={view.narrow}
          options={NARROW}
          choose={(narrow) => look(store, { narrow: narrow as NarrowPanel })}
        />
      )}
      <div class={columns === 3 ? "panels" : "panels narrow"}>
        {room && shown.map((panel) => (
          <PanelView
            key={panel.id}
            store={store}
            scene={scene}
            view={view}
            panel={panel}
            planes={planes}
            scale={scaleOf(scales, panel)}
            painter={painter}
            density={density}
            notice={notice}
          />
        ))}
      </div>
      {scales && (
        <Legends scene={scene} view={view} panels={shown} scales={scales} planes={planes} wide={wide} />
      )}
    </div>
  );
}

/** Cells of what a panel shows of its first plane. */
function seen(scene: Scene, view: View, panel: Panel, step: number, planes: ReturnType<typeof placePlanes>) {
  const numbers = numbersOf(panel, step, quantityIndex(scene, view));
  const placed = planes.length > 1 ? planes[1]! : planes[0]!;
  return numbers && seenCells(
    panelPlane(numbers, (all) => planeOf(scene.grid, placed.geometry, all, scene.hidden)),
    placed.lens,
  );
}

/** Watches for flashes while a scene is played. */
function useFlashes({ scene, view, rows, scales, planes, flashed }:
  & Pick<StageProps, "scene" | "view" | "rows" | "scales" | "flashed">
  & { readonly planes: ReturnType<typeof placePlanes> }) {
  const before = useRef<number>(view.step);
  useEffect(() => {
    const last = before.current;
    before.current = view.step;
    if (!view.playing || last === view.step || !scales) return;
    for (const panel of rows.flat()) {
      const [a, b] = [last, view.step].map((step) => seen(scene, view, panel, step, planes));
      if (a && b && flashes(a, b, scaleOf(scales, panel)!)) return flashed();
    }
  }, [view.step]);
}

function Legends({ scene, view, panels, scales, planes, wide }: {
  scene: Scene;
  view: View;
  panels: readonly Panel[];
  scales: Scales;
  planes: ReturnType<typeof placePlanes>;
  wide: boolean;
}) {
  const quantity = scene.quantities[quantityIndex(scene, view)]!;
  const facts = useMemo(() => {
    const beyond: Partial<Record<Panel["kind"], Beyond>> = {};
    let [hidden, broken] = [false, false];
    for (const panel of panels) {
      const cells = seen(scene, view, panel, view.step, planes);
      if (!cells) continue;
      const { codes, values } = cells;
      hidden ||= codes.includes(1);
      broken ||= codes.includes(NOT_FINITE);
      const own = countBeyond(values, scales[panel.kind], (i) => codes[i] !== 0);
      const so = beyond[panel.kind] ?? { below: 0, above: 0, count: 0 };
      beyond[panel.kind] = {
        below: so.below + own.below,
        above: so.above + own.above,
        count: so.count + own.count,
      };
    }
    return { beyond, hidden, broken };
  }, [scene, view.step, view.quantity, panels.map(({ id }) => id).join(), scales, planes]);
  const kinds = [...new Set(panels.map(({ kind }) => kind))];
  const names = {
    field: quantity.label,
    error: `Error of ${quantity.label}`,
    spread: `Spread of ${quantity.label}`,
  };
  const { block, zoom } = planes[planes.length > 1 ? 1 : 0]!.lens;
  return (
    <div class={wide ? "legends" : "legends narrow"}>
      {kinds.map((kind) => (
        <Legend
          key={kind}
          shared={kind === "field" && kinds.length < 3}
          name={names[kind]}
          unit={unitText(quantity)}
          scale={scales[kind]}
          known={scales.known[kind]}
          beyond={facts.beyond[kind] ?? null}
        />
      ))}
      <div class="legend-notes">
        <PatternKey hidden={facts.hidden} broken={facts.broken} />
        {planes.some(({ fit, geometry }) => fit.stretched && geometry.up !== null) && (
          <p class="hint">Not to scale: the domain is longer than 1:6.</p>
        )}
        {block[0] * block[1] > 1 && (
          <p class="hint">
            {block[0]} x {block[1]} averaged{zoom[0] > 1 ? `, ${zoom[0]} pixels a mean` : ""}
          </p>
        )}
      </div>
    </div>
  );
}
