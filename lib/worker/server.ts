// The side that answers: calls methods as messages ask for them.

import type { Endpoint } from "./endpoint.ts";
import { receivedError, sentError } from "./errors.ts";
import { type Answer, isPlain, isReference, type Question, type Reference } from "./messages.ts";

/** What can be called; a stream is an async generator. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

type Reply = Exclude<Question, { call: number } | { next: number } | { leave: number } | { abort: number }>;

/** Items that are asked for one by one, and the signals that may end them. */
interface Stream {
  readonly items: AsyncGenerator;
  readonly signals: readonly number[];
}

/** Answers until the worker ends. */
class Server {
  readonly #endpoint: Endpoint;
  readonly #methods: Methods;
  readonly #streams = new Map<number, Stream>();
  readonly #signals = new Map<number, AbortController>();
  readonly #replies = new Map<number, (reply: Reply) => void>();
  #numbers = 0;

  constructor(endpoint: Endpoint, methods: Methods) {
    this.#endpoint = endpoint;
    this.#methods = methods;
    endpoint.onMessage((message) => this.#receive(message as Question));
  }

  #post(answer: Answer): void {
    this.#endpoint.post(answer);
  }

  #receive(question: Question): void {
    if ("method" in question) void this.#call(question);
    else if ("next" in question) void this.#next(question.next);
    else if ("leave" in question) void this.#leave(question.leave);
    else if ("abort" in question) {
      this.#signals.get(question.abort)?.abort(receivedError(question.reason));
      this.#signals.delete(question.abort);
    } else {
      this.#replies.get(question.reply)?.(question);
      this.#replies.delete(question.reply);
    }
  }

  async #call({ call, method, args, stream }: Extract<Question, { method: string }>): Promise<void> {
    const signals: number[] = [];
    try {
      const found = this.#methods[method];
      if (!found) throw new RangeError(`The worker has no method "${method}"`);
      const given = this.#take(args, signals) as never[];
      if (stream) {
        this.#streams.set(call, { items: found(...given) as AsyncGenerator, signals });
        return await this.#next(call);
      }
      const value = await found(...given);
      this.#post({ call, value });
    } catch (error) {
      this.#post({ call, error: sentError(error) });
    } finally {
      if (!stream) this.#forget(signals);
    }
  }

  #forget(signals: readonly number[]): void {
    for (const of of signals) this.#signals.delete(of);
  }

  /** The stream of a call, which has ended. */
  #end(call: number): AsyncGenerator | undefined {
    const stream = this.#streams.get(call);
    this.#streams.delete(call);
    this.#forget(stream?.signals ?? []);
    return stream?.items;
  }

  async #next(call: number): Promise<void> {
    try {
      const result = await this.#streams.get(call)?.items.next();
      if (!result) return;
      if (!result.done) return this.#post({ call, item: result.value });
      this.#end(call);
      this.#post({ call, value: undefined });
    } catch (error) {
      this.#end(call);
      this.#post({ call, error: sentError(error) });
    }
  }

  async #leave(call: number): Promise<void> {
    // Whoever left does not hear of it.
    await this.#end(call)?.return(undefined).catch(() => {});
  }

  /** Arguments as they were before they were sent. */
  #take(value: unknown, signals: number[]): unknown {
    if (!isPlain(value)) return value;
    if (Array.isArray(value)) return value.map((member) => this.#take(member, signals));
    if (!isReference(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [key, this.#take(member, signals)]),
      );
    }
    return this.#referred(value, signals);
  }

  #referred({ kind, of }: Reference, signals: number[]): unknown {
    if (kind === "url") return new URL(of as string);
    if (kind === "function") return (...args: unknown[]) => this.#invoke(of as number, args);
    const controller = new AbortController();
    this.#signals.set(of as number, controller);
    signals.push(of as number);
    return controller.signal;
  }

  #invoke(invoke: number, args: readonly unknown[]): Promise<unknown> {
    const reply = ++this.#numbers;
    const result = new Promise<unknown>((resolve, reject) => {
      this.#replies.set(
        reply,
        (given) => "error" in given ? reject(receivedError(given.error)) : resolve(given.value),
      );
      this.#post({ invoke, reply, args });
    });
    // A listener that fails harms nobody who does not wait for it.
    result.catch(() => {});
    return result;
  }
}

/** Answers messages of an endpoint by methods. */
export function serve(endpoint: Endpoint, methods: Methods): void {
  new Server(endpoint, methods);
}
