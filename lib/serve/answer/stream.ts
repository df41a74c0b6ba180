// Answers that are sent frame by frame. A frame is computed when the reader has taken the one before it: whoever reads
// slowly is computed for slowly, and whoever leaves ends the forecast.

import type { Sample } from "../../data/dataset.ts";
import type { Frame } from "../../forecast/frame.ts";
import type { Selection } from "./collect.ts";
import { describeWindow, shapeOf } from "./describe.ts";
import { type NumberForm, numbersJson } from "./numbers.ts";
import { encoded, Pace } from "./pieces.ts";
import { recordOf } from "./records.ts";
import { type Origin, originEntries } from "./whole.ts";

/** How the parts of a stream are written. */
export interface StreamWriter {
  start(first: Frame): Iterable<Uint8Array>;
  frame(frame: Frame): Iterable<Uint8Array>;
  end(frames: number): Iterable<Uint8Array>;
  /** What is sent in place of the end; the frames before it hold. */
  error(problem: unknown): Iterable<Uint8Array>;
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
  return {
    model: origin.model,
    steps: origin.steps,
    ...originEntries(origin),
    window: { ...window, fields },
  };
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
    start: (first) => [
      recordOf({ info: startOf(selection, origin) }, numbers(parts(selection, first).constant)),
    ],
    frame: (frame) => [
      recordOf({ step: frame.step, time: frame.time }, numbers(parts(selection, frame).varying)),
    ],
    end: (frames) => [recordOf({ end: { frames } })],
    error: (problem) => [recordOf({ error: problem })],
  };
}

/** Server-sent events. */
export function eventWriter(
  selection: Selection,
  origin: Origin & { readonly steps: number },
  form?: NumberForm,
): StreamWriter {
  const event = (name: string, data: Iterable<string>) =>
    encoded((function* () {
      yield `event: ${name}\ndata: `;
      yield* data;
      yield "\n\n";
    })());
  const values = function* (list: readonly { readonly name: string; readonly numbers: Float32Array }[]) {
    yield "{";
    for (const [i, { name, numbers }] of list.entries()) {
      yield `${i > 0 ? "," : ""}${JSON.stringify(name)}:`;
      yield* numbersJson(numbers, form);
    }
    yield "}";
  };
  const withValues = function* (
    record: object,
    key: string,
    list: readonly { readonly name: string; readonly numbers: Float32Array }[],
  ) {
    yield `${JSON.stringify(record).slice(0, -1)},${JSON.stringify(key)}:`;
    yield* values(list);
    yield "}";
  };
  return {
    start: (first) =>
      event("start", withValues(startOf(selection, origin), "constant", parts(selection, first).constant)),
    frame: (frame) =>
      event(
        "frame",
        withValues({ step: frame.step, time: frame.time }, "values", parts(selection, frame).varying),
      ),
    end: (frames) => event("end", [JSON.stringify({ frames })]),
    error: (problem) => event("error", [JSON.stringify(problem)]),
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
  const pace = new Pace();
  const chunks = chunksOf(writer, first, rest, problemOf);
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await pace.rest();
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await rest.return?.();
    },
    // Nothing is computed before it is asked for.
  }, { highWaterMark: 0 });
}

/** Chunks of an answer; a frame is computed when those of the one before it were taken. */
async function* chunksOf(
  writer: StreamWriter,
  first: Frame,
  rest: AsyncIterator<Frame, unknown, void>,
  problemOf: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, void> {
  yield* writer.start(first);
  try {
    let frames = 0;
    for (let next: IteratorResult<Frame, unknown> = { value: first }; !next.done; next = await rest.next()) {
      yield* writer.frame(next.value);
      frames++;
    }
    yield* writer.end(frames);
  } catch (error) {
    yield* writer.error(problemOf(error));
  }
}
