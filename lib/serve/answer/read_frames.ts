// A client's reader of the binary stream of frames.

import { frameSize } from "../../data/components.ts";
import type { SampleField, SampleInfo } from "../../data/dataset.ts";
import { hiddenCells } from "../../data/masks.ts";
import type { Frame } from "../../forecast/frame.ts";
import { readRecords, type StreamRecord } from "./records.ts";

/** Largest record that is believed: a frame of 256 million numbers. */
const LARGEST_RECORD = 2 ** 30;

/** What the first record says. */
interface Start {
  readonly window: {
    readonly name: string;
    readonly grid: {
      readonly axes: readonly string[];
      readonly system: string;
      readonly coordinates: Readonly<Record<string, readonly number[]>>;
    };
    readonly boundaries: Readonly<Record<string, SampleInfo["boundaries"][number]>>;
    readonly scalars: Readonly<Record<string, number>>;
    readonly fields: readonly (SampleField & { readonly shape: readonly number[] })[];
  };
}

function infoOf({ window }: Start): SampleInfo {
  const { name, grid, boundaries, scalars, fields } = window;
  const { axes, system, coordinates } = grid;
  const shape = fields[0]!.shape.slice(0, axes.length);
  return {
    dataset: name,
    grid: {
      axes,
      system,
      shape,
      coordinates: Object.values(coordinates).map((list) => Float64Array.from(list)),
    },
    boundaries: axes.map((axis) => boundaries[axis]!),
    scalars,
    fields: fields.map(({ name, order, constant, mask }) => ({
      name,
      order,
      constant,
      ...mask ? { mask } : {},
    })),
    masked: fields.some(({ mask }) => mask),
  };
}

/** Cuts the numbers of a record into those of its fields. */
function cut(info: SampleInfo, fields: readonly SampleField[], { numbers }: StreamRecord): Float32Array[] {
  let at = 0;
  const parts = fields.map((field) => numbers.subarray(at, at += frameSize(info, field)));
  if (at !== numbers.length) {
    throw new SyntaxError(`Cannot read the frames: a record has ${numbers.length} numbers, wanted ${at}`);
  }
  return parts;
}

/** An error that the service sent. */
function told(problem: unknown): Error {
  const { detail, reason } = (problem ?? {}) as { readonly detail?: unknown; readonly reason?: unknown };
  return new Error(`The forecast ended: ${detail ?? reason ?? "the service gave no reason"}`, {
    cause: problem,
  });
}

/** Parts of a body; not every engine iterates over a stream. Who leaves cancels it. */
async function* partsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What a refused request was answered. */
async function refused(response: Response): Promise<Error> {
  const text = await response.text();
  let problem: unknown = text;
  try {
    problem = JSON.parse(text);
  } catch {
    // Not of the service, perhaps of what stands before it.
  }
  const { detail } = (problem ?? {}) as { readonly detail?: unknown };
  const words = typeof detail === "string" ? detail : text.slice(0, 200);
  return new Error(`The service answered ${response.status}: ${words}`, { cause: problem });
}

/**
 * Frames of a response as they come. Leaving the loop ends the forecast.
 *
 * @param response of `POST /v1/forecast` with `accept: application/x-walrus-frames`
 * @returns frames as of a rollout
 * @throws Error with the service's words, whose `cause` is what it told; SyntaxError for a stream that ends before it is
 *   complete
 *
 * @example
 * ```ts ignore
 * const response = await fetch("https://example.org/v1/forecast?steps=20", {
 *   method: "POST",
 *   body: await Deno.readFile("start.npz"),
 *   headers: { accept: "application/x-walrus-frames", "content-type": "application/x-npz" },
 * });
 * for await (const { step, time, values } of readFrames(response)) console.log(step, time, values[0]!.length);
 * ```
 */
export async function* readFrames(response: Response): AsyncGenerator<Frame, void, void> {
  if (!response.ok) throw await refused(response);
  if (!response.body) throw new SyntaxError("Cannot read the frames: the response has no body");
  let info: SampleInfo | null = null;
  let constants: Float32Array[] = [];
  let hidden: Uint8Array | null = null;
  for await (const record of readRecords(partsOf(response.body), LARGEST_RECORD)) {
    const { header } = record;
    if ("error" in header) throw told(header.error);
    if ("end" in header) return;
    if (info === null) {
      if (!("info" in header)) throw new SyntaxError("Cannot read the frames: they do not begin with info");
      info = infoOf(header.info as Start);
      const fixed = info.fields.filter(({ constant }) => constant);
      constants = cut(info, fixed, record);
      hidden = hiddenCells(fixed, constants);
      continue;
    }
    const values = cut(info, info.fields.filter(({ constant }) => !constant), record);
    const [step, time] = [Number(header.step), Number(header.time)];
    yield { info, step, time, times: Float64Array.of(time), values: [...values, ...constants], hidden };
  }
  throw new SyntaxError("Cannot read the frames: the stream ended before its end record, it was cut off");
}
