// Bodies of requests, decoded in a worker one after the other.

import { type ForecastRequest, type ReadForecast, readForecast, Refusal } from "walrus/serve";
import type { DecodeAnswer, DecodeQuestion } from "./decoder_worker.ts";
import { SerialWorker, WorkerEnded } from "./serial_worker.ts";

/** Bytes of bodies after which a worker is replaced. */
const WORN = 256 << 20;

/** Bytes of JSON that are read on the thread that answers. */
const SHORT = 4096;

/** Decodes bodies. */
export class Decoder implements Disposable {
  readonly #worker: SerialWorker<DecodeQuestion, DecodeAnswer>;
  readonly #onFault: (error: unknown) => void;

  /**
   * @param onFault told of errors that are no request's
   * @param script of the worker
   */
  constructor(
    onFault: (error: unknown) => void = () => {},
    script: URL = new URL("./decoder_worker.ts", import.meta.url),
  ) {
    this.#onFault = onFault;
    this.#worker = new SerialWorker(script, WORN, "decodes");
  }

  /** Decodes a body, which it takes, when those before it are decoded. @throws Refusal, or the signal's reason */
  readonly read: ReadForecast = async (body, mediaType, query, limits, signal) => {
    // What names a data set is short, and waits for nobody's file.
    if (body.length <= SHORT && /^application\/json\b/i.test(mediaType)) {
      return await readForecast(body, mediaType, new URLSearchParams(query), limits, signal);
    }
    const question = { body: body as Uint8Array<ArrayBuffer>, mediaType, query, limits };
    const { buffer, byteLength } = question.body;
    const transfer = buffer.byteLength === byteLength ? [buffer] : [];
    try {
      return this.#requestOf(await this.#worker.ask(question, { signal, transfer, bytes: byteLength }));
    } catch (error) {
      if (!(error instanceof WorkerEnded)) throw error;
      this.#onFault(error);
      throw new Refusal("malformed", "The body could not be decoded");
    }
  };

  #requestOf(answer: DecodeAnswer): ForecastRequest {
    if ("request" in answer) return answer.request;
    if ("refusal" in answer) {
      const { reason, message, retryAfter } = answer.refusal;
      throw new Refusal(reason, message, retryAfter);
    }
    throw new Error(answer.error);
  }

  [Symbol.dispose](): void {
    this.#worker[Symbol.dispose]();
  }
}
