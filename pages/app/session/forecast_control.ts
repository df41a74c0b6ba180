// Runs the forecast that is set up: loads networks, starts a session, and turns what it tells into words.

import type { MemoryEstimate } from "walrus";
import type { OpenedData } from "../app_state.ts";
import type { Network } from "../library.ts";
import { type Action, type Message, reasonOf, say } from "../message.ts";
import { type Context, setSettings } from "../page/context.ts";
import type { Scene } from "../scene.ts";
import { changeScene } from "../state.ts";
import { type ModelChoice, modelName } from "../setup/choice.ts";
import type { DataControl } from "../setup/data_control.ts";
import type { LoadedNetwork, ModelControl } from "../setup/model_control.ts";
import { progress } from "../words.ts";
import { failureMessage, leftWords, lostWords, needWords } from "./failures.ts";
import { setCrashMark } from "./crash.ts";
import type { LanePlan } from "./lane.ts";
import type { Measurer } from "./measurer.ts";
import { finishedWords, keptWords, type RunState } from "./run_state.ts";
import { sceneToRun } from "./scene_to_run.ts";
import { Session } from "./session.ts";

/** What else a forecast turns to. */
export interface ForecastParts {
  readonly data: DataControl;
  readonly models: ModelControl;
  readonly measurer: Measurer;
  /** Shows the scene as it was before any forecast. */
  refresh(): Promise<void>;
}

/** See the head of the file. */
export class ForecastControl {
  readonly #context: Context;
  readonly #parts: ForecastParts;
  #session: Session | null = null;
  #abort = new AbortController();

  constructor(context: Context, parts: ForecastParts) {
    this.#context = context;
    this.#parts = parts;
  }

