// Answers that are sent when all frames are there: JSON, npz, HDF5. JSON and npz have the form of windows, HDF5 is The
// Well's, so each can be sent again to go on from it.

import type { Sample, SampleInfo } from "../../data/dataset.ts";
import { type WritableArray, writeNpz } from "../../io/npy_writer.ts";
import { Refusal } from "../refusal.ts";
import { describeWindow, shapeOf } from "./describe.ts";
import { type NumberForm, numbersJson } from "./numbers.ts";
import { encoded } from "./pieces.ts";

/** What made an answer. */
export interface Origin {
  /** Name of the network. */
  readonly model: string;
  /** Of its random draws. */
  readonly seed: number;
  /** Of an ensemble, whose mean the fields are named after. */
  readonly members?: number;
}

/** An origin as it is told: members where it has some. */
export function originEntries({ model, seed, members }: Origin): Record<string, string | number> {
  return { model, seed, ...(members === undefined ? {} : { members }) };
}

/** A window as the text of a JSON object, in pieces. */
export function* windowJson(sample: Sample, form?: NumberForm): Generator<string, void, void> {
  const { info, values } = sample;
  yield `${JSON.stringify(describeWindow(sample)).slice(0, -1)},"fields":{`;
  for (const [i, field] of info.fields.entries()) {
    const { name, order, constant } = field;
    const shape = JSON.stringify(shapeOf(info, field, sample.times.length));
    yield `${i > 0 ? "," : ""}${JSON.stringify(name)}:`;
    yield `{"order":${order},"constant":${constant},"shape":${shape},"values":`;
    yield* numbersJson(values[i]!, form);
    yield "}";
  }
  yield "}}";
}

/** JSON: what made it, and the frames as a window; in chunks. */
export function* toJson(
  sample: Sample,
  origin: Origin,
  form?: NumberForm,
): Generator<Uint8Array, void, void> {
  const about = JSON.stringify({ model: origin.model, steps: sample.times.length, ...originEntries(origin) })
    .slice(0, -1);
  yield* encoded((function* () {
    yield `${about},"window":`;
    yield* windowJson(sample, form);
    yield "}\n";
  })());
}

/** NumPy's archive: arrays of fields by name, of coordinates, and the description in one of bytes. */
export function toNpz(sample: Sample): Uint8Array {
  const { info, values } = sample;
  const taken = new Set([...info.fields.map(({ name }) => name), "description"]);
  const free = (name: string): string => {
    while (taken.has(name)) name += "_";
    taken.add(name);
    return name;
  };
  // A field of the description's own name keeps its numbers under another.
  const names = info.fields.map(({ name }) => name === "description" ? free("field.description") : name);
  const described = describeWindow(sample);
  const arrays: Record<string, WritableArray> = Object.create(null);
  info.fields.forEach((field, i) =>
    arrays[names[i]!] = { shape: shapeOf(info, field, sample.times.length), data: values[i]! }
  );
  const add = (name: string, numbers: readonly number[]): string => {
    const key = free(name);
    arrays[key] = { shape: [numbers.length], data: Float64Array.from(numbers) };
    return `${key}.npy`;
  };
  const coordinates = Object.fromEntries(
    Object.entries(described.grid.coordinates).map((
      [name, list],
    ) => [name, add(`coordinates.${name}`, list)]),
  );
  const description = {
    ...described,
    grid: { ...described.grid, coordinates },
    time: add("time", described.time),
    fields: Object.fromEntries(info.fields.map(({ name, order, constant }, i) => [
      name,
      { file: `${names[i]}.npy`, order, constant },
    ])),
  };
  const text = new TextEncoder().encode(JSON.stringify(description));
  return writeNpz({ description: { shape: [text.length], data: text }, ...arrays });
}

/**
 * Refuses an answer in HDF5 where it can not be written.
 *
 * @throws Refusal in edge runtimes, and for scattered points
 */
export async function checkHdf5({ grid, dataset }: SampleInfo): Promise<void> {
  if (grid.coordinates.length !== grid.axes.length) {
    const words =
      `The points of "${dataset}" are scattered, which The Well's HDF5 has no form for; wanted another`;
    throw new Refusal("not_acceptable", words);
  }
  const { hdf5Library } = await import("../../io/hdf5_library.ts");
  try {
    await hdf5Library();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal("not_acceptable", error.message, null, { cause: error });
  }
}

/** A Well file; only where {@link checkHdf5} has nothing against it. */
export async function toHdf5(sample: Sample, origin: Origin): Promise<Uint8Array> {
  const { writeSamples } = await import("../../data/write_samples.ts");
  return await writeSamples([sample], originEntries(origin));
}

/**
 * Writes an answer.
 *
 * @param form of it
 * @param sample its frames, as one
 * @param origin what made them
 * @param signal gives it up
 */
export type WriteAnswer = (
  form: "npz" | "hdf5",
  sample: Sample,
  origin: Origin,
  signal: AbortSignal,
) => Promise<Uint8Array>;

/**
 * An answer as a file, which takes this thread for as long as compressing it takes.
 *
 * @param form of it
 * @param sample its frames, as one
 * @param origin what made them
 */
export async function writeAnswer(form: "npz" | "hdf5", sample: Sample, origin: Origin): Promise<Uint8Array> {
  return form === "npz" ? toNpz(sample) : await toHdf5(sample, origin);
}
