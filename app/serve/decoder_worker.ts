// The worker in which bodies of requests are decoded: what is wrong in a file harms no other request.

import { type ForecastRequest, type Limits, readForecast, type Reason, Refusal } from "walrus/serve";

/** What is asked. */
export interface DecodeQuestion {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
  readonly query: string;
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
  | { readonly request: ForecastRequest }
  | { readonly refusal: SentRefusal }
  | { readonly error: string };

/** The part of a worker's scope that is used; the library of workers does not go with that of the rest. */
interface WorkerScope {
  addEventListener(event: "message", listener: (event: MessageEvent<DecodeQuestion>) => void): void;
  postMessage(answer: DecodeAnswer, transfer: readonly ArrayBufferLike[]): void;
}

const scope = globalThis as unknown as WorkerScope;

async function answer({ body, mediaType, query, limits }: DecodeQuestion): Promise<DecodeAnswer> {
  try {
    // Whoever asked ends the worker where it takes too long.
    return { request: await readForecast(body, mediaType, new URLSearchParams(query), limits) };
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
  const values = "request" in answered ? answered.request.start?.values ?? [] : [];
  scope.postMessage(answered, [...new Set(values.map(({ buffer }) => buffer))]);
});
