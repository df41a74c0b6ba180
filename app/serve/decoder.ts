// Bodies of requests, decoded in a worker one after the other. A worker that takes too long, or ends, is replaced: what
// one request holds costs others no more than the time of a start.

import { type ForecastRequest, type ReadForecast, readForecast, Refusal } from "walrus/serve";
import type { DecodeAnswer, DecodeQuestion } from "./decoder_worker.ts";

/** Bytes of bodies after which a worker is replaced: memory of WebAssembly grows and never shrinks. */
const WORN = 256 << 20;

/** Bytes of JSON that are read on the thread that answers. */
const SHORT = 4096;

/** A promise that rejects when a signal fires, and what takes the listener away. */
function aborted(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const fire = () => reject(signal.reason);
  if (signal.aborted) fire();
  else signal.addEventListener("abort", fire, { once: true });
  return { promise, stop: () => signal.removeEventListener("abort", fire) };
}

/** Decodes bodies. */
export class Decoder implements Disposable {
  readonly #script: URL;
  readonly #onFault: (error: unknown) => void;
  #worker: Worker | null = null;
  #bytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param onFault told of errors that are no request's
   * @param script of the worker
   */
  constructor(
    onFault: (error: unknown) => void = () => {},
    script: URL = new URL("./decoder_worker.ts", import.meta.url),
  ) {
    this.#onFault = onFault;
    this.#script = script;
  }

  /** Decodes a body, which it takes, when those before it are decoded. @throws Refusal, or the signal's reason */
  readonly read: ReadForecast = async (body, mediaType, query, limits, signal) => {
    // What names a data set is short, and waits for nobody's file.
    if (body.length <= SHORT && /^application\/json\b/i.test(mediaType)) {
      return await readForecast(body, mediaType, new URLSearchParams(query), limits, signal);
    }
    const before = this.#last;
    const { promise: turn, resolve: done } = Promise.withResolvers<void>();
    this.#last = before.then(() => turn);
    const ending = aborted(signal);
    try {
      await Promise.race([before, ending.promise]);
      return await this.#decode({
        body: body as Uint8Array<ArrayBuffer>,
        mediaType,
        query,
        limits,
      }, ending.promise);
    } finally {
      ending.stop();
      done();
    }
  };

  async #decode(question: DecodeQuestion, ended: Promise<never>): Promise<ForecastRequest> {
    const worker = this.#worker ??= new Worker(this.#script, { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<DecodeAnswer>();
    worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`The worker that decodes ended: ${event.message}`));
    };
    this.#bytes += question.body.byteLength;
    let answer: DecodeAnswer;
    try {
      const { buffer, byteLength } = question.body;
      worker.postMessage(question, buffer.byteLength === byteLength ? [buffer] : []);
      answer = await Promise.race([promise, ended]);
    } catch (error) {
      const given = await Promise.race([ended, Promise.resolve(null)]).catch((reason) => ({ reason }));
      this.#end();
      if (given) throw given.reason;
      this.#onFault(error);
      throw new Refusal("malformed", "The body could not be decoded");
    }
    if (this.#bytes > WORN) this.#end();
    if ("request" in answer) return answer.request;
    if ("refusal" in answer) {
      const { reason, message, retryAfter } = answer.refusal;
      throw new Refusal(reason, message, retryAfter);
    }
    throw new Error(answer.error);
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#bytes = 0;
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}
