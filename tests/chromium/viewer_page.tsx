// The page of the viewer's tests: a made-up scene in viewer, charts and take-away, as the address says:
// `?scene=solid&step=7&theme=dark&painter=2d`.

import { render } from "preact";
import { FIRST_VIEW, type View } from "../../pages/app/scene.ts";
import type { ViewerState } from "../../pages/app/state.ts";
import { makeStore } from "../../pages/app/store.ts";
import { openPainter, planePainter } from "../../pages/app/viewer/painter.ts";
import { Charts } from "../../pages/app/charts/charts.tsx";
import { TakeAway } from "../../pages/app/take/take_away.tsx";
import { Viewer } from "../../pages/app/viewer/viewer.tsx";
import { makeScene, TEST_SCENES } from "../pages/scenes.ts";

const query = new URLSearchParams(location.search);
const name = (query.get("scene") ?? "plane") as keyof typeof TEST_SCENES;
const theme = query.get("theme") === "dark" ? "dark" : "light";
document.documentElement.dataset.theme = theme;
const view: View = {
  ...FIRST_VIEW,
  step: Number(query.get("step") ?? 0),
  follow: false,
  ...JSON.parse(query.get("view") ?? "{}"),
};
const store = makeStore<ViewerState>({
  scene: makeScene(TEST_SCENES[name]),
  view,
  notice: name === "loading" ? { text: "Model 3.1 of 9.4 MB", share: 0.33, action: null } : null,
  theme,
});
const announce = (text: string) => console.info(text);
const painter = query.get("painter") === "2d" ? planePainter() : openPainter(() => {}, true);
Object.assign(globalThis, { store, painter });

render(
  <main>
    <h1 class="out-of-sight">Viewer</h1>
    <Viewer store={store} announce={announce} painter={painter} />
    <Charts store={store} announce={announce} />
    <TakeAway
      store={store}
      announce={announce}
      link={() => Promise.resolve("https://example.org/?data=waves&step=7")}
      code={() => 'import { loadModel } from "walrus";'}
    />
  </main>,
  document.body,
);
