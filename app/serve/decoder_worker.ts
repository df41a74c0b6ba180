// The worker in which windows of requests are decoded: what is wrong in a file harms no other request.

import type { Sample } from "walrus";
import { type Limits, readWindow, type Reason, Refusal, type WindowOptions } from "walrus/serve";

/** What is asked. */
export interface DecodeQuestion {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
  readonly options: WindowOptions;
  readonly limits: Limits;
}

/** A refusal as it is sent. */
export interface SentRefusal {
  readonly reason: Reason;
  readonly message: string;
  readonly retryAfter: number | null;
}

/** What is answered. */
export type DecodeAnswer =
  | { readonly sample: Sample }
  | { readonly refusal: SentRefusal }
  | { readonly error: string };

/** The part of a worker's scope that is used; the library of workers does not go with that of the rest. */
interface WorkerScope {
  addEventListener(event: "message", listener: (event: MessageEvent<DecodeQuestion>) => void): void;
  postMessage(answer: DecodeAnswer, transfer: readonly ArrayBufferLike[]): void;
}

const scope = globalThis as unknown as WorkerScope;

async function answer({ body, mediaType, options, limits }: DecodeQuestion): Promise<DecodeAnswer> {
  try {
    // Whoever asked ends the worker where it takes too long.
    return { sample: await readWindow(body, mediaType, options, limits, new AbortController().signal) };
  } catch (error) {
    if (!(error instanceof Refusal)) {
      return { error: error instanceof Error ? error.stack ?? "" : String(error) };
    }
    const { reason, message, retryAfter } = error;
    return { refusal: { reason, message, retryAfter } };
  }
}

scope.addEventListener("message", async ({ data }) => {
  const answered = await answer(data);
  const values = "sample" in answered ? answered.sample.values : [];
  scope.postMessage(answered, [...new Set(values.map(({ buffer }) => buffer))]);
});
