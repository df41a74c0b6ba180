// Networks of a service: each is loaded once, at its first use, and stays until another needs its memory. What a forecast
// will take is known before its weights are read; what can not fit is refused then, what could waits for its turn.
//
// Whoever waits for memory holds none of it, and comes first: later requests wait behind it, so that it does get its turn.

import type { ForecastModel } from "../forecast/forecast_model.ts";
import type { MemoryEstimate } from "../forecast/prepare.ts";
import { quoted } from "../io/quote.ts";
import { didYouMean } from "../data/near_names.ts";
import { untilAborted } from "./signals.ts";
import { MemoryNeeds } from "./memory.ts";
import { Refusal } from "./refusal.ts";
import type { Telemetry } from "./telemetry.ts";

/** A network that is offered. */
export interface ServedModel {
  /** In words, for `GET /v1/models`. */
  readonly description?: string;
  /** Opens it: called at its first use, and again once its memory was needed. What it gives is disposed of here. */
  load(): Promise<ForecastModel>;
}

/** A network that is loaded. */
interface Loaded {
  readonly model: ForecastModel;
  readonly needs: MemoryNeeds;
  /** Requests that use it. */
  users: number;
  /** Number of its last use. */
  used: number;
}

/** A network in use: it stays until this is disposed of. */
export interface ModelUse extends Disposable {
  readonly name: string;
  readonly model: ForecastModel;
  /** Seconds that loading took; 0 where it was there. */
  readonly seconds: number;
  /**
   * Whether a kind of window fits into what is free now; then it is counted.
   *
   * @throws Refusal `memory` where it never fits
   */
  admit(kind: string, need: MemoryEstimate): boolean;
  /** What it computes with is gone: the next request loads it anew. */
  discard(): void;
}

/** Bytes of a number of weights, at most. */
const WEIGHT_BYTES = 4;

