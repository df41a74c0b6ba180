// The frames of a forecast, held once: each is written where the file will read it from.

import type { Frame, Sample, SampleInfo } from "walrus";

/** Frames that came so far. */
export interface Recording {
  /** Grid and fields. */
  readonly info: SampleInfo;
  /** 1 for hidden cells; null where none are. */
  readonly hidden: Uint8Array | null;
  /** Frames that are there. */
  readonly count: number;
  /** Their times. */
  readonly times: Float64Array;
  /** Of each field, all frames one after the other; constant ones once. */
  readonly values: readonly Float32Array[];
  /** One of them, its numbers shared with the recording. */
  frame(step: number): Pick<Sample, "info" | "values">;
  /** Adds a frame. */
  add(frame: Frame, time: number): void;
}

/**
 * Room for a forecast.
 *
 * @param start window it continues
 * @param steps frames at the most
 */
export function startRecording({ info, values, times, hidden }: Sample, steps: number): Recording {
  const stamps = new Float64Array(steps);
  const sizes = info.fields.map(({ constant }, i) => constant ? 0 : values[i]!.length / times.length);
  const all = info.fields.map(({ constant }, i) =>
    constant ? values[i]! : new Float32Array(steps * sizes[i]!)
  );
  let count = 0;
  const upTo = (field: number, frames: number) =>
    info.fields[field]!.constant ? all[field]! : all[field]!.subarray(0, frames * sizes[field]!);
  return {
    info,
    hidden,
    get count() {
      return count;
    },
    get times() {
      return stamps.subarray(0, count);
    },
    get values() {
      return all.map((_, field) => upTo(field, count));
    },
    frame: (step) => ({
      info,
      values: all.map((numbers, i) =>
        info.fields[i]!.constant ? numbers : numbers.subarray(step * sizes[i]!, (step + 1) * sizes[i]!)
      ),
    }),
    add(frame, time) {
      info.fields.forEach(({ constant }, i) => {
        if (!constant) all[i]!.set(frame.values[i]!, count * sizes[i]!);
      });
      stamps[count++] = time;
    },
  };
}

/** A recording as one of some of its fields: those of `info`, in its order. */
export function onlyFields(recording: Recording, info: SampleInfo): Recording {
  if (recording.info === info) return recording;
  const places = info.fields.map(({ name }) =>
    recording.info.fields.findIndex((field) => field.name === name)
  );
  const chosen = <T>(all: readonly T[]) => places.map((i) => all[i]!);
  return {
    info,
    hidden: recording.hidden,
    get count() {
      return recording.count;
    },
    get times() {
      return recording.times;
    },
    get values() {
      return chosen(recording.values);
    },
    frame: (step) => ({ info, values: chosen(recording.frame(step).values) }),
    add: (frame, time) => recording.add(frame, time),
  };
}
