// The point looked at: an index an axis, as fields, and what each panel has there.

import { shortNumber } from "../../../app/figure/numbers.ts";
import { quantityIndex, type Scene, type View } from "../scene.ts";
import { look, type ViewerStore } from "../state.ts";
import { useSelect } from "../use_store.ts";
import { indexOf } from "./geometry.ts";
import { numbersOf, type Panel, panelValue } from "./panels.ts";
import { coordinateText } from "./texts.ts";

function AxisField({ store, scene: { grid }, axis, probe }: {
  store: ViewerStore;
  scene: Scene;
  axis: number;
  probe: readonly number[] | null;
}) {
  const { name, points } = grid.axes[axis]!;
  const set = (index: number) => {
    const { probe, plane } = store.get().view;
    const now = probe ?? grid.axes.map(({ points }, i) => plane?.axis === i ? plane.index : points >> 1);
    const next = now.map((old, i) => i === axis ? Math.max(0, Math.min(points - 1, index)) : old);
    // Of a solid's chosen plane the field moves the plane.
    const moved = plane?.axis === axis ? { plane: { axis, index: next[axis]! } } : {};
    look(store, { probe: next, ...moved });
  };
  return (
    <label class="probe-axis">
      {name}
      <input
        type="number"
        min={0}
        max={points - 1}
        step={1}
        value={probe ? String(probe[axis]) : ""}
        placeholder="-"
        aria-label={`${name}, index 0 to ${points - 1}`}
        onInput={({ currentTarget }) => {
          if (currentTarget.value !== "" && currentTarget.validity.valid) set(currentTarget.valueAsNumber);
        }}
      />
    </label>
  );
}

/** Fields and values. */
export function Probe({ store, scene, view, panels }: {
  store: ViewerStore;
  scene: Scene;
  view: View;
  panels: readonly Panel[];
}) {
  const probe = useSelect(store, (state) => state.view.probe);
  const quantity = quantityIndex(scene, view);
  const place = probe && indexOf(scene.grid, probe);
  const hidden = place !== null && scene.hidden?.[place] === 1;
  return (
    <div class="probe" role="group" aria-label="Point">
      {scene.grid.axes.map(({ name }, axis) => (
        <AxisField key={name} store={store} scene={scene} axis={axis} probe={probe} />
      ))}
      {probe === null || place === null ? <p class="hint">Point at a panel, or type a place.</p> : (
        <>
          <dl class="probe-values">
            {panels.map((panel) => {
              const value = panelValue(numbersOf(panel, view.step, quantity), place);
              return (
                <div key={panel.id} data-panel={panel.id}>
                  <dt>{panel.title}</dt>
                  <dd>{hidden ? "hidden" : value === null ? "none" : shortNumber(value, 4)}</dd>
                </div>
              );
            })}
          </dl>
          <p class="hint">
            {scene.grid.axes.map((axis, i) => coordinateText(axis, probe[i]!)).join(", ")}
          </p>
        </>
      )}
    </div>
  );
}
