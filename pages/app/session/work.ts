// Those who do what the page asks for, each knowing those it needs. Loaded after the first paint, with the library.

import { FinetuneControl } from "../finetune/finetune_control.ts";
import { say } from "../message.ts";
import type { Context } from "../page/context.ts";
import { ownFile } from "../page/facts.ts";
import { type ModelChoice, modelName } from "../setup/choice.ts";
import { DataControl } from "../setup/data_control.ts";
import { ModelControl } from "../setup/model_control.ts";
import { sortFiles } from "../setup/sort_files.ts";
import { ForecastControl } from "./forecast_control.ts";
import { storedFrames, sweepFrames } from "./frame_store.ts";
import { workerMeasurer } from "./measurer.ts";
import { SceneControl } from "./scene_control.ts";
import { Spill } from "./spill.ts";

/** See the head of the file. */
export interface Work {
  readonly data: DataControl;
  readonly models: ModelControl;
  readonly forecast: ForecastControl;
  readonly finetune: FinetuneControl;
  readonly spill: Spill;
  /** Opens what was dropped or chosen: data, a network, or both. */
  take(files: readonly File[]): void;
  chooseModel(choice: ModelChoice): void;
  /** Puts a network among those that can be chosen. */
  list(choice: ModelChoice, label: string): void;
  /** Shows what is set up anew. */
  refresh(): void;
}

/** Makes them; nothing is begun. */
export function makeWork(context: Context): Work {
  const { store } = context;
  const models = new ModelControl(context);
  const measurer = workerMeasurer(() => ownFile("session/measure_worker.js"));
  const scenes = new SceneControl(context, models, measurer);
  void sweepFrames();
  const frames = storedFrames(() => ownFile("session/frames_worker.js"));
  const spill = new Spill(store, frames, () => context.limits.frames);
  const shown = () => scenes.refresh();
  const refresh = () => {
    forecast.forget();
    void shown();
  };
  const data = new DataControl(context, refresh);
  const forecast = new ForecastControl(context, { data, models, measurer, refresh: shown });
  const list = (choice: ModelChoice, label: string) =>
    store.update(({ models: known }) =>
      known.some((own) => own.choice === choice) ? {} : { models: [...known, { choice, label }] }
    );
  const chooseModel = (choice: ModelChoice) => {
    list(choice, modelName(choice));
    store.update({ modelChoice: choice, alert: "" });
    refresh();
  };
  const finetune = new FinetuneControl(context, models, list);
  return {
    data,
    models,
    forecast,
    finetune,
    spill,
    take(files) {
      const sorted = sortFiles(files);
      if (sorted.problem) {
        store.update({ data: { kind: "failed", message: say("bad", sorted.problem) } });
        return context.alarm(sorted.problem);
      }
      if (sorted.network.length > 0) chooseModel({ kind: "files", files: sorted.network });
      if (sorted.data.length === 0) return;
      const { dataChoice } = store.get();
      // The file that a link speaks of is opened where the link says.
      const linked = dataChoice?.kind === "missing" &&
        sorted.data.some(({ name }) => name === dataChoice.file);
      void data.choose({ kind: "files", files: sorted.data }, linked);
    },
    chooseModel,
    list,
    refresh,
  };
}
