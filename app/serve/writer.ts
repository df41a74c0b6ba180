// Answers that are made whole, HDF5 and npz, written in a worker one after the other: compressing them takes seconds.

import type { WriteAnswer } from "walrus/serve";
import { SerialWorker } from "./serial_worker.ts";
import type { WriteQuestion, WrittenAnswer } from "./writer_worker.ts";

/** Bytes of answers after which a worker is replaced. */
const WORN = 512 << 20;

/** Writes answers. */
export class Writer implements Disposable {
  readonly #worker = new SerialWorker<WriteQuestion, WrittenAnswer>(
    new URL("./writer_worker.ts", import.meta.url),
    WORN,
    "writes",
  );

  /** Writes an answer when those before it are written. @throws the signal's reason */
  readonly write: WriteAnswer = async (form, sample, origin, signal) => {
    const bytes = sample.values.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const answer = await this.#worker.ask({ form, sample, origin }, { signal, bytes });
    if ("bytes" in answer) return answer.bytes;
    throw new Error(answer.error);
  };

  [Symbol.dispose](): void {
    this.#worker[Symbol.dispose]();
  }
}
