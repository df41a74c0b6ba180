// Fields that are answered, and frames of them as one sample.

import type { Sample, SampleInfo } from "../../data/dataset.ts";
import type { Frame } from "../../forecast/frame.ts";
import { shown } from "../../io/quote.ts";
import { Refusal } from "../refusal.ts";

/** Some fields of samples of one kind. */
export interface Selection {
  readonly info: SampleInfo;
  /** Numbers of these fields. */
  values(sample: Pick<Sample, "values">): readonly Float32Array[];
}

/**
 * The fields that a request wants.
 *
 * @param info of the frames
 * @param outputs names; all fields unless given
 * @throws Refusal for a name that no field has
 */
export function select(info: SampleInfo, outputs?: readonly string[]): Selection {
  if (!outputs) return { info, values: ({ values }) => values };
  const unknown = outputs.find((name) => !info.fields.some((field) => field.name === name));
  if (unknown !== undefined) {
    const there = info.fields.map(({ name }) => name).join(", ");
    throw new Refusal("malformed", `outputs names ${shown(unknown)}, the fields of the window are ${there}`);
  }
  const places = [...info.fields.keys()].filter((i) => outputs.includes(info.fields[i]!.name));
  const fields = places.map((i) => info.fields[i]!);
  return {
    info: { ...info, fields, masked: fields.some(({ mask }) => mask) },
    values: ({ values }) => places.map((i) => values[i]!),
  };
}

/** Frames one after the other, constant fields once. */
export function joined({ info, values }: Selection, frames: readonly Frame[]): Sample {
  const parts = frames.map(values);
  return {
    info,
    times: Float64Array.from(frames, ({ time }) => time),
    values: info.fields.map(({ constant }, i) => {
      const first = parts[0]![i]!;
      if (constant) return first;
      const all = new Float32Array(frames.length * first.length);
      parts.forEach((part, frame) => all.set(part[i]!, frame * first.length));
      return all;
    }),
    hidden: frames[0]!.hidden,
  };
}
