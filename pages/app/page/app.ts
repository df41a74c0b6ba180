// What the page can ask for. Those who do it are loaded after the first paint: what is asked for before waits for them.

import type { AppState, AppStore } from "../app_state.ts";
import { type FinetuneSettings, FIRST_FINETUNE } from "../finetune/finetune_state.ts";
import { FIRST_VIEW, type Scene } from "../scene.ts";
import type { Work } from "../session/work.ts";
import {
  type DataChoice,
  FIRST_SETTINGS,
  type ModelChoice,
  modelName,
  type Settings,
} from "../setup/choice.ts";
import { makeStore } from "../store.ts";
import { type Context, makeContext, setSettings } from "./context.ts";
import { readFacts } from "./facts.ts";

/** See the head of the file. */
export interface App {
  readonly store: AppStore;
  readonly context: Context;
  /** Opens what was dropped or chosen: data, a network, or both. */
  take(files: readonly File[]): void;
  /** Opens data; `keepPlace`: at the trajectory and frame that are set. */
  chooseData(choice: DataChoice, keepPlace?: boolean): Promise<void>;
  /** Ends what is being opened; what was open before is shown again. */
  cancelData(): void;
  /** Asks anew what kinds of boundary that are not known are to be taken for. */
  askBoundaries(): void;
  setTrajectory(index: number): void;
  chooseModel(choice: ModelChoice): void;
  compareWith(choice: ModelChoice | null): void;
  /** Changes the window that a forecast starts from, or how its fields are read. */
  setWindow(change: Partial<Settings>): void;
  /** Changes how it is computed; what is shown stays. */
  set(change: Partial<Settings>): void;
  /** Begins to load what a forecast that is about to begin needs. */
  prefetch(): void;
  /** A scene with the frames that were put away to save memory. */
  recall(scene: Scene): Promise<Scene>;
  start(): void;
  pause(): void;
  goOn(): void;
  cancel(): void;
  /** Forecasts with the shipped network. */
  useSmall(): void;
  setFinetune(change: Partial<FinetuneSettings>): void;
  startFinetune(): void;
  stopFinetune(): void;
  /** Lets a finetuning fetch what it asked for. */
  allowFetch(): void;
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
    model: { model: null, name: "Walrus small", bytes: null, here: false, message: null },
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
  let work: Promise<Work> | null = null;
  const loaded = () => work ??= begin();
  const begin = async () => {
    // Its workers begin to load while the data do.
    context.library().then(({ startWorkers }) => startWorkers(), () => {});
    return (await import("../session/work.ts")).makeWork(context);
  };
  const ask = (what: (work: Work) => unknown) => void loaded().then(what);
  return {
    store,
    context,
    take: (files) => ask((own) => own.take(files)),
    chooseData: async (choice, keepPlace) => await (await loaded()).data.choose(choice, keepPlace),
    cancelData: () => ask(({ data }) => data.cancel()),
    askBoundaries: () => ask(({ data }) => data.askBoundaries()),
    setTrajectory: (index) => ask(({ data }) => data.setTrajectory(index)),
    chooseModel: (choice) => ask((own) => own.chooseModel(choice)),
    compareWith(choice) {
      if (choice) ask((own) => own.list(choice, modelName(choice)));
      store.update({ compareChoice: choice });
    },
    setWindow(change) {
      setSettings(context, change);
      ask((own) => own.refresh());
    },
    set: (change) => setSettings(context, change),
    prefetch: () => ask(({ models }) => models.prefetch(store.get().settings)),
    recall: async (scene) => await (await loaded()).spill.recall(scene),
    start: () => ask(({ forecast }) => forecast.start()),
    pause: () => ask(({ forecast }) => forecast.pause()),
    goOn: () => ask(({ forecast }) => forecast.goOn()),
    cancel: () => ask(({ forecast }) => forecast.cancel()),
    useSmall: () => ask(({ forecast }) => forecast.useSmall()),
    setFinetune: (change) =>
      store.update(({ finetune }) => ({
        finetune: { ...finetune, settings: { ...finetune.settings, ...change } },
      })),
    startFinetune: () => ask(({ finetune }) => finetune.start()),
    stopFinetune: () => ask(({ finetune }) => finetune.stop()),
    allowFetch: () => ask(({ finetune }) => finetune.fetch()),
  };
}