function inWords(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function allWeights({ model }: ForecastModel): number {
  let numbers = 0;
  for (const { shape } of model.parameters.values()) {
    numbers += shape.reduce((product, length) => product * length, 1);
  }
  return WEIGHT_BYTES * numbers;
}

/** See the head of the file. */
export class ModelPool implements Disposable {
  readonly #served: Readonly<Record<string, ServedModel>>;
  readonly #memory: number;
  readonly #telemetry: Telemetry;
  readonly #loaded = new Map<string, Loaded>();
  readonly #loading = new Map<string, Promise<Loaded>>();
  /** Resolved when whoever waits for memory has it. */
  #gate: Promise<void> = Promise.resolve();
  /** Told when a network is no longer in use; each by a promise of its own request. */
  readonly #waiting = new Set<() => void>();
  #uses = 0;
  #disposed = false;

  /**
   * @param served by name
   * @param memory bytes of all that are loaded
   * @param telemetry told what is loaded and evicted
   */
  constructor(served: Readonly<Record<string, ServedModel>>, memory: number, telemetry: Telemetry) {
    this.#served = served;
    this.#memory = memory;
    this.#telemetry = telemetry;
  }

  /** All names; the first is the usual one. */
  get names(): string[] {
    return Object.keys(this.#served);
  }

  /** Bytes of those that are loaded. */
  get loaded(): Record<string, number> {
    return Object.fromEntries([...this.#loaded].map(([name, { needs }]) => [name, needs.bytes()]));
  }

  /** One that is loaded, to describe it. */
  peek(name: string): ForecastModel | undefined {
    return this.#loaded.get(name)?.model;
  }

  /**
   * Whether there is one of a name.
   *
   * @param others names of those that are elsewhere
   * @throws Refusal `not_found`
   */
  check(name: string, others: readonly string[] = []): void {
    if (Object.hasOwn(this.#served, name)) return;
    const all = [...this.names, ...others];
    const words = `There is no model ${quoted(name)}${didYouMean(name, all)}; there are ${all.join(", ")}`;
    throw new Refusal("not_found", words);
  }

  /**
   * Loads a network where it is not, and keeps it.
   *
   * @param signal gives up waiting
   * @throws Refusal `not_found`, what loading throws, the signal's reason
   */
  async use(name: string, signal: AbortSignal): Promise<ModelUse> {
    this.check(name);
    const began = performance.now();
    await untilAborted(this.#gate, signal);
    const isThere = this.#loaded.has(name);
    const loaded = await untilAborted(this.#load(name), signal);
    // It may have been evicted while this continuation waited for its turn.
    if (this.#loaded.get(name) !== loaded) return await this.use(name, signal);
    return this.#hold(name, loaded, isThere ? 0 : (performance.now() - began) / 1000);
  }

  #load(name: string): Promise<Loaded> {
    const there = this.#loaded.get(name);
    if (there) return Promise.resolve(there);
    const known = this.#loading.get(name);
    if (known) return known;
    const loading = (async () => {
      const model = await this.#served[name]!.load();
      if (this.#disposed) {
        model[Symbol.dispose]();
        throw new Refusal("draining", "The service ends");
      }
      const loaded = { model, needs: new MemoryNeeds(allWeights(model)), users: 0, used: ++this.#uses };
      this.#loaded.set(name, loaded);
      this.#telemetry.model?.(name, "loaded", loaded.needs.bytes());
      return loaded;
    })();
    this.#loading.set(name, loading);
    // One that failed is tried again by the next request.
    const forget = () => void this.#loading.delete(name);
    loading.then(forget, forget);
    return loading;
  }

  #hold(name: string, loaded: Loaded, seconds: number): ModelUse {
    loaded.users++;
    loaded.used = ++this.#uses;
    let held = true;
    return {
      name,
      model: loaded.model,
      seconds,
      admit: (kind, need) => this.#admit(name, loaded, kind, need),
      discard: () => {
        if (this.#loaded.get(name) !== loaded) return;
        this.#loaded.delete(name);
        if (loaded.users === 0) this.#end(name, loaded);
      },
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        loaded.users--;
        // One that was discarded ends with its last user.
        if (loaded.users === 0 && this.#loaded.get(name) !== loaded) this.#end(name, loaded);
        this.#tellChange();
      },
    };
  }

  #tellChange(): void {
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
  }

  #admit(name: string, loaded: Loaded, kind: string, need: MemoryEstimate): boolean {
    const alone = loaded.needs.bytesAlone(need);
    if (alone > this.#memory) {
      throw new Refusal(
        "memory",
        `The forecast would take ${inWords(alone)} (${inWords(need.weights)} of weights, ${
          inWords(need.working)
        } of intermediate results), "${name}" may take ${inWords(this.#memory)} here`,
      );
    }
    const wanted = loaded.needs.bytes(kind, need);
    if (!this.#evictFor(name, wanted)) return false;
    loaded.needs.add(kind, need);
    return true;
  }

  /** Bytes of all networks but one. */
  #others(name: string): number {
    let bytes = 0;
    for (const [other, { needs }] of this.#loaded) if (other !== name) bytes += needs.bytes();
    return bytes;
  }

  /** Ends networks that nobody uses, the one used longest ago first, until so much is free; false where that is too little. */
  #evictFor(name: string, wanted: number): boolean {
    const idle = [...this.#loaded].filter(([other, { users, needs }]) =>
      other !== name && users === 0 && needs.bytes() > 0
    );
    const evictable = idle.reduce((sum, [, { needs }]) => sum + needs.bytes(), 0);
    // None is ended in vain.
    if (this.#others(name) - evictable + wanted > this.#memory) return false;
    idle.sort(([, a], [, b]) => a.used - b.used);
    for (const [other, loaded] of idle) {
      if (this.#others(name) + wanted <= this.#memory) break;
      this.#evict(other, loaded);
    }
    return true;
  }

  #evict(name: string, loaded: Loaded): void {
    this.#loaded.delete(name);
    this.#end(name, loaded);
  }

  #end(name: string, loaded: Loaded): void {
    this.#telemetry.model?.(name, "evicted", loaded.needs.bytes());
    loaded.model[Symbol.dispose]();
  }

  /**
   * Waits until a kind of window fits that {@link ModelUse.admit} found no room for. The network must not be in use by
   * whoever calls. Others that come later wait meanwhile.
   *
   * @returns the network in use, with the kind counted
   */
  async makeRoom(name: string, kind: string, need: MemoryEstimate, signal: AbortSignal): Promise<ModelUse> {
    const before = this.#gate;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = before.then(() => promise);
    try {
      await untilAborted(before, signal);
      for (;;) {
        const loaded = await untilAborted(this.#load(name), signal);
        if (this.#loaded.get(name) !== loaded) continue;
        if (this.#admit(name, loaded, kind, need)) return this.#hold(name, loaded, 0);
        // Programs of other windows go with the network that they are of.
        const isOwn = loaded.users === 0 && loaded.needs.hasOthers(kind);
        if (isOwn) this.#evict(name, loaded);
        else await untilAborted(new Promise<void>((resolve) => this.#waiting.add(resolve)), signal);
      }
    } finally {
      resolve();
    }
  }

  /** Ends all. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const [name, loaded] of [...this.#loaded]) this.#evict(name, loaded);
  }
}
