// From frames to the body of a response, in the form that was asked for.

import { frameSize } from "../../data/components.ts";
import type { Sample, SampleInfo } from "../../data/dataset.ts";
import type { Frame } from "../../forecast/frame.ts";
import type { Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { joined, select, type Selection } from "./collect.ts";
import { type AnswerFormat, formatNamed } from "./format.ts";
import type { NumberForm } from "./numbers.ts";
import { paced } from "./pieces.ts";
import { eventWriter, frameWriter, streamOf } from "./stream.ts";
import { checkHdf5, type Origin, toJson, writeAnswer } from "./whole.ts";

/** What an answer says of itself, and what it may take. */
export interface AnswerOptions extends Origin {
  /** Frames that were asked for. */
  readonly steps: number;
  /** Names of the fields that are wanted; all unless given. */
  readonly outputs?: readonly string[];
  /** How JSON has numbers. */
  readonly numbers?: NumberForm;
  readonly limits: Limits;
  /** Writes what is answered whole; on this thread unless given. */
  readonly write?: (form: "npz" | "hdf5", sample: Sample, origin: Origin) => Promise<Uint8Array>;
  /** What a client is told of an error in the midst of a stream; its reason and words unless given. */
  readonly problemOf?: (error: unknown) => unknown;
}

/** A body and its media type. */
export interface Answer {
  readonly type: string;
  readonly body: Uint8Array | ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** An answer that can be given. */
export interface CheckedAnswer {
  readonly selection: Selection;
  /** Bytes that are held until it is sent, about; 0 where frames are sent as they come. */
  readonly bytes: number;
}

/** Letters that a number takes in JSON, about; bytes that it takes elsewhere. */
const LETTERS = 10;
const BYTES = 4;

/**
 * Refuses an answer that can not be given: of fields that there are not, or too large to be held. To be asked before
 * anything is computed.
 *
 * @param format of the answer
 * @param info of its frames
 * @param options what is wanted
 * @throws Refusal that says what would do
 */
export function checkAnswer(format: AnswerFormat, info: SampleInfo, options: AnswerOptions): CheckedAnswer {
  const { steps, outputs, limits, numbers } = options;
  const selection = select(info, outputs);
  const { fields } = selection.info;
  if (!fields.some(({ constant }) => !constant)) {
    throw new Refusal("malformed", `outputs names ${outputs?.join(", ")}, wanted one that varies in time`);
  }
  const frame = fields.reduce((n, field) => n + (field.constant ? 0 : frameSize(info, field)), 0);
  const width = format.name === "json" && numbers !== "base64" ? LETTERS : BYTES;
  const bytes = steps * frame * width;
  if (!format.streams && bytes > limits.answer) {
    throw new Refusal(
      "too_large",
      `${steps} frames would be an answer of ${bytes} bytes, this service holds at most ${limits.answer}; ` +
        `wanted fewer, or ${formatNamed("frames")!.type}, which is sent as it is computed`,
    );
  }
  return { selection, bytes: format.streams ? 0 : bytes };
}

/** What a client is told of an error, where nothing else says it. */
function problem(error: unknown): object {
  return error instanceof Refusal
    ? { status: error.status, reason: error.reason, detail: error.message }
    : { status: 500, reason: "failed", detail: "The forecast failed" };
}

/**
 * The answer to a request.
 *
 * @param format that it accepts
 * @param start the window
 * @param frames of the forecast; ended when the reader of a stream leaves
 * @param options what is wanted, what it may take
 * @returns once the first frame of a stream is there, so that what refuses it is an error here
 * @throws Refusal for an answer that can not be given; what the frames throw
 */
export async function answerOf(
  format: AnswerFormat,
  start: Sample,
  frames: AsyncIterable<Frame>,
  options: AnswerOptions,
): Promise<Answer> {
  const { selection } = checkAnswer(format, start.info, options);
  const { type, name } = format;
  // Where it can not be written, nothing is computed.
  if (name === "hdf5") await checkHdf5(start.info);
  const iterator = frames[Symbol.asyncIterator]() as AsyncIterator<Frame, unknown, void>;
  if (format.streams) {
    const first = await iterator.next();
    if (first.done) throw new Refusal("failed", "The forecast has no frames");
    const writer = name === "sse"
      ? eventWriter(selection, options, options.numbers)
      : frameWriter(selection, options);
    return { type, body: streamOf(writer, first.value, iterator, options.problemOf ?? problem) };
  }
  const all: Frame[] = [];
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) all.push(next.value);
  if (all.length === 0) throw new Refusal("failed", "The forecast has no frames");
  const sample = joined(selection, all);
  if (name === "json") return { type, body: paced(toJson(sample, options, options.numbers)) };
  const { model, seed, members, write = writeAnswer } = options;
  const origin = { model, seed, ...(members === undefined ? {} : { members }) };
  return { type, body: await write(name === "npz" ? "npz" : "hdf5", sample, origin) };
}
