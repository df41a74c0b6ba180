// What goes over the wire, as schemas: the document is made of them. Those of options and references are the ones that
// requests are checked with; that of a window describes what lib/data's reader of arrays checks in its own words.

import * as v from "valibot";
import { STATUS } from "../refusal.ts";
import { OPTIONS, REFERENCE } from "../window/option_schemas.ts";

const described = <S extends v.GenericSchema>(schema: S, words: string) =>
  v.pipe(schema, v.description(words));
const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const axes = v.pipe(v.array(text), v.minLength(1), v.maxLength(3));
const side = v.picklist(["wall", "open", "periodic"]);

/** Lists inside each other, at most: frames, three axes, rows, columns. Written out, since clients are generated of them. */
const flat = v.array(v.union([v.number(), v.null()]));
const two = v.array(flat);
const three = v.array(two);
const four = v.array(three);
const five = v.array(four);

/** Numbers in lists of lists; null for what JSON can not say. */
export const nested = described(
  v.union([flat, two, three, four, five, v.array(five)]),
  "Numbers, in lists of equal lengths inside each other, outermost axis first; null is not a number",
);

/** Numbers in base64. */
export const packed = described(
  v.strictObject({
    base64: described(text, "Little-endian numbers"),
    dtype: v.optional(v.picklist(["f32", "f64"]), "f32"),
  }),
  "Numbers in base64: of a third of the size; wants shape",
);

/** A field of a window. */
export const field = v.strictObject({
  order: v.optional(described(v.picklist([0, 1, 2]), "Tensor order: scalar, vector, matrix"), 0),
  constant: v.optional(described(v.boolean(), "Whether it has no axis of time"), false),
  shape: v.optional(
    described(v.array(count), "Frames unless constant, points of each axis, components of each order"),
  ),
  values: v.union([nested, packed]),
});

/** A window: frames on a grid. */
export const window = described(
  v.strictObject({
    name: described(text, "Name of the data set; some networks go by it"),
    grid: v.strictObject({
      axes: described(axes, "Names of the axes, in the order in which points are stored"),
      system: v.optional(text, "cartesian"),
      spacing: v.optional(v.union([v.number(), v.array(v.number())])),
      origin: v.optional(v.array(v.number())),
      coordinates: v.optional(described(v.record(text, v.array(v.number())), "By axis, in place of spacing")),
    }),
    boundaries: described(
      v.record(text, v.union([side, v.tuple([side, side])])),
      "By axis: of both sides, or of the near and the far one",
    ),
    time: v.optional(
      described(v.union([v.number(), v.array(v.number())]), "From frame to frame, or of every frame"),
      1,
    ),
    fields: described(v.record(text, field), "By the names that the network knows, or that map gives them"),
    scalars: v.optional(described(v.record(text, v.number()), "Run parameters"), {}),
  }),
  "Frames on a grid, as docs/data.md describes arrays",
);

/** A request with its window. */
export const forecastOfWindow = v.strictObject({ ...OPTIONS.entries, window });

/** A request for a window of the service's own data. */
export const forecastOfData = v.strictObject({ ...OPTIONS.entries, data: REFERENCE });

/** An answer in JSON. */
export const forecastAnswer = v.strictObject({
  model: text,
  steps: count,
  seed: count,
  members: v.exactOptional(described(count, "Of an ensemble")),
  window: described(window, "The forecast frames; sent as a window they are gone on from"),
});

/** Problem details. */
export const problem = v.object({
  type: described(text, "urn:walrus:problem: and the reason"),
  title: described(text, "What HTTP calls the status"),
  status: count,
  detail: described(text, "In words: what there was, what was wanted"),
  reason: described(v.picklist(Object.keys(STATUS)), "For programs"),
  instance: described(text, "The request's id"),
  retryAfter: v.optional(described(v.number(), "Seconds after which it may be tried again")),
});

const range = v.object({ usual: count, least: count, most: v.nullable(count) });

/** What `GET /v1/models` answers. */
export const models = v.object({
  models: v.array(v.object({
    name: text,
    description: v.nullable(text),
    default: described(v.boolean(), "Whether requests that name no model mean it"),
    loaded: v.boolean(),
    memory: described(count, "Bytes that it takes now"),
    network: described(
      v.nullable(v.object({
        family: text,
        description: text,
        parameters: count,
        frames: described(
          v.object({ 1: range, 2: range, 3: range }),
          "Frames that a forecast of data in so many dimensions starts from",
        ),
        fields: v.nullable(v.array(text)),
        learnt: v.nullable(v.array(text)),
        kvCache: v.boolean(),
        draws: v.boolean(),
      })),
      "null until it was loaded for the first time",
    ),
  })),
  upstream: described(v.array(text), "Names of models that another endpoint computes"),
});

/** What `GET /v1/datasets` answers. */
export const datasets = v.object({
  datasets: v.array(v.object({
    name: text,
    description: v.nullable(text),
    splits: v.array(v.object({
      name: text,
      trajectories: count,
      frames: v.nullable(count),
      grid: v.nullable(v.object({ axes, shape: v.array(count) })),
      fields: v.array(v.object({ name: text, order: count, constant: v.boolean() })),
    })),
  })),
});

/** All that have a name in the document. */
export const SCHEMAS = {
  Numbers: nested,
  PackedNumbers: packed,
  WindowField: field,
  Window: window,
  DataReference: REFERENCE,
  ForecastOfWindow: forecastOfWindow,
  ForecastOfData: forecastOfData,
  ForecastAnswer: forecastAnswer,
  Problem: problem,
  Models: models,
  Datasets: datasets,
} as const;
