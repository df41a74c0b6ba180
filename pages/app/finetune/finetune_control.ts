// Finetunes what is set up, in a worker of its own: starts it, shows what it tells, makes its result a network that can
// be chosen.

import type { Message } from "../message.ts";
import { say } from "../message.ts";
import type { Context } from "../page/context.ts";
import { ownFile } from "../page/facts.ts";
import { exampleFiles } from "../setup/example_files.ts";
import { access } from "../setup/hub.ts";
import type { ModelControl } from "../setup/model_control.ts";
import type { DataChoice, ModelChoice } from "../setup/choice.ts";
import { type FinetuneState, FIRST_FINETUNE } from "./finetune_state.ts";
import type { Answer, Request } from "./messages.ts";

/** See the head of the file. */
export class FinetuneControl {
  readonly #context: Context;
  readonly #models: ModelControl;
  readonly #list: (choice: ModelChoice, label: string) => void;
  #worker: Worker | null = null;
  /** Milliseconds when the first step was begun. */
  #began = 0;
  #results = 0;

  constructor(context: Context, models: ModelControl, list: (choice: ModelChoice, label: string) => void) {
    this.#context = context;
    this.#models = models;
    this.#list = list;
  }

  #set(change: Partial<FinetuneState>): void {
    this.#context.store.update(({ finetune }) => ({ finetune: { ...finetune, ...change } }));
  }

  /** Begins. */
  async start(): Promise<void> {
    const { dataChoice, modelChoice, finetune, settings } = this.#context.store.get();
    if (!dataChoice || this.#worker) return;
    const { steps, rate } = finetune.settings;
    this.#set({
      ...FIRST_FINETUNE,
      settings: finetune.settings,
      kind: "running",
      phase: "Reading the files",
    });
    this.#context.announce("Finetuning started.");
    try {
      const data = await filesOf(dataChoice);
      const model = await this.#models.parts(modelChoice);
      const worker = this.#worker = new Worker(ownFile("finetune/worker.js"), { type: "module" });
      worker.onmessage = ({ data: answer }: MessageEvent<Answer>) => this.#hear(answer);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#fail(say("bad", `The computation stopped: ${event.message}`));
      };
      this.#ask({
        kind: "start",
        data,
        boundaries: settings.boundaries,
        model,
        hub: access,
        steps,
        learningRate: rate,
        backend: settings.backend,
      });
    } catch (error) {
      this.#fail(say("bad", (error as Error).message));
    }
  }

  #ask(request: Request): void {
    this.#worker?.postMessage(request);
  }

  #fail(message: Message): void {
    this.#end();
    this.#set({ kind: "idle", phase: "", message });
    this.#context.alarm(message.text);
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }

  /** Ends after the step in progress, with what was learned so far. */
  stop(): void {
    const { losses } = this.#context.store.get().finetune;
    if (losses.length === 0) {
      this.#end();
      this.#set({ kind: "idle", phase: "" });
      return;
    }
    this.#set({ kind: "stopping", phase: "Finishing the step" });
    this.#ask({ kind: "stop" });
  }

  /** Lets the worker fetch what it asked for. */
  fetch(): void {
    this.#set({ asking: false });
    this.#ask({ kind: "fetch" });
  }

  #hear(answer: Answer): void {
    if (answer.kind === "error") return this.#fail(say("bad", answer.message));
    if (answer.kind === "ask") return this.#set({ phase: answer.text, asking: true });
    if (answer.kind === "phase") return this.#set({ phase: capital(answer.text) });
    if (answer.kind === "ready") {
      this.#began = performance.now();
      const { kind: _, ...facts } = answer;
      return this.#set({ facts, phase: "Compiling the step" });
    }
    const seconds = (performance.now() - this.#began) / 1000;
    if (answer.kind === "step") {
      const { losses, kind } = this.#context.store.get().finetune;
      const phase = kind === "stopping" ? "Finishing the step" : "Learning";
      this.#set({ losses: [...losses, answer.loss], seconds, phase });
      return this.#context.announce(`Finetuning step ${answer.step}.`);
    }
    this.#end();
    const { steps, after, files } = answer;
    const result = { id: ++this.#results, steps, seconds, after, files };
    const choice = this.#models.add(result);
    const { facts } = this.#context.store.get().finetune;
    const data = facts?.data.split(",")[0] ?? "own data";
    this.#list(choice, `Finetuned ${result.id}: ${data}, ${steps} steps`);
    this.#set({ kind: "done", phase: "", seconds, result });
    this.#context.announce(`Finetuned in ${steps} steps.`);
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Files of the data that are set up, or their name on a Hub. */
async function filesOf(choice: DataChoice): Promise<readonly File[] | string> {
  if (choice.kind === "files") return choice.files;
  if (choice.kind === "hub") return choice.name;
  return await exampleFiles(choice);
}
