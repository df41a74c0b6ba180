// What clients of the load ask, what they have to be answered, and what is malformed.

import { type ForecastModel, openData, type Sample } from "walrus";
import { readFrames } from "walrus/serve";
import { inRepository } from "../../tests/shared.ts";

/** Numbers of a forecast, frame after frame. */
export type Frames = readonly (readonly Float32Array[])[];

/** A request that can be answered. */
export interface Good {
  readonly name: string;
  readonly init: RequestInit;
  readonly query: string;
  /** Window, steps and seed, to forecast directly. */
  readonly start: Sample;
  readonly steps: number;
  readonly seed: number;
  /** The numbers of an answer. @throws Error for one that is short or broken */
  readonly read: (response: Response) => Promise<Frames>;
}

/** A request that has to be refused. */
export interface Bad {
  readonly name: string;
  readonly init: RequestInit;
  readonly query: string;
}

async function windowOf(file: string, first: number, frames: number): Promise<Sample> {
  using data = await openData(inRepository(`examples/data/${file}_mini.hdf5`));
  return await (await data.split()).trajectory(0).sample(Array.from({ length: frames }, (_, i) => first + i));
}

/** Every so many points of each axis. */
function coarse(sample: Sample, every: number): Sample {
  const [nx = 1, ny = 1] = sample.info.grid.shape;
  const [mx, my] = [nx / every, ny / every];
  const { grid } = sample.info;
  const values = sample.values.map((field) => {
    const frames = field.length / (nx * ny);
    const out = new Float32Array(frames * mx * my);
    for (let t = 0; t < frames; t++) {
      for (let x = 0; x < mx; x++) {
        for (let y = 0; y < my; y++) {
          out[(t * mx + x) * my + y] = field[(t * nx + x * every) * ny + y * every]!;
        }
      }
    }
    return out;
  });
  const coordinates = grid.coordinates.map((list) =>
    Float64Array.from({ length: list.length / every }, (_, i) => list[i * every]!)
  );
  return { ...sample, values, info: { ...sample.info, grid: { ...grid, shape: [mx, my], coordinates } } };
}

/** A window of scalars as the member `window` of a body. */
function windowJson({ info, times, values }: Sample): unknown {
  const { grid, boundaries, fields } = info;
  return {
    name: info.dataset,
    grid: {
      axes: grid.axes,
      coordinates: Object.fromEntries(grid.axes.map((axis, i) => [axis, [...grid.coordinates[i]!]])),
    },
    boundaries: Object.fromEntries(grid.axes.map((axis, i) => [axis, boundaries[i]])),
    time: [...times],
    fields: Object.fromEntries(
      fields.map(({ name, order }, i) => [name, {
        order,
        shape: [times.length, ...grid.shape],
        values: { dtype: "f32", base64: bytesOf(values[i]!).toBase64() },
      }]),
    ),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function json(body: unknown, accept: string): RequestInit {
  return {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", accept },
  };
}

async function fromRecords(response: Response): Promise<Frames> {
  return await Array.fromAsync(readFrames(response), ({ values }) => [...values]);
}

/** Frames of an answer in JSON, its numbers in decimal or in base64. */
async function fromJson(response: Response): Promise<Frames> {
  const { steps, window } = await response.json();
  const fields = Object.values<{ values: number[] | { base64: string } }>(window.fields).map(({ values }) =>
    Array.isArray(values)
      ? Float32Array.from(values)
      : new Float32Array(Uint8Array.fromBase64(values.base64).buffer)
  );
  const part = (field: Float32Array, step: number) =>
    field.subarray(step * field.length / steps, (step + 1) * field.length / steps);
  return Array.from({ length: steps }, (_, step) => fields.map((field) => part(field, step)));
}

/**
 * Requests of every kind.
 *
 * @param seeds how many of each
 * @param frames of their windows
 */
export async function goodRequests(seeds: number, frames: number): Promise<Good[]> {
  const gray = await windowOf("gray_scott", 0, frames);
  const euler = await windowOf("euler_quadrants", 3, frames);
  const small = coarse(gray, 4);
  const records = "application/x-walrus-frames";
  return Array.from({ length: seeds }, (_, seed): Good[] => [
    {
      name: "named data, frames",
      init: json({ data: { dataset: "gray_scott", frames }, steps: 2, seed }, records),
      query: "",
      start: gray,
      steps: 2,
      seed,
      read: fromRecords,
    },
    {
      name: "named data, JSON in base64",
      init: json(
        { data: { dataset: "euler_quadrants", start: 3, frames }, steps: 1, seed, numbers: "base64" },
        "application/json",
      ),
      query: "",
      start: euler,
      steps: 1,
      seed,
      read: fromJson,
    },
    {
      name: "window in JSON, JSON",
      init: json({ window: windowJson(small), steps: 2, seed }, "application/json"),
      query: "",
      start: small,
      steps: 2,
      seed,
      read: fromJson,
    },
    {
      name: "window in JSON, frames",
      init: json({ window: windowJson(gray), steps: 1, seed }, records),
      query: "",
      start: gray,
      steps: 1,
      seed,
      read: fromRecords,
    },
  ]).flat();
}

/** The cheapest of them, to send thousands: a window of one frame. */
export async function smallRequest(seed: number): Promise<Good> {
  const start = coarse(await windowOf("gray_scott", 0, 1), 4);
  return {
    name: "small window",
    init: json({ window: windowJson(start), steps: 1, seed }, "application/x-walrus-frames"),
    query: "",
    start,
    steps: 1,
    seed,
    read: fromRecords,
  };
}

const REFERENCE = { data: { dataset: "gray_scott" } };

/** Requests that are wrong in one way each. */
export const BAD: readonly Bad[] = [
  { name: "no JSON", init: json("{", "*/*"), query: "" },
  { name: "deep JSON", init: json("[".repeat(5000), "*/*"), query: "" },
  { name: "an unknown option", init: json({ ...REFERENCE, stepz: 1 }, "*/*"), query: "" },
  { name: "too many steps", init: json({ ...REFERENCE, steps: 1e6 }, "*/*"), query: "" },
  { name: "an unknown data set", init: json({ data: { dataset: "../secret" } }, "*/*"), query: "" },
  { name: "an unknown model", init: json({ ...REFERENCE, model: "other" }, "*/*"), query: "" },
  {
    name: "frames that are not there",
    init: json({ data: { dataset: "gray_scott", start: 99 } }, "*/*"),
    query: "",
  },
  { name: "an unknown form of answer", init: json(REFERENCE, "image/png"), query: "" },
  {
    name: "an unknown form of window",
    init: { method: "POST", body: "x", headers: { "content-type": "image/png" } },
    query: "",
  },
  {
    name: "HDF5 that is none",
    init: { method: "POST", body: new Uint8Array(3000), headers: { "content-type": "application/x-hdf5" } },
    query: "?steps=1",
  },
  { name: "another method", init: { method: "PUT", body: "x" }, query: "" },
];

/** What a model makes of a request without a service in between. */
export async function direct(model: ForecastModel, { start, steps, seed }: Good): Promise<Frames> {
  return await Array.fromAsync(model.rollout(start, { steps, seed }), ({ values }) => [...values]);
}

/** Whether two forecasts have the same bits. */
export function areEqual(a: Frames, b: Frames): boolean {
  return a.length === b.length &&
    a.every((fields, step) =>
      fields.length === b[step]!.length &&
      fields.every((field, i) => {
        const other = b[step]![i]!;
        return field.length === other.length && field.every((value, k) => Object.is(value, other[k]));
      })
    );
}
