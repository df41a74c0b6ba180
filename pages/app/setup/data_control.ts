// Opens data: examples, files, links, names on a Hub. What is chosen last wins; whatever was under way is ended.

import type { Dataset } from "walrus";
import type { Boundary, DataInput } from "walrus/data";
import type { DataState, OpenedData } from "../app_state.ts";
import { fetchWhole, sizeOf } from "../download.ts";
import { type Message, reasonOf, say } from "../message.ts";
import { type Context, setSettings } from "../page/context.ts";
import { bytes } from "../words.ts";
import { boundaryQuestion, unknownBoundary } from "./boundaries.ts";
import { type DataChoice, dataName, dataSettings, FIRST_SETTINGS } from "./choice.ts";
import { dataMessage } from "./data_messages.ts";
import { exampleFiles } from "./example_files.ts";
import { hubAsking } from "./hub.ts";

/** Links to more than this are read by ranges. */
const WHOLE = 1 << 29;

/** Settings that other data begin with. */
const FIRST_OWN = dataSettings(FIRST_SETTINGS);

/** See the head of the file. */
export class DataControl {
  readonly #context: Context;
  /** Called once other data are open. */
  readonly #onOpened: () => void;
  #abort = new AbortController();
  #dataset: Dataset | null = null;
  /** What was chosen before, for [Cancel]. */
  #before = { choice: null as DataChoice | null, state: { kind: "empty" } as DataState, own: FIRST_OWN };

  constructor(context: Context, onOpened: () => void) {
    this.#context = context;
    this.#onOpened = onOpened;
  }

