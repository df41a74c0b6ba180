// The OpenAPI document of a service: paths here, everything that has a shape from the schemas.

import { toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { ANSWER_FORMATS } from "../answer/format.ts";
import { STATUS } from "../refusal.ts";
import { DEADLINE } from "../deadline.ts";
import { PROBLEM_TYPE } from "../errors.ts";
import { MEDIA_TYPES } from "../window/media.ts";
import { OPTIONS } from "../window/option_schemas.ts";
import { dataExample, problemExample, windowExample } from "./examples.ts";
import { SCHEMAS } from "./schemas.ts";

/** What the document says of a service. */
export interface DocumentOptions {
  /** Whether tokens are wanted. */
  readonly tokens: boolean;
  /** Names of its data sets. */
  readonly datasets: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** What each option is, in the document. */
const OPTION_WORDS: Readonly<Record<keyof typeof OPTIONS.entries, string>> = {
  split: "Split of a file that is divided; its first unless given",
  trajectory: "Trajectory of a file that has several, from 0",
  start: "First frame of the window; negative ones are counted from the end",
  stride: "From one frame of the window to the next",
  frames: "Frames of the window; all that are left unless given",
  model: "Name of a network, as GET /v1/models has it; the service's first unless given",
  steps: "Frames to forecast",
  seed: "Of the random draws: the same seed gives the same forecast everywhere",
  draws: "Whether there are random draws; the network decides unless given",
  kvCache: "Whether keys and values of past frames are kept: several times faster, a little different",
  lead: "Time to predict ahead; the spacing of the window's last two frames unless given",
  map: "Names of the window's fields in the network's table, where they differ",
  transforms: "Fields that the network takes in another form",
  grid: "What is done with a grid of an unusual size",
  outputs: "Names of the fields that are answered; all unless given",
  average: "Draws that each step is the mean of: so many times the work",
  members: "Members of an ensemble, 8 unless given; seeds go on from seed. Of POST /v1/ensemble alone",
  quantiles: "Probabilities of quantiles that are answered as fields. Of POST /v1/ensemble alone",
  numbers: "How answers in JSON have the numbers of fields",
};

/** What the query has of what is no text or number. */
const QUERY_WORDS: Readonly<Record<string, string>> = {
  map: "FIELD=NAME,FIELD=NAME",
  transforms: "FIELD=log10,FIELD=zeros_like",
  outputs: "FIELD,FIELD",
  quantiles: "0.1,0.5,0.9",
};

const SETTINGS = { target: "draft-2020-12", typeMode: "input", errorMode: "ignore" } as const;
const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema, SETTINGS) as Json;
  return rest;
}

function components(): Json {
  return toJsonSchemaDefs(SCHEMAS, {
    ...SETTINGS,
    overrideRef: ({ referenceId }) => refTo(referenceId).$ref,
  }) as unknown as Json;
}

/** Options of binary bodies. */
function queryParameters(): Json[] {
  const options = Object.entries(OPTIONS.entries).map(([name, entry]) => {
    const words = OPTION_WORDS[name as keyof typeof OPTION_WORDS];
    const form = QUERY_WORDS[name];
    return {
      name,
      in: "query",
      description: `${words}${form ? `: ${form}` : ""}. Of binary bodies; JSON has it in the body`,
      schema: form ? { type: "string" } : schemaOf(entry),
    };
  });
  const format = {
    name: "format",
    in: "query",
    description: "Form of the answer, in place of the header accept",
    schema: { type: "string", enum: ANSWER_FORMATS.map(({ name }) => name) },
  };
  const deadline = {
    name: DEADLINE,
    in: "header",
    description: "Seconds that the client waits; no more is computed after them",
    schema: { type: "number", minimum: 0 },
  };
  return [format, deadline, ...options];
}

