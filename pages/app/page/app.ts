// The app without its page: the store and those who change it, each knowing those it needs.

import type { AppState, AppStore } from "../app_state.ts";
import { FinetuneControl } from "../finetune/finetune_control.ts";
import { FIRST_FINETUNE } from "../finetune/finetune_state.ts";
import { say } from "../message.ts";
import { FIRST_VIEW } from "../scene.ts";
import { ForecastControl } from "../session/forecast_control.ts";
import { workerMeasurer } from "../session/measurer.ts";
import { SceneControl } from "../session/scene_control.ts";
import { type DataChoice, FIRST_SETTINGS, type ModelChoice, type Settings } from "../setup/choice.ts";
import { DataControl } from "../setup/data_control.ts";
import { ModelControl } from "../setup/model_control.ts";
import { sortFiles } from "../setup/sort_files.ts";
import { makeStore } from "../store.ts";
import { type Context, makeContext, setSettings } from "./context.ts";
import { ownFile, readFacts } from "./facts.ts";

/** See the head of the file. */
export interface App {
  readonly store: AppStore;
  readonly context: Context;
  readonly data: DataControl;
  readonly models: ModelControl;
  readonly scenes: SceneControl;
  readonly forecast: ForecastControl;
  readonly finetune: FinetuneControl;
  /** Opens what was dropped or chosen: data, a network, or both. */
  take(files: readonly File[]): void;
  chooseData(choice: DataChoice): void;
  chooseModel(choice: ModelChoice): void;
  compareWith(choice: ModelChoice | null): void;
  /** Changes the window that a forecast starts from, or how its fields are read. */
  setWindow(change: Partial<Settings>): void;
  /** Changes how it is computed; what is shown stays. */
  set(change: Partial<Settings>): void;
}

function firstState(): AppState {
  return {
    scene: null,
    view: FIRST_VIEW,
    notice: null,
    theme: "light",
    mode: "forecast",
    themeChoice: "system",
    dataChoice: null,
    data: { kind: "empty" },
    modelChoice: { kind: "shipped" },
    compareChoice: null,
    models: [{ choice: { kind: "shipped" }, label: "Walrus small (shipped)" }],
    model: { model: null, name: "Walrus small", bytes: null, message: null },
    settings: FIRST_SETTINGS,
    use: null,
    input: null,
    run: { kind: "idle" },
    device: null,
    memory: null,
    saved: null,
    offline: false,
    update: false,
    finetune: FIRST_FINETUNE,
    keysOpen: false,
    setupOpen: false,
    announcement: "",
    alert: "",
  };
}

/** Makes the app; nothing is loaded yet. */
export function makeApp(): App {
  const store = makeStore(firstState());
  const context = makeContext(store, readFacts());
  const models = new ModelControl(context);
  const measurer = workerMeasurer(() => ownFile("session/measure_worker.js"));
  const scenes = new SceneControl(context, models, measurer);
  const refresh = () => scenes.refresh();
  const fresh = () => {
    forecast.forget();
    void refresh();
  };
  const data = new DataControl(context, fresh);
  const forecast = new ForecastControl(context, { data, models, measurer, refresh });
  const list = (choice: ModelChoice, label: string) =>
    store.update(({ models: known }) =>
      known.some((own) => own.choice === choice) ? {} : { models: [...known, { choice, label }] }
    );
  const chooseModel = (choice: ModelChoice) => {
    list(choice, models.nameOf(choice));
    store.update({ modelChoice: choice, alert: "" });
    fresh();
  };
  const finetune = new FinetuneControl(context, models, (choice, label) => list(choice, label));
  return {
    store,
    context,
    data,
    models,
    scenes,
    forecast,
    finetune,
    take(files) {
      const sorted = sortFiles(files);
      if (sorted.problem) {
        store.update({ data: { kind: "failed", message: say("bad", sorted.problem) } });
        return context.alarm(sorted.problem);
      }
      if (sorted.network.length > 0) chooseModel({ kind: "files", files: sorted.network });
      if (sorted.data.length > 0) void data.choose({ kind: "files", files: sorted.data });
    },
    chooseData: (choice) => void data.choose(choice),
    chooseModel,
    compareWith(choice) {
      if (choice) list(choice, models.nameOf(choice));
      store.update({ compareChoice: choice });
    },
    setWindow(change) {
      setSettings(context, change);
      fresh();
    },
    set: (change) => setSettings(context, change),
  };
}
