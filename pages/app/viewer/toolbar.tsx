// What is looked at and how: field, plane, colours, zoom, axes, member of an ensemble.

import type { Scene, View } from "../scene.ts";
import { panelsOf, quantityIndex } from "../scene.ts";
import { look, type ViewerStore } from "../state.ts";
import { ColorMenu } from "./color_menu.tsx";
import { planeAxis, planeIndex } from "./geometry.ts";
import { MOST_ZOOM } from "./lens.ts";
import { Menu } from "./menu.tsx";
import type { Scales } from "./scales.ts";
import { coordinateText } from "./texts.ts";
import { panned, zoomed } from "./zoom.ts";

/** What the parts of the toolbar are given. */
export interface ToolbarProps {
  readonly store: ViewerStore;
  readonly scene: Scene;
  readonly view: View;
  readonly scales: Scales | null;
}

/** Most fields that have a button each. */
const MOST_BUTTONS = 6;

/** Choices side by side. */
export function Choices({ name, label, value, options, choose }: {
  name: string;
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  choose: (value: string) => void;
}) {
  return (
    <fieldset class="choices">
      <legend class="out-of-sight">{label}</legend>
      {options.map(([key, text]) => (
        <label key={key}>
          <input type="radio" name={name} value={key} checked={key === value} onChange={() => choose(key)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

function FieldChoice({ store, scene, view }: ToolbarProps) {
  const { quantities } = scene;
  const now = quantities[quantityIndex(scene, view)]!;
  const choose = (key: string) => {
    const next = quantities.find((quantity) => quantity.key === key)!;
    look(store, {
      quantity: key,
      ...(next.field === now.field ? {} : { low: null, high: null, log: false }),
    });
  };
  if (quantities.length <= MOST_BUTTONS) {
    const options = quantities.map(({ key, label }) => [key, label] as const);
    return <Choices name="quantity" label="Field" value={now.key} options={options} choose={choose} />;
  }
  return (
    <label class="inline">
      <span>Field</span>
      <select value={now.key} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {quantities.map(({ key, label }) => <option key={key} value={key}>{label}</option>)}
      </select>
    </label>
  );
}

function PlaneChoice({ store, scene: { grid }, view }: ToolbarProps) {
  if (grid.axes.length < 3) return null;
  const axis = planeAxis(grid, view);
  const index = planeIndex(grid, view, axis);
  const { points } = grid.axes[axis]!;
  const set = (axis: number, index: number) => {
    const probe = view.probe?.map((old, i) => i === axis ? index : old) ?? null;
    look(store, { plane: { axis, index }, probe });
  };
  return (
    <div class="group" role="group" aria-label="Plane">
      <label class="inline">
        <span>Plane</span>
        <select
          value={axis}
          onChange={({ currentTarget }) => {
            const next = Number(currentTarget.value);
            set(next, planeIndex(grid, view, next));
          }}
        >
          {grid.axes.map(({ name }, i) => <option key={name} value={i}>across {name}</option>)}
        </select>
      </label>
      <input
        type="number"
        class="index"
        min={0}
        max={points - 1}
        step={1}
        value={index}
        aria-label={`Index of the plane, 0 to ${points - 1}`}
        onInput={({ currentTarget }) => {
          if (currentTarget.value !== "" && currentTarget.validity.valid) {
            set(
              axis,
              currentTarget.valueAsNumber,
            );
          }
        }}
      />
      <span class="hint">{coordinateText(grid.axes[axis]!, index)}</span>
    </div>
  );
}

function ZoomButtons({ store, view }: ToolbarProps) {
  const pan = (right: number, up: number) => () => look(store, panned(view, right, up));
  const moves = [["Left", 0.25, 0], ["Right", -0.25, 0], ["Up", 0, -0.25], ["Down", 0, 0.25]] as const;
  const arrows = { Left: "\u2190", Right: "\u2192", Up: "\u2191", Down: "\u2193" };
  return (
    <div class="group" role="group" aria-label="Zoom">
      <button
        type="button"
        class="square"
        aria-label="Zoom out"
        aria-disabled={view.zoom <= 1}
        onClick={() => look(store, zoomed(view, 0.5))}
      >
        &#8722;
      </button>
      <output class="zoom">{Number(view.zoom.toFixed(1))}x</output>
      <button
        type="button"
        class="square"
        aria-label="Zoom in"
        aria-disabled={view.zoom >= MOST_ZOOM}
        onClick={() => look(store, zoomed(view, 2))}
      >
        +
      </button>
      {view.zoom > 1 && moves.map(([name, right, up]) => (
        <button
          key={name}
          type="button"
          class="square"
          aria-label={`Look ${name.toLowerCase()}`}
          onClick={pan(right, up)}
        >
          {arrows[name]}
        </button>
      ))}
    </div>
  );
}

function AxesMenu({ store, scene: { grid }, view }: ToolbarProps) {
  if (grid.axes.length < 2) return null;
  const [right, up] = view.flipped;
  const toggle = (label: string, checked: boolean, change: Partial<View>) => (
    <label class="inline">
      <input type="checkbox" checked={checked} onChange={() => look(store, change)} />
      {label}
    </label>
  );
  return (
    <Menu label="Axes">
      {toggle("Swap the axes", view.swapped, { swapped: !view.swapped })}
      {toggle("Flip left and right", right, { flipped: [!right, up] })}
      {toggle("Flip up and down", up, { flipped: [right, !up] })}
    </Menu>
  );
}

function EnsembleChoice({ store, scene, view }: ToolbarProps) {
  if (panelsOf(scene) !== "ensemble") return null;
  const { members, mean } = scene;
  const shown = mean ? view.ensemble : "member";
  return (
    <div class="group" role="group" aria-label="Ensemble">
      <Choices
        name="ensemble"
        label="Ensemble"
        value={shown}
        options={[
          ["mean", "Mean"],
          ["low", "10 %"],
          ["high", "90 %"],
          ["spread", "Spread"],
          ["member", "Member"],
        ]}
        choose={(ensemble) => look(store, { ensemble: ensemble as View["ensemble"] })}
      />
      {shown === "member" && (
        <select
          aria-label="Member"
          value={view.member}
          onChange={({ currentTarget }) => look(store, { member: Number(currentTarget.value) })}
        >
          {members.map(({ label }, i) => <option key={i} value={i}>{label}</option>)}
        </select>
      )}
      <span class="hint">
        {shown === "spread"
          ? `standard deviation, n - 1, n = ${members.length}`
          : shown === "mean"
          ? `n = ${members.length}, smoother than any member`
          : shown === "member"
          ? ""
          : `quantile of each cell, n = ${members.length}`}
      </span>
    </div>
  );
}

/** The toolbar. */
export function Toolbar(props: ToolbarProps) {
  const { store, scene, view, scales } = props;
  return (
    <div class="toolbar">
      <FieldChoice {...props} />
      <EnsembleChoice {...props} />
      <PlaneChoice {...props} />
      <ColorMenu
        store={store}
        view={view}
        scales={scales}
        quantity={scene.quantities[quantityIndex(scene, view)]!}
      />
      <ZoomButtons {...props} />
      <AxesMenu {...props} />
    </div>
  );
}