  #set(data: DataState): void {
    this.#context.store.update({ data });
  }

  #fail(message: Message): void {
    this.#set({ kind: "failed", message });
    this.#context.alarm(message.text);
  }

  /** Opens what is chosen. Settings that belong to the data begin anew unless they are kept. */
  async choose(choice: DataChoice, keepPlace = false): Promise<void> {
    this.#abort.abort();
    const abort = this.#abort = new AbortController();
    const { store } = this.#context;
    const { data, dataChoice, settings } = store.get();
    if (data.kind === "ready") {
      this.#before = { choice: dataChoice, state: data, own: dataSettings(settings) };
    }
    if (!keepPlace) setSettings(this.#context, FIRST_OWN);
    store.update({ dataChoice: choice, alert: "" });
    const name = dataName(choice);
    try {
      if (choice.kind === "missing") {
        return this.#set({
          kind: "ask",
          message: say("info", `Drop ${choice.file} (${bytes(choice.bytes)}) to see this.`),
        });
      }
      const input = await this.#input(choice, name, abort.signal);
      if (input === null || abort.signal.aborted) return;
      this.#set({ kind: "loading", name, done: 0, total: null });
      await this.#open(input, name, abort);
    } catch (error) {
      if (!abort.signal.aborted) this.#fail(this.#refusal(name, reasonOf(error)));
    }
  }

  /** What is said of a refusal, with what can be done about it here. */
  #refusal(name: string, reason: string): Message {
    const unknown = unknownBoundary(reason);
    if (!unknown) return dataMessage(name, reason);
    return boundaryQuestion(unknown, (boundary) => this.#treat(unknown.kind, boundary));
  }

  /** Opens the same data with a kind of boundary taken for one that is known. */
  #treat(kind: string, boundary: Boundary): void {
    const { settings: { boundaries }, dataChoice } = this.#context.store.get();
    setSettings(this.#context, { boundaries: { ...boundaries, [kind]: boundary } });
    if (dataChoice) void this.choose(dataChoice, true);
  }

  /** Asks anew what unknown kinds of boundary are to be taken for. */
  askBoundaries(): void {
    const { dataChoice } = this.#context.store.get();
    if (!dataChoice) return;
    const opening = this.choose(dataChoice, true);
    setSettings(this.#context, { boundaries: {} });
    void opening;
  }

  /** Files or an address to open; null where the user is asked first. */
  async #input(choice: DataChoice, name: string, signal: AbortSignal): Promise<DataInput | null> {
    if (choice.kind === "files") return choice.files;
    if (choice.kind === "hub") return choice.name;
    if (choice.kind === "example") {
      const onBytes = (done: number, total: number | null) =>
        this.#set({ kind: "loading", name, done, total });
      return await exampleFiles(choice, { signal, sizes: this.#context.facts.sizes, onBytes });
    }
    if (choice.kind !== "link") return null;
    const url = new URL(choice.url, document.baseURI);
    this.#set({ kind: "loading", name, done: 0, total: null });
    const size = await sizeOf(url.href, signal);
    if (url.origin === location.origin) return await this.#fetch(url, name, size, signal);
    const allowed = Promise.withResolvers<boolean>();
    this.#set({
      kind: "ask",
      message: say(
        "info",
        `This link loads ${size === null ? "a file of unknown size" : bytes(size)} from ${url.host}.`,
        [
          { label: "Load", run: () => allowed.resolve(true) },
          { label: "Not now", run: () => allowed.resolve(false) },
        ],
      ),
    });
    if (await allowed.promise) return await this.#fetch(url, name, size, signal);
    this.cancel();
    return null;
  }

  async #fetch(url: URL, name: string, size: number | null, signal: AbortSignal): Promise<DataInput> {
    if (size !== null && size > WHOLE) return url;
    const onBytes = (done: number, total: number | null) => this.#set({ kind: "loading", name, done, total });
    return [await fetchWhole(url.href, name, { signal, known: size, onBytes })];
  }

  async #open(input: DataInput, name: string, { signal }: AbortController): Promise<void> {
    const library = await this.#context.library();
    const hub = hubAsking(
      (message) => this.#set({ kind: "ask", message }),
      (done, total) => this.#set({ kind: "loading", name, done, total }),
      () => this.cancel(),
      signal,
    );
    const { boundaries } = this.#context.store.get().settings;
    const dataset = await library.openData(input, { hub, boundaries });
    if (signal.aborted) return dataset[Symbol.dispose]();
    // Of several files the data have a better name than the first of them.
    const isExample = this.#context.store.get().dataChoice?.kind === "example";
    const own = Array.isArray(input) && input.length > 1 && !isExample ? dataset.name : name;
    const opened = await openTrajectory(dataset, own, this.#context.store.get().settings.trajectory);
    if (signal.aborted) return dataset[Symbol.dispose]();
    this.#dataset?.[Symbol.dispose]();
    this.#dataset = dataset;
    this.#set({ kind: "ready", opened });
    this.#onOpened();
  }

  /** Another trajectory of the open data. */
  async setTrajectory(index: number): Promise<void> {
    const { data } = this.#context.store.get();
    if (data.kind !== "ready" || !this.#dataset) return;
    setSettings(this.#context, { trajectory: index, start: 0 });
    const opened = await openTrajectory(this.#dataset, data.opened.name, index);
    this.#set({ kind: "ready", opened });
    this.#onOpened();
  }

  /** Statistics beside the data. */
  statistics() {
    return this.#dataset?.statistics() ?? Promise.resolve(null);
  }

  /** Ends what is under way; what was open before is shown again. */
  cancel(): void {
    this.#abort.abort();
    const { choice, state, own } = this.#before;
    setSettings(this.#context, own);
    this.#context.store.update({ dataChoice: choice, data: state });
  }
}

/** A forecast is judged on what no network was trained on, where the data say what that is. */
const JUDGED = ["test", "valid"];

async function openTrajectory(dataset: Dataset, name: string, index: number): Promise<OpenedData> {
  const split = await dataset.split(JUDGED.find((own) => dataset.splits.includes(own)));
  const trajectory = split.trajectory(Math.min(index, split.trajectories - 1));
  return {
    name,
    dataset: dataset.name,
    split,
    splits: dataset.splits,
    trajectory,
    times: await trajectory.times(),
    warnings: dataset.warnings,
  };
}
