// Networks: which can be chosen, what is known of them before their weights are here, and loading them.

import type { Model } from "walrus/models";
import type { SourceInput } from "walrus/io";
import type { ModelState } from "../app_state.ts";
import { fetchWhole, type OnBytes, sizeOf } from "../download.ts";
import type { Network, NetworkFiles } from "../library.ts";
import type { Message } from "../message.ts";
import type { Context } from "../page/context.ts";
import { ownFile } from "../page/facts.ts";
import { ArrivingFile } from "./arriving_file.ts";
import type { ModelFiles } from "../finetune/messages.ts";
import type { FinetuneResult } from "../finetune/finetune_state.ts";
import { type ModelChoice, modelName, type Settings, WEIGHTS, weightsOf } from "./choice.ts";
import { hubAsking } from "./hub.ts";
import { SharedDownload } from "./shared_download.ts";

/** Files beside the weights of the shipped network. */
const LEARNT = "learnt.yaml";
const BESIDE = ["extended_config.yaml", LEARNT];

/** How loading is told. */
export interface LoadEvents {
  readonly signal: AbortSignal;
  /** Bytes over the network, or of a file. */
  onBytes: OnBytes;
  ask(message: Message): void;
  refuse(): void;
}

/** A network that can be run: its weights may still be on their way. */
export interface LoadedNetwork extends Network {
  /** Settled when all of its weights are here, or will not be. */
  readonly whole: Promise<void>;
}

/** A network on a device, and what it was loaded with. */
interface Loaded {
  readonly key: string;
  readonly network: Promise<Network>;
}

