// The worker in which answers are written.

import type { Sample } from "walrus";
import { type AnswerOrigin, writeAnswer } from "walrus/serve";

/** What is asked. */
export interface WriteQuestion {
  readonly form: "npz" | "hdf5";
  readonly sample: Sample;
  readonly origin: AnswerOrigin;
}

/** What is answered. */
export type WrittenAnswer = { readonly bytes: Uint8Array } | { readonly error: string };

/** The part of a worker's scope that is used; the library of workers does not go with that of the rest. */
interface WorkerScope {
  addEventListener(event: "message", listener: (event: MessageEvent<WriteQuestion>) => void): void;
  postMessage(answer: WrittenAnswer, transfer: readonly ArrayBufferLike[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.addEventListener("message", async ({ data: { form, sample, origin } }) => {
  try {
    const bytes = await writeAnswer(form, sample, origin);
    scope.postMessage({ bytes }, bytes.buffer.byteLength === bytes.byteLength ? [bytes.buffer] : []);
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.stack ?? "" : String(error) }, []);
  }
});
