// Answers that are sent frame by frame. A frame is computed when the reader has taken the one before it: whoever reads
// slowly is computed for slowly, and whoever leaves ends the forecast.

import type { Sample } from "../../data/dataset.ts";
import type { Frame } from "../../forecast/frame.ts";
import type { Selection } from "./collect.ts";
import { describeWindow, shapeOf } from "./describe.ts";
import { type NumberForm, numbersJson } from "./numbers.ts";
import { recordOf } from "./records.ts";
import type { Origin } from "./whole.ts";

/** How the parts of a stream are written. */
export interface StreamWriter {
  start(first: Frame): Uint8Array;
  frame(frame: Frame): Uint8Array;
  end(frames: number): Uint8Array;
  /** What is sent in place of the end; the frames before it hold. */
  error(problem: unknown): Uint8Array;
}

/** What is known before the first frame: what made it, the grid, the fields in their order. */
function startOf({ info }: Selection, origin: Origin & { readonly steps: number }): object {
  const { time: _, ...window } = describeWindow({ info, times: new Float64Array(0) });
  const fields = info.fields.map((field) => ({
    name: field.name,
    order: field.order,
    constant: field.constant,
    ...field.mask ? { mask: field.mask } : {},
    shape: shapeOf(info, { ...field, constant: true }, 1),
  }));
  const { model, seed, steps } = origin;
  return { model, steps, seed, window: { ...window, fields } };
}

/** Numbers of the constant fields, and of the others. */
function parts({ info, values }: Selection, sample: Pick<Sample, "values">) {
  const all = values(sample);
  const of = (constant: boolean) =>
    info.fields.flatMap((field, i) =>
      field.constant === constant ? [{ name: field.name, numbers: all[i]! }] : []
    );
  return { constant: of(true), varying: of(false) };
}

/** Binary records. */
export function frameWriter(selection: Selection, origin: Origin & { readonly steps: number }): StreamWriter {
  const numbers = (list: readonly { readonly numbers: Float32Array }[]) => list.map((entry) => entry.numbers);
  return {
    start: (first) =>
      recordOf({ info: startOf(selection, origin) }, numbers(parts(selection, first).constant)),
    frame: (frame) =>
      recordOf({ step: frame.step, time: frame.time }, numbers(parts(selection, frame).varying)),
    end: (frames) => recordOf({ end: { frames } }),
    error: (problem) => recordOf({ error: problem }),
  };
}

/** Server-sent events. */
export function eventWriter(
  selection: Selection,
  origin: Origin & { readonly steps: number },
  form?: NumberForm,
): StreamWriter {
  const encoder = new TextEncoder();
  const event = (name: string, data: string) => encoder.encode(`event: ${name}\ndata: ${data}\n\n`);
  const values = (list: readonly { readonly name: string; readonly numbers: Float32Array }[]) =>
    `{${list.map(({ name, numbers }) => `${JSON.stringify(name)}:${numbersJson(numbers, form)}`).join(",")}}`;
  return {
    start(first) {
      const info = JSON.stringify(startOf(selection, origin)).slice(0, -1);
      return event("start", `${info},"constant":${values(parts(selection, first).constant)}}`);
    },
    frame: (frame) =>
      event(
        "frame",
        `{"step":${frame.step},"time":${frame.time},"values":${values(parts(selection, frame).varying)}}`,
      ),
    end: (frames) => event("end", JSON.stringify({ frames })),
    error: (problem) => event("error", JSON.stringify(problem)),
  };
}

/**
 * The parts of an answer as a stream of bytes.
 *
 * @param writer of its parts
 * @param first the first frame, which is there
 * @param rest those after it; ended when the reader leaves
 * @param problemOf what is said of an error
 */
export function streamOf(
  writer: StreamWriter,
  first: Frame,
  rest: AsyncIterator<Frame, unknown, void>,
  problemOf: (error: unknown) => unknown,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let frames = 0;
  let next: Frame | null = first;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const send = (bytes: Uint8Array) => controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      try {
        if (next === null) {
          const result = await rest.next();
          if (result.done) {
            send(writer.end(frames));
            return controller.close();
          }
          next = result.value;
        }
        if (frames === 0) send(writer.start(next));
        send(writer.frame(next));
        frames++;
        next = null;
      } catch (error) {
        send(writer.error(problemOf(error)));
        controller.close();
      }
    },
    async cancel() {
      await rest.return?.();
    },
    // Nothing is computed before it is asked for.
  }, { highWaterMark: 0 });
}
