// The page of the viewer's tests: a made-up scene in viewer, charts and take-away, as the address says:
// `?scene=solid&step=7&theme=dark&painter=2d`.

import { render } from "preact";
import { FIRST_VIEW, type View } from "../../pages/app/scene.ts";
import type { ViewerState } from "../../pages/app/state.ts";
import { makeStore } from "../../pages/app/store.ts";
import { planePainter } from "../../pages/app/viewer/painter.ts";
import { Viewer } from "../../pages/app/viewer/viewer.tsx";
import { makeScene, type SceneOptions } from "../pages/scenes.ts";

const SCENES: Readonly<Record<string, SceneOptions>> = {
  plane: {},
  loading: { computed: 0, running: true },
  running: { computed: 9, running: true },
  solid: { shape: [48, 48, 32], planned: 6, computed: 6, truth: 6 },
  strip: { shape: [256, 32], hidden: true, periodic: false },
  broken: { diverged: 14 },
  ensemble: { members: 5 },
  compare: { compare: true },
  large: { shape: [700, 500], planned: 3, computed: 3, truth: 3, fields: 9 },
  untrue: { truth: 10 },
  line: { shape: [128], planned: 10, computed: 10, truth: 10 },
};

const query = new URLSearchParams(location.search);
const name = query.get("scene") ?? "plane";
const theme = query.get("theme") === "dark" ? "dark" : "light";
document.documentElement.dataset.theme = theme;
const view: View = {
  ...FIRST_VIEW,
  step: Number(query.get("step") ?? 0),
  follow: false,
  ...JSON.parse(query.get("view") ?? "{}"),
};
const store = makeStore<ViewerState>({
  scene: makeScene(SCENES[name]),
  view,
  notice: name === "loading" ? { text: "Model 3.1 of 9.4 MB", share: 0.33, action: null } : null,
  theme,
});
const announce = (text: string) => console.info(text);
Object.assign(globalThis, { store });

const painter = query.get("painter") === "2d" ? { painter: planePainter() } : {};
render(
  <main>
    <div class="card">
      <Viewer store={store} announce={announce} {...painter} />
    </div>
  </main>,
  document.body,
);
