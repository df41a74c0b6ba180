// The side that asks: calls and streams over a worker's messages.

import { DisposedError } from "../compile/device.ts";
import type { StartedWorker } from "./endpoint.ts";
import { receivedError, sentError } from "./errors.ts";
import { type Answer, isPlain, type Question, REFERENCE, type Reference } from "./messages.ts";

/** A call that is not answered yet. */
interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What a call's arguments left here. */
interface Left {
  readonly functions: number[];
  readonly signals: (() => void)[];
}

/** Calls methods of a worker. */
export class Client implements Disposable {
  readonly #worker: StartedWorker;
  readonly #pending = new Map<number, Pending>();
  readonly #functions = new Map<number, (...args: unknown[]) => unknown>();
  #numbers = 0;
  #failure: Error | null = null;

  /** @param worker of its own from now on */
  constructor(worker: StartedWorker) {
    this.#worker = worker;
    worker.onMessage((message) => this.#receive(message as Answer));
    worker.onFailure((error) => this.#end(error));
  }

  /**
   * Calls a method.
   *
   * @param method its name
   * @param args plain data, Blobs, URLs; functions and signals in records and lists
   * @param keep whether functions among the arguments are called after the answer, too
   * @returns what it gives, or rejects with what it throws; with a signal's reason as soon as it fires
   */
  async call<T>(method: string, args: readonly unknown[], keep = false): Promise<T> {
    const number = ++this.#numbers;
    const left: Left = { functions: [], signals: [] };
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(number, { resolve, reject });
        const sent = this.#leave(args, left, reject) as unknown[];
        this.#ask({ call: number, method, args: sent, stream: false });
      }) as T;
    } finally {
      this.#settle(number, left, keep);
    }
  }

  /**
   * Calls a method that gives items one after the other. Each is asked for when it is wanted.
   *
   * @param method its name
   * @param args as for {@link Client.call}
   */
  async *stream<T>(method: string, args: readonly unknown[]): AsyncGenerator<T, void, void> {
    const number = ++this.#numbers;
    const left: Left = { functions: [], signals: [] };
    let reason: { readonly error: unknown } | null = null;
    let isOver = false;
    const fail = (error: unknown) => {
      reason = { error };
      this.#pending.get(number)?.reject(error);
    };
    const wait = (ask: Question) =>
      new Promise<{ readonly item: T } | null>((resolve, reject) => {
        this.#pending.set(number, { resolve: resolve as (value: unknown) => void, reject });
        if (reason) reject(reason.error);
        else this.#ask(ask);
      });
    try {
      const sent = this.#leave(args, left, fail) as unknown[];
      for (let ask: Question = { call: number, method, args: sent, stream: true };; ask = { next: number }) {
        const answer = await wait(ask).catch((error) => {
          isOver = reason === null;
          throw error;
        });
        isOver = answer === null;
        if (answer === null) return;
        yield answer.item;
      }
    } finally {
      if (!isOver && !this.#failure) this.#worker.post({ leave: number } satisfies Question);
      this.#settle(number, left, false);
    }
  }

  /** @throws TypeError for arguments that can not be sent */
  #ask(question: Question): void {
    if (this.#failure) throw this.#failure;
    try {
      this.#worker.post(question);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "DataCloneError")) throw error;
      const what = "method" in question ? question.method : "more";
      throw new TypeError(
        `Cannot ask the worker for ${what}: ${error.message}; wanted plain data, Blobs, bytes, paths or URLs`,
      );
    }
  }

  #settle(number: number, { functions, signals }: Left, keep: boolean): void {
    this.#pending.delete(number);
    for (const stop of signals) stop();
    if (!keep) { for (const of of functions) this.#functions.delete(of); }
  }

  /** Arguments as they are sent: what can not be stays here. */
  #leave(value: unknown, left: Left, aborted: (reason: unknown) => void, owner?: unknown): unknown {
    if (typeof value === "function") {
      const of = ++this.#numbers;
      this.#functions.set(of, (...args) => value.apply(owner, args));
      left.functions.push(of);
      return { kind: "function", of, [REFERENCE]: true } satisfies Reference;
    }
    if (value instanceof URL) return { kind: "url", of: value.href, [REFERENCE]: true } satisfies Reference;
    if (value instanceof AbortSignal) {
      value.throwIfAborted();
      const of = ++this.#numbers;
      const tell = () => {
        if (!this.#failure) {
          this.#worker.post({ abort: of, reason: sentError(value.reason) } satisfies Question);
        }
        aborted(value.reason);
      };
      value.addEventListener("abort", tell);
      left.signals.push(() => value.removeEventListener("abort", tell));
      return { kind: "signal", of, [REFERENCE]: true } satisfies Reference;
    }
    if (!isPlain(value)) return value;
    if (Array.isArray(value)) return value.map((member) => this.#leave(member, left, aborted));
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, this.#leave(member, left, aborted, value)]),
    );
  }

  #receive(answer: Answer): void {
    if ("invoke" in answer) return void this.#invoke(answer);
    const pending = this.#pending.get(answer.call);
    if (!pending) return;
    if ("error" in answer) pending.reject(receivedError(answer.error));
    else pending.resolve("item" in answer ? { item: answer.item } : answer.value ?? null);
  }

  async #invoke({ invoke, reply, args }: Extract<Answer, { invoke: number }>): Promise<void> {
    const answer = await (async (): Promise<Question> => {
      try {
        return { reply, value: await this.#functions.get(invoke)?.(...args) };
      } catch (error) {
        return { reply, error: sentError(error) };
      }
    })();
    if (!this.#failure) this.#worker.post(answer);
  }

  #end(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    for (const { reject } of [...this.#pending.values()]) reject(error);
    this.#worker.terminate();
  }

  /** Ends the worker; what waits for it rejects. */
  [Symbol.dispose](): void {
    this.#end(new DisposedError("Cannot ask the worker: it is disposed of"));
  }
}