  #run(run: RunState): void {
    this.#context.store.update({ run });
  }

  #fail(step: number, message: Message): void {
    setCrashMark(null);
    this.#detach();
    this.#run({ kind: "failed", step, message });
    this.#context.alarm(message.text);
    const { scene } = this.#context.store.get();
    if (scene) changeScene(this.#context.store, scene.id, (now) => ({ ...now, running: false }));
  }

  /** What is loaded yet goes on loading, unseen: neither words nor a cancellation are its from now on. */
  #detach(): void {
    this.#abort = new AbortController();
  }

  /** Forgets the session: other data, another window. */
  forget(): void {
    this.#abort.abort();
    this.#forgetSession();
    setCrashMark(null);
  }

  #forgetSession(): void {
    this.#session?.dispose();
    this.#session = null;
  }

  /** Computes what is set up, from its first step. */
  async start(): Promise<void> {
    this.forget();
    const { signal } = this.#abort = new AbortController();
    const { store, announce } = this.#context;
    if (!store.get().scene) await this.#parts.refresh();
    const state = store.get();
    if (state.data.kind !== "ready" || !state.scene || !state.input) return;
    const { modelChoice, compareChoice, data: { opened } } = state;
    setCrashMark(modelName(modelChoice));
    this.#run({ kind: "loading", text: "Preparing.", share: null });
    try {
      const choices = [modelChoice, ...compareChoice ? [compareChoice] : []];
      const networks: LoadedNetwork[] = [];
      for (const choice of choices) networks.push(await this.#load(choice, signal));
      signal.throwIfAborted();
      if (store.get().use === null) await this.#parts.refresh();
      const [first] = networks;
      store.update({ device: { name: first!.network.deviceName, choice: first!.choice } });
      await this.#begin(opened, networks, choices, signal);
      announce("Forecast started.");
    } catch (error) {
      if (!signal.aborted) this.#fail(0, say("bad", reasonOf(error), this.#smaller(modelChoice)));
    }
  }

  /** The way out of a network that is too much. */
  #smaller(choice: ModelChoice): Action[] {
    if (choice.kind === "shipped") return [];
    return [{ label: "Small model", run: () => this.useSmall() }];
  }

  /** The shipped network, at once. */
  useSmall(): void {
    this.#context.store.update({ modelChoice: { kind: "shipped" }, compareChoice: null });
    void this.#parts.refresh().then(() => this.start());
  }

  async #load(choice: ModelChoice, signal: AbortSignal): Promise<LoadedNetwork> {
    const { models } = this.#parts;
    const { settings } = this.#context.store.get();
    const began = performance.now();
    return await models.load(choice, settings, {
      signal,
      onBytes: (done, total) =>
        signal.aborted || signal !== this.#abort.signal || this.#run({
          kind: "loading",
          text: `Model ${progress(done, total)}${leftWords(done, total, (performance.now() - began) / 1000)}`,
          share: total === null ? null : done / total,
        }),
      ask: (message) => this.#run({ kind: "failed", step: 0, message }),
      refuse: () => this.cancel(),
    });
  }

  #lost(times: number): void {
    const { run } = this.#context.store.get();
    if (run.kind !== "running") return;
    const note = lostWords(run.step, times);
    this.#run({ ...run, note });
    this.#context.announce(note);
  }

  async #begin(
    opened: OpenedData,
    networks: readonly LoadedNetwork[],
    choices: readonly ModelChoice[],
    signal: AbortSignal,
  ): Promise<void> {
    const { store } = this.#context;
    const { settings, input } = store.get();
    const scene = this.#emptied(networks, choices, opened);
    const { mostBytes, enduring } = await this.#context.library();
    const statistics = await this.#parts.data.statistics();
    signal.throwIfAborted();
    const most = mostBytes(networks[0]!.network.deviceName);
    const lasting = networks.map((own) => enduring(own, settings.backend, (times) => this.#lost(times)));
    const plans = this.#plans(scene, lasting);
    /** What was refused: errors that come from a worker say no more than their words. */
    let refused: MemoryEstimate | null = null;
    this.#session = new Session({
      scene,
      start: input!,
      plans,
      measurer: this.#parts.measurer,
      now: () => performance.now(),
      options: {
        steps: settings.steps,
        grid: settings.grid,
        map: settings.map,
        statistics,
        ...settings.jitter === null ? {} : { draws: settings.jitter },
        admit: (need) => {
          store.update({ memory: need });
          if (need.weights + need.working <= most) return;
          refused = need;
          throw new RangeError("The forecast does not fit");
        },
      },
      events: {
        scene: (change) => changeScene(this.#context.store, scene.id, change),
        step: (step, perStep) => {
          this.#computedBy(networks[0]!);
          this.#stepped(step, perStep);
        },
        finished: (seconds) => this.#finished(seconds),
        diverged: (step, quantity, times) => this.#diverged(scene, step, quantity, times),
        failed: (error, step) => {
          this.#fail(step, refused ? this.#tooLarge(refused, most) : failureMessage(error, step));
        },
      },
    });
    // Programs are made while the weights come.
    void this.#session.run();
    void this.#follow(networks, this.#session);
  }

  /** Says that it runs once the weights are here, where no step has said so before. */
  async #follow(networks: readonly LoadedNetwork[], session: Session): Promise<void> {
    const { store } = this.#context;
    try {
      await Promise.all(networks.map(({ whole }) => whole));
    } catch {
      // The session fails by it, or was ended.
      return;
    }
    store.update(({ model }) => ({ model: { ...model, here: true } }));
    if (session === this.#session && store.get().run.kind === "loading") this.#showRunning();
  }

  /** The scene with tracks for what is about to be computed. */
  #emptied(networks: readonly LoadedNetwork[], choices: readonly ModelChoice[], { name }: OpenedData): Scene {
    const { store } = this.#context;
    const { settings, scene: shown } = store.get();
    const [{ network }] = networks as readonly [LoadedNetwork];
    const scene = sceneToRun(shown!, settings, {
      data: name,
      models: choices.map((choice) => modelName(choice)),
      device: network.deviceName,
      draws: network.model.draws ?? false,
    });
    store.update(({ view }) => ({ scene, view: { ...view, follow: true } }));
    return scene;
  }

  #plans(scene: Scene, networks: readonly LanePlan["model"][]): LanePlan[] {
    const { seed } = this.#context.store.get().settings;
    if (scene.members.length > 1) {
      return scene.members.map(({ id, label }, i) => ({ id, label, model: networks[0]!, seed: seed + i }));
    }
    return networks.map((model, i) => ({ id: i === 0 ? "a" : "b", label: "", model, seed }));
  }

  #go(): void {
    this.#showRunning();
    void this.#session!.run();
  }

  #showRunning(): void {
    const { scene, settings } = this.#context.store.get();
    const step = this.#session!.step;
    this.#run({
      kind: "running",
      step,
      planned: scene?.steps.planned ?? settings.steps,
      perStep: null,
      note: null,
    });
    if (scene) changeScene(this.#context.store, scene.id, (now) => ({ ...now, running: true }));
  }

  /** A lost device was replaced by another. */
  #computedBy({ network: { deviceName }, choice }: Network): void {
    const { store } = this.#context;
    if (store.get().device?.name !== deviceName) store.update({ device: { name: deviceName, choice } });
  }

  #stepped(step: number, perStep: number): void {
    if (step === 1) {
      setCrashMark(null);
      // What is not here by now this forecast does without.
      this.#detach();
    }
    const { run, scene } = this.#context.store.get();
    const planned = scene?.steps.planned ?? step;
    this.#context.announce(`Step ${step} of ${planned}.`);
    // The words of a pause or a cancellation stay.
    if (run.kind === "running" || run.kind === "loading") {
      this.#run({ kind: "running", step, planned, perStep, note: null });
    }
  }

  #finished(seconds: number): void {
    const { scene } = this.#context.store.get();
    if (!scene) return;
    changeScene(this.#context.store, scene.id, (now) => ({ ...now, running: false }));
    const text = finishedWords(scene, seconds);
    this.#run({ kind: "finished", step: scene.computed, text });
    this.#context.announce(text);
  }

  #diverged(scene: Scene, step: number, quantity: number, times: number | null): void {
    const { label } = scene.quantities[quantity]!;
    const what = times === null
      ? "is not finite"
      : `is ${Math.round(times)} times the input's range beyond it`;
    const kept = step > 1 ? ` ${keptWords(step - 1)}` : "";
    this.#fail(
      step - 1,
      say("warn", `From step ${step} ${label} ${what}.${kept}`, [
        { label: "New seed", run: () => this.newSeed() },
        { label: "Finetune", run: () => this.#context.store.update({ mode: "finetune" }) },
      ]),
    );
  }

  #tooLarge(need: MemoryEstimate, most: number): Message {
    const { modelChoice, settings } = this.#context.store.get();
    const narrow = {
      label: "8-bit weights",
      run: () => {
        setSettings(this.#context, { weights: "int8" });
        void this.start();
      },
    };
    const ways = [...settings.weights === "int8" ? [] : [narrow], ...this.#smaller(modelChoice)];
    return say("bad", needWords(need, most), ways);
  }

  /** Another draw. */
  newSeed(): void {
    setSettings(this.#context, { seed: this.#context.store.get().settings.seed + 1 });
    void this.start();
  }

  /** Waits after the step that is under way. */
  pause(): void {
    const { run } = this.#context.store.get();
    if (run.kind !== "running") return;
    this.#session?.pause();
    this.#stop({ kind: "paused", step: this.#session?.step ?? run.step, planned: run.planned });
    this.#context.announce(`Computing paused after step ${run.step}.`);
  }

  /** Ends what is under way; steps that are done are kept. */
  cancel(): void {
    const { run, settings } = this.#context.store.get();
    this.#abort.abort();
    this.#session?.cancel();
    setCrashMark(null);
    // Without its weights it can not go on.
    if (run.kind === "loading") this.#forgetSession();
    const step = this.#session?.step ?? 0;
    const planned = run.kind === "running" ? run.planned : settings.steps;
    this.#stop({ kind: "cancelled", step, planned });
    this.#context.announce(step > 0 ? `Cancelled. ${keptWords(step)}` : "Cancelled.");
  }

  #stop(run: RunState): void {
    const { scene } = this.#context.store.get();
    if (scene) changeScene(this.#context.store, scene.id, (now) => ({ ...now, running: false }));
    this.#run(run);
  }

  /** Goes on after what is kept. */
  goOn(): void {
    if (this.#session) this.#go();
    else void this.start();
  }
}
