// Keys of the viewer: they act while the focus is in it, and leave alone what a focused control does with them.

import { quantityIndex, type Scene, type View } from "../scene.ts";
import { look, type ViewerStore } from "../state.ts";
import { planeAxis, planeIndex } from "./geometry.ts";
import { goTo, shownRange, SPEEDS } from "./playing.ts";
import { zoomed } from "./zoom.ts";

function faster(speed: number, by: number): Partial<View> {
  const at = SPEEDS.findIndex((other) => other >= speed);
  return { speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))]! };
}

function nextPlane({ grid }: Scene, view: View, by: number): Partial<View> {
  if (grid.axes.length < 3) return {};
  const axis = planeAxis(grid, view);
  const { points } = grid.axes[axis]!;
  const index = (planeIndex(grid, view, axis) + by + points) % points;
  const probe = view.probe?.map((old, i) => i === axis ? index : old) ?? null;
  return { plane: { axis, index }, probe };
}

function nextQuantity(scene: Scene, view: View): Partial<View> {
  const { quantities } = scene;
  const next = quantities[(quantityIndex(scene, view) + 1) % quantities.length]!;
  const same = next.field === quantities[quantityIndex(scene, view)]!.field;
  // Own limits belong to a field.
  return { quantity: next.key, ...(same ? {} : { low: null, high: null, log: false }) };
}

/** What a focused element does with a key by itself. */
function isTaken(target: EventTarget | null, key: string): boolean {
  const element = target as Element | null;
  if (!element?.matches) return false;
  if (element.matches("input:not([type=range], [type=checkbox], [type=radio]), select, textarea")) {
    return true;
  }
  if (element.matches("button, summary, input[type=checkbox]")) return key === " " || key === "Enter";
  if (element.matches("input[type=radio]")) return key === " " || key.startsWith("Arrow");
  return false;
}

/**
 * Does what a key stands for.
 *
 * @returns whether it stood for something
 */
export function pressKey(
  store: ViewerStore,
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "target">,
  toggle: () => void,
): boolean {
  const { scene, view } = store.get();
  const { key, shiftKey } = event;
  if (!scene || event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target, key)) return false;
  const [first, last] = shownRange(scene);
  const far = shiftKey ? 10 : 1;
  const actions: Readonly<Record<string, () => void>> = {
    " ": toggle,
    ArrowLeft: () => goTo(store, view.step - far),
    ArrowRight: () => goTo(store, view.step + far),
    Home: () => goTo(store, first),
    End: () => goTo(store, last),
    "[": () => look(store, faster(view.speed, -1)),
    "]": () => look(store, faster(view.speed, 1)),
    f: () => look(store, nextQuantity(scene, view)),
    p: () => look(store, nextPlane(scene, view, shiftKey ? -1 : 1)),
    "+": () => look(store, zoomed(view, 2)),
    "=": () => look(store, zoomed(view, 2)),
    "-": () => look(store, zoomed(view, 0.5)),
    "0": () => look(store, { zoom: 1, centre: [0.5, 0.5] }),
  };
  const action = actions[key.length === 1 ? key.toLowerCase() : key];
  action?.();
  return action !== undefined;
}