/** See the head of the file. */
export class ModelControl {
  readonly #context: Context;
  readonly #described = new Map<string, Promise<Model>>();
  readonly #finetuned = new Map<number, FinetuneResult>();
  /** Numbers of chosen files: they have no name of their own. */
  readonly #files = new Map<readonly File[], number>();
  /** The weights of the shipped network while they are on their way, and whole. */
  #arriving: ArrivingFile | null = null;
  readonly #shipped = new SharedDownload<File>(async (signal, onBytes) => {
    const name = "walrus.safetensors";
    const known = this.bytesOf({ kind: "shipped" });
    const arriving = this.#arriving = known === null ? null : new ArrivingFile(name, known);
    const onPart = (part: Uint8Array) => arriving?.add(part);
    try {
      const file = await fetchWhole(ownFile(WEIGHTS).href, name, { signal, onBytes, onPart, known });
      arriving?.complete(file);
      return file;
    } catch (error) {
      arriving?.fail(error);
      throw error;
    }
  });
  #texts: Promise<Map<string, Blob>> | null = null;
  /** At most two: those that are compared. */
  #loaded: Loaded[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  #keyOf(choice: ModelChoice): string {
    if (choice.kind !== "files") return JSON.stringify(choice);
    const number = this.#files.get(choice.files) ?? this.#files.size;
    this.#files.set(choice.files, number);
    return `files ${number}`;
  }

  /** Bytes that loading takes; null where they are not known before. */
  bytesOf(choice: ModelChoice): number | null {
    if (choice.kind === "shipped") return this.#context.facts.sizes[WEIGHTS] ?? null;
    if (choice.kind === "files") return weightsOf(choice.files)?.size ?? null;
    if (choice.kind === "finetuned") return this.#finetuned.get(choice.id)?.files[0]?.content.size ?? null;
    return null;
  }

  /** Whether its weights are here already. */
  isHere(choice: ModelChoice): boolean {
    return choice.kind === "files" || choice.kind === "finetuned" ||
      this.#loaded.some(({ key }) => key.startsWith(this.#keyOf(choice)));
  }

  /** What the page says of a choice before its weights are here. */
  known(choice: ModelChoice): Omit<ModelState, "model" | "message"> {
    return { name: modelName(choice), bytes: this.bytesOf(choice), here: this.isHere(choice) };
  }

  /** Makes a finetuned network one that can be chosen. */
  add(result: FinetuneResult): ModelChoice {
    this.#finetuned.set(result.id, result);
    return { kind: "finetuned", id: result.id };
  }

  /** A network without its weights; asked once. */
  describe(choice: ModelChoice): Promise<Model> {
    const key = this.#keyOf(choice);
    const found = this.#described.get(key);
    if (found) return found;
    const made = this.#describe(choice);
    this.#described.set(key, made);
    made.catch(() => this.#described.delete(key));
    return made;
  }

  async #describe(choice: ModelChoice): Promise<Model> {
    const library = await this.#context.library();
    if (choice.kind === "shipped") return await library.describeConfig(await this.#shippedTexts());
    if (choice.kind === "hub") {
      // Its files have to be fetched first, which the user is asked for when a forecast begins.
      throw new Error("not known before it is loaded");
    }
    return await library.describeNetwork(this.#place(choice));
  }

  /** Where the files of a choice that needs no fetching are. */
  #place(choice: Exclude<ModelChoice, { kind: "shipped" }>): NetworkFiles {
    if (choice.kind === "link") return { checkpoint: choice.url };
    if (choice.kind === "hub") return { checkpoint: choice.name };
    const files = choice.kind === "files"
      ? choice.files.map((file) => ({ name: file.name, content: file as Blob }))
      : this.#finetuned.get(choice.id)!.files;
    const weights = weightsOf(files) ?? files[0]!;
    const beside = new Map<string, SourceInput>(
      files.filter((file) => file !== weights).map(({ name, content }) => [name, content]),
    );
    return { checkpoint: weights.content, beside };
  }

  /** A network's files as a worker of its own reads them. */
  async parts(choice: ModelChoice): Promise<ModelFiles> {
    const events = { signal: new AbortController().signal, onBytes() {} };
    const place = choice.kind === "shipped"
      ? { checkpoint: await this.#shipped.wait(events), beside: await this.#shippedTexts() }
      : this.#place(choice);
    const config = [...place.beside ?? []].find(([name]) => name !== LEARNT)?.[1] ?? null;
    return { checkpoint: place.checkpoint as Blob | string, config: config as Blob | string | null };
  }

  /** Configuration and what was learnt, of the shipped network. */
  #shippedTexts(): Promise<Map<string, Blob>> {
    const texts = this.#texts ??= fetchTexts();
    texts.catch(() => this.#texts = null);
    return texts;
  }

  /** Begins to load the shipped network, for a forecast that is about to begin. */
  prefetch(settings: Settings): void {
    const nobody = { signal: new AbortController().signal, onBytes() {}, ask() {}, refuse() {} };
    this.load({ kind: "shipped" }, settings, nobody).catch(() => {});
  }

  /** Loads a network; one that is loaded with the same settings stays as it is. */
  async load(choice: ModelChoice, settings: Settings, events: LoadEvents): Promise<LoadedNetwork> {
    const whole = choice.kind === "shipped" ? this.#shipped.wait(events).then(() => {}) : Promise.resolve();
    // Whoever waits for it hears of it.
    whole.catch(() => {});
    return { ...await this.#once(choice, settings, events, whole), whole };
  }

  #once(
    choice: ModelChoice,
    settings: Settings,
    events: LoadEvents,
    whole: Promise<void>,
  ): Promise<Network> {
    const { backend, weights } = settings;
    const key = `${this.#keyOf(choice)} ${backend} ${weights}`;
    const found = this.#loaded.find((own) => own.key === key);
    if (found) return found.network;
    const network = this.#load(choice, settings, events);
    const entry = { key, network };
    this.#loaded.push(entry);
    const drop = () => this.#loaded = this.#loaded.filter((own) => own !== entry);
    network.catch(drop);
    // One whose weights will not come is of no use but to a forecast that has what it needs.
    whole.catch((error) => {
      drop();
      if (isAbort(error)) network.then((own) => own.network[Symbol.dispose](), () => {});
    });
    while (this.#loaded.length > 2) {
      const oldest = this.#loaded.shift()!;
      oldest.network.then((own) => own.network[Symbol.dispose](), () => {});
    }
    return network;
  }

  /** The shipped network's files: they can be read while they come. */
  async #shippedFiles(events: LoadEvents): Promise<NetworkFiles> {
    const coming = this.#shipped.wait(events);
    coming.catch(() => {});
    const beside = await this.#shippedTexts();
    return { checkpoint: this.#arriving?.source() ?? await coming, beside };
  }

  async #load(
    choice: ModelChoice,
    { backend, weights }: Settings,
    events: LoadEvents,
  ): Promise<Network> {
    const library = await this.#context.library();
    const { signal, onBytes, ask, refuse } = events;
    const files = choice.kind === "shipped" ? await this.#shippedFiles(events) : this.#place(choice);
    const total = choice.kind === "link" ? await sizeOf(choice.url, signal) : this.bytesOf(choice);
    signal.throwIfAborted();
    let read = 0;
    const loaded = await library.loadNetwork(files, {
      backend,
      weights,
      hub: hubAsking(ask, onBytes, refuse, signal),
      onBytes: (more) => choice.kind === "link" && onBytes(read += more, total),
    });
    this.#described.set(this.#keyOf(choice), Promise.resolve(loaded.network.model));
    return loaded;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

async function fetchTexts(): Promise<Map<string, Blob>> {
  const signal = new AbortController().signal;
  const files = await Promise.all(
    BESIDE.map((name) => fetchWhole(ownFile(`model/${name}`).href, name, { signal })),
  );
  return new Map(BESIDE.map((name, i) => [name, files[i]!]));
}
