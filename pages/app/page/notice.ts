// What is said in the forecast's panel while it is empty: loading, waiting, or how to begin.

import type { AppState } from "../app_state.ts";
import type { PanelNotice } from "../scene.ts";
import { bytes } from "../words.ts";
import type { App } from "./app.ts";

/** The notice of a state; null once frames are there. */
export function noticeOf(app: Pick<App, "start" | "goOn">, state: AppState): PanelNotice | null {
  const { scene, run, use, model, data } = state;
  if (!scene || scene.computed > 0) return null;
  const start = (label: string) => ({ label, run: () => app.start() });
  switch (run.kind) {
    case "loading":
      return { text: run.text, share: run.share, action: null };
    case "running":
      return { text: run.note ?? "Preparing the first step.", share: null, action: null };
    case "failed":
      return { text: run.message.text, share: null, action: null };
    case "paused":
      return {
        text: "Computing paused.",
        share: null,
        action: { label: "Go on", run: () => app.goOn() },
      };
    default: {
      if (use?.refused) {
        return { text: "The network can not take these data yet: see Data.", share: null, action: null };
      }
      // What is shown is of the data before.
      if (data.kind === "failed" || data.kind === "ask") {
        return { text: "These data are not open yet: see Data.", share: null, action: null };
      }
      const load = model.here ? null : model.bytes;
      return {
        text: "",
        share: null,
        action: start(load ? `Forecast: loads ${bytes(load)} once` : "Forecast"),
      };
    }
  }
}

/** Keeps the notice in step with the state. */
export function keepNotice(app: App): void {
  const { store } = app;
  let last = JSON.stringify(null);
  store.subscribe((state) => {
    const notice = noticeOf(app, state);
    const key = JSON.stringify(notice);
    if (key === last) return;
    last = key;
    store.update({ notice });
  });
}
