// Starts the app: draws the page, opens what the address says, and begins a forecast where that costs nobody anything.

import { render } from "preact";
import { keepLink } from "../link/keep_link.ts";
import { readQuery } from "../link/query.ts";
import { say } from "../message.ts";
import { registerOffline, watchNetwork } from "../offline/register.ts";
import { crashMark, mayStart, setCrashMark } from "../session/crash.ts";
import { type DataChoice, modelName, WEIGHTS } from "../setup/choice.ts";
import { exampleAddresses } from "../setup/example_files.ts";
import { makeApp } from "./app.ts";
import { fetchEarly } from "../download.ts";
import { ownFile, preload } from "./facts.ts";
import { keepNotice } from "./notice.ts";
import { Page } from "./page.tsx";
import { startTheme } from "./theme.ts";

const app = makeApp();
const { store } = app;
// For tests, and for whoever looks into the page: all that it knows.
Object.assign(globalThis, { walrusApp: app });
startTheme(store);
keepNotice(app);

const linked = readQuery(location.search);
const bytes = linked.model.kind === "shipped" ? app.context.facts.sizes[WEIGHTS] ?? null : null;
const data: DataChoice = linked.data ?? { kind: "example", name: "gray_scott" };
const mark = crashMark();
const connection = (navigator as { connection?: { saveData?: boolean; effectiveType?: string } }).connection;
const starts = data.kind === "example" && mayStart(bytes, connection, mark);
// A line that carries nothing is time lost: all that the first forecast needs is asked for at once.
if (starts && data.kind === "example") {
  for (const url of [ownFile(WEIGHTS).href, ...exampleAddresses(data.name)]) fetchEarly(url);
}
const listed = [linked.model, ...linked.compare ? [linked.compare] : []].filter(({ kind }) =>
  kind !== "shipped"
);
store.update(({ models }) => ({
  modelChoice: linked.model,
  compareChoice: linked.compare,
  settings: linked.settings,
  view: linked.view,
  models: [...models, ...listed.map((choice) => ({ choice, label: modelName(choice) }))],
  model: { model: null, name: modelName(linked.model), bytes, here: false, message: null },
}));
render(<Page app={app} />, document.getElementById("app")!);
preload(app.context.facts.first);
keepLink(store);

/** A forecast begins by itself once its input is there. */
function startWhenShown(): void {
  const stop = store.subscribe(({ scene, use, input }) => {
    if (!scene || !use || !input) return;
    stop();
    app.start();
  });
}

if (starts) startWhenShown();
void app.chooseData(data, true).then(() => {
  if (mark === null) return;
  const actions = [
    ...linked.model.kind === "shipped" ? [] : [{ label: "Small model", run: () => app.useSmall() }],
    { label: "Try again", run: () => app.start() },
  ];
  setCrashMark(null);
  store.update({
    run: {
      kind: "failed",
      step: 0,
      message: say("warn", `The last visit ended while loading ${mark}.`, actions),
    },
  });
});
// The network comes while the data are read.
if (starts) app.prefetch();
// Who leaves has not crashed.
addEventListener("pagehide", () => setCrashMark(null));
watchNetwork(store);

/** Milliseconds after which the app is kept on the device, whatever the first forecast does. */
const KEPT_AFTER = 20_000;

// What is kept is fetched once the first forecast has what it needs of the network.
const keep = () => {
  stop();
  clearTimeout(late);
  void registerOffline(store);
};
const stop = store.subscribe(({ scene }) => scene && scene.computed > 0 && keep());
const late = setTimeout(keep, KEPT_AFTER);
