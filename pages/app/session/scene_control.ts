// From what is set up to the scene before any forecast: the input frames, the truth, and how far the last input frame,
// kept, is off. Done anew when data, network or window change; what changes last wins.

import type { Sample } from "walrus";
import type { OpenedData } from "../app_state.ts";
import { say } from "../message.ts";
import type { Context } from "../page/context.ts";
import { FIRST_VIEW, frameAt, type Scene, type View } from "../scene.ts";
import { changeScene } from "../state.ts";
import type { Settings } from "../setup/choice.ts";
import type { Use } from "../setup/describe.ts";
import { useOf } from "../setup/use.ts";
import type { ModelControl } from "../setup/model_control.ts";
import { count } from "../words.ts";
import { addMeasures } from "./grow.ts";
import type { Measurer } from "./measurer.ts";
import { provenanceOf } from "./provenance.ts";
import { firstScene } from "./scene_of.ts";
import { measureStart, readInput, readTruth, truthOf } from "./window.ts";

/** Input frames where the network is not known yet. */
const USUAL_FRAMES = 6;

/** See the head of the file. */
export class SceneControl {
  readonly #context: Context;
  readonly #models: ModelControl;
  readonly #measurer: Measurer;
  #abort = new AbortController();
  #scenes = 0;

  constructor(context: Context, models: ModelControl, measurer: Measurer) {
    this.#context = context;
    this.#models = models;
    this.#measurer = measurer;
  }

  /** Shows what is set up. Resolved once the input is shown; the truth follows. */
  async refresh(): Promise<void> {
    this.#abort.abort();
    const { signal } = this.#abort = new AbortController();
    await whileWanted(this.#show(signal), signal);
  }

  async #show(signal: AbortSignal): Promise<void> {
    const { store } = this.#context;
    const { data, settings } = store.get();
    if (data.kind !== "ready") return;
    store.update({ run: { kind: "idle" } });
    const use = await this.#use(data.opened, settings, null);
    if (signal.aborted) return;
    const frames = use?.frames ?? USUAL_FRAMES;
    const { trajectory } = data.opened;
    const last = settings.start + (frames - 1) * settings.stride;
    if (last >= trajectory.steps) return this.#tooShort(data.opened, frames, settings, use);
    const input = await readInput(data.opened, frames, settings);
    if (signal.aborted) return;
    const scene = this.#scene(data.opened, input, settings);
    this.#measurer.begin(measureStart(scene, input));
    store.update(({ view }) => ({
      scene,
      input,
      use,
      view: {
        ...view,
        ...firstPlace(view, scene),
        probe: FIRST_VIEW.probe,
        quantity: scene.quantities.some(({ key }) => key === view.quantity) ? view.quantity : null,
        plane: scene.grid.axes.length === 3 ? view.plane : null,
      },
    }));
    void this.#use(data.opened, settings, input).then((known) =>
      signal.aborted || store.update({ use: known })
    );
    void whileWanted(this.#follow(data.opened, frames, settings, scene.id, signal), signal);
  }

  #tooShort({ trajectory }: OpenedData, frames: number, { start, stride }: Settings, use: Use | null): void {
    const { store, alarm } = this.#context;
    const asked = start > 0 || stride > 1;
    const needs = 1 + (frames - 1) * stride;
    const text = asked
      ? `${count(trajectory.steps, "frame")}; from frame ${start} the first forecast needs ${needs}.`
      : `${count(trajectory.steps, "frame")}; the first forecast needs ${needs}.`;
    store.update({
      scene: null,
      input: null,
      use,
      run: { kind: "failed", step: 0, message: say("bad", text) },
    });
    alarm(text);
  }

  /** What the network makes of the data; null where it is not known yet. */
  async #use({ trajectory }: OpenedData, settings: Settings, input: Sample | null): Promise<Use | null> {
    const { store } = this.#context;
    const { modelChoice } = store.get();
    const known = this.#models.known(modelChoice);
    try {
      const model = await this.#models.describe(modelChoice);
      store.update({ model: { model, ...known, message: null } });
      return useOf(model, trajectory.info, input, settings);
    } catch (error) {
      if (modelChoice.kind === "hub") {
        store.update({ model: { model: null, ...known, message: null } });
        return null;
      }
      const message = say("bad", (error as Error).message);
      store.update({ model: { model: null, ...known, message } });
      this.#context.alarm(message.text);
      return null;
    }
  }

  #scene(opened: OpenedData, input: Sample, settings: Settings): Scene {
    return firstScene({
      id: ++this.#scenes,
      name: opened.dataset,
      provenance: provenanceOf(this.#context, opened, settings),
      input,
      planned: settings.steps,
    });
  }

  /** Reads the truth, then measures the last input frame against it. */
  async #follow(
    opened: OpenedData,
    frames: number,
    settings: Settings,
    id: number,
    signal: AbortSignal,
  ): Promise<void> {
    await readTruth(opened, frames, settings, (grow) => changeScene(this.#context.store, id, grow), signal);
    if (signal.aborted) return;
    for (let step = 1; step <= truthOf(opened, frames, settings); step++) {
      const { scene } = this.#context.store.get();
      if (scene?.id !== id) return;
      const truth = frameAt(scene.truth, step);
      const measured = await this.#measurer.step({ scene: id, step, truth, frames: {}, members: [] });
      if (signal.aborted) return;
      changeScene(this.#context.store, id, (now) => addMeasures(now, measured));
    }
  }
}

/** What is read for a scene that has gone may fail: its data may be closed. */
async function whileWanted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Where a scene is first looked at: as a link says, else the input plays. */
function firstPlace(view: View, { id, steps: { inputs, planned } }: Scene): Partial<View> {
  if (id === 1 && !view.follow && view.step > -inputs && view.step <= planned) return { playing: false };
  return {
    step: 1 - inputs,
    follow: true,
    playing: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  };
}