/** Options in the body, with their words. */
function withWords(schema: Json): Json {
  const properties = Object.entries(schema.properties as Record<string, Json>).map(([name, property]) => {
    const words = OPTION_WORDS[name as keyof typeof OPTION_WORDS];
    return [name, words ? { ...property, description: words } : property];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

const ID = { "x-request-id": { description: "The request's id", schema: { type: "string" } } };

/** Responses that say why a request is refused: one for each status. */
function problemResponses(statuses?: readonly number[]): Json {
  const reasons = new Map<number, string[]>();
  for (const [reason, status] of Object.entries(STATUS)) {
    reasons.set(status, [...reasons.get(status) ?? [], reason]);
  }
  const found = [...reasons].filter(([status]) => statuses?.includes(status) ?? true);
  return Object.fromEntries(found.map(([status, names]) => [`${status}`, {
    description: `Refused: ${names.join(", ")}`,
    headers: {
      ...ID,
      ...([429, 503].includes(status)
        ? { "retry-after": { description: "Seconds to wait", schema: { type: "integer" } } }
        : {}),
    },
    content: {
      [PROBLEM_TYPE]: {
        schema: refTo("Problem"),
        ...(status === 503 ? { example: problemExample() } : {}),
      },
    },
  }]));
}

const binary = { type: "string", format: "binary" };

function requestBody(datasets: readonly string[]): Json {
  const [dataset] = datasets;
  const examples = {
    window: { summary: "A window with its numbers", value: windowExample() },
    ...(dataset === undefined
      ? {}
      : { data: { summary: "A window of a data set of the service", value: dataExample(dataset) } }),
  };
  const json = { schema: { oneOf: [refTo("ForecastOfWindow"), refTo("ForecastOfData")] }, examples };
  const { json: jsonTypes, ...others } = MEDIA_TYPES;
  return {
    required: true,
    content: Object.fromEntries([
      ...jsonTypes.map((type) => [type, json]),
      ...[...Object.values(others).flat(), "application/octet-stream"].map((
        type,
      ) => [type, { schema: binary }]),
    ]),
  };
}

function answers(): Json {
  const schemaFor = (name: string) =>
    name === "json" ? refTo("ForecastAnswer") : name === "sse" ? { type: "string" } : binary;
  return {
    description: "The forecast; text/event-stream and application/x-walrus-frames come frame by frame",
    headers: ID,
    content: Object.fromEntries(ANSWER_FORMATS.map(({ name, type }) => [type, { schema: schemaFor(name) }])),
  };
}

const jsonOf = (schema: Json, description: string) => ({
  description,
  headers: ID,
  content: { "application/json": { schema } },
});

const status = { type: "object", properties: { status: { type: "string" } }, required: ["status"] };

function paths({ datasets }: DocumentOptions): Json {
  const get = (operationId: string, summary: string, ok: Json, refused: readonly number[], open = false) => ({
    get: {
      operationId,
      summary,
      ...(open ? { security: [] } : {}),
      responses: { 200: ok, ...problemResponses(refused) },
    },
  });
  return {
    "/v1/forecast": {
      post: {
        operationId: "forecast",
        summary: "Forecasts frames that come after a window",
        description:
          "The body has a window (JSON, npz, safetensors, HDF5) or names one of the service's data.",
        parameters: queryParameters(),
        requestBody: requestBody(datasets),
        responses: { 200: answers(), ...problemResponses() },
      },
    },
    "/v1/ensemble": {
      post: {
        operationId: "ensemble",
        summary: "Forecasts with several members side by side",
        description: "As a forecast. Fields are the mean over members; beside each stand FIELD_spread, its " +
          "standard deviation, and FIELD_quantile_10 for the quantile 0.1.",
        parameters: queryParameters(),
        requestBody: requestBody(datasets),
        responses: { 200: answers(), ...problemResponses() },
      },
    },
    "/v1/models": get("listModels", "Networks by name", jsonOf(refTo("Models"), "Networks"), [401, 500]),
    "/v1/datasets": get("listDatasets", "Data by name", jsonOf(refTo("Datasets"), "Data"), [401, 500]),
    "/healthz": get("health", "Whether the service runs", jsonOf(status, "It runs"), [500], true),
    "/readyz": get("ready", "Whether it takes forecasts", jsonOf(status, "It does"), [503], true),
    "/metrics": get(
      "metrics",
      "Counters for Prometheus",
      { description: "Counters", content: { "text/plain": { schema: { type: "string" } } } },
      [404],
      true,
    ),
    "/openapi.json": get(
      "describe",
      "This document",
      jsonOf({ type: "object" }, "The document"),
      [500],
      true,
    ),
  };
}

/**
 * The OpenAPI document of a service.
 *
 * @param options what the service has
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const document = openApiDocument({ tokens: false, datasets: ["waves"] });
 * assert.equal(document.openapi, "3.1.1");
 * assert.ok("/v1/forecast" in (document.paths as object));
 * ```
 */
export function openApiDocument(options: DocumentOptions): Json {
  const schemas = components();
  const named = ["ForecastOfWindow", "ForecastOfData"].map((
    name,
  ) => [name, withWords(schemas[name] as Json)]);
  return {
    openapi: "3.1.1",
    info: {
      title: "Forecasts of physical simulations",
      version: "1.0.0",
      description: "Frames of a simulation in, the frames that a network predicts after them out.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    ...(options.tokens ? { security: [{ token: [] }] } : {}),
    paths: paths(options),
    components: {
      schemas: { ...schemas, ...Object.fromEntries(named) },
      ...(options.tokens ? { securitySchemes: { token: { type: "http", scheme: "bearer" } } } : {}),
    },
  };
}
