// The state of the app in one record, and what changes it. Parts of it are other modules' own: scene.ts (what is
// shown), setup/ (what is asked for), session/ (what is computed), finetune/ (what is learnt).

import type { PanelNotice, Scene, View } from "./scene.ts";
import type { Store } from "./store.ts";

/** What viewer, charts and take-away read and change. */
export interface ViewerState {
  /** Null before any data are there. */
  readonly scene: Scene | null;
  readonly view: View;
  /** In the forecast's panel while it is empty. */
  readonly notice: PanelNotice | null;
  readonly theme: "light" | "dark";
}

/** The store as viewer, charts and take-away are given it; that of the app has more in it. */
export type ViewerStore = Store<ViewerState>;

/** Changes a part of the view. */
export function look(store: Pick<ViewerStore, "update">, change: Partial<View>): void {
  store.update(({ view }) => ({ view: { ...view, ...change } }));
}

/** Changes the scene of this number, if it is still shown. */
export function changeScene(
  store: Pick<ViewerStore, "update">,
  id: number,
  change: (scene: Scene) => Scene,
): void {
  store.update(({ scene }) => scene?.id === id ? { scene: change(scene) } : {});
}

/** What components of viewer/, charts/ and take/ are given: `Viewer`, `Charts`, `TakeAway`, one export each. */
export interface PartProps {
  readonly store: ViewerStore;
  /** Says a sentence to screen readers, at most every five seconds the newest. */
  announce(text: string): void;
}

/** What `TakeAway` is given besides. */
export interface TakeProps extends PartProps {
  /** The address that opens this view; it has words for the receiver where data are the sender's own file. */
  link(): Promise<string>;
  /** A scene with the frames that were put away to save memory; none were unless given. */
  recall?(scene: Scene): Promise<Scene>;
  /** TypeScript that computes this forecast with the library. */
  code(): string;
}
