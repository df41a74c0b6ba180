// What a configuration of the endpoint may say: the keys of its YAML, each with its kind and its default, and the same
// as types.

import * as v from "valibot";
import type { WeightStorage } from "walrus";
import type { MaskKind } from "walrus/data";
import type { Limits } from "walrus/serve";
import { parseBytes } from "walrus/train";

const text = v.pipe(v.string(), v.minLength(1, "text"));
const count = v.pipe(v.number(), v.integer("a whole number"), v.minValue(1, "a whole number from 1"));
const seconds = v.pipe(v.number(), v.gtValue(0, "seconds above 0"), v.maxValue(1e6, "seconds up to 1e6"));
const bytes = v.pipe(
  v.union([v.string(), v.number()], "an amount of memory: 8GB, 8GiB, 500MB or bytes"),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    try {
      return parseBytes(String(value));
    } catch {
      addIssue({ message: "an amount of memory: 8GB, 8GiB, 500MB or bytes" });
      return NEVER;
    }
  }),
);

/** Names stand in addresses, metrics and logs. */
export const nameSchema = v.pipe(
  v.string(),
  v.regex(/^[\w.-]{1,64}$/, "letters, digits, _ . or -, at most 64"),
);

const address = v.pipe(
  v.string(),
  v.check(
    (url) => /^https?:$/.test(URL.parse(url)?.protocol ?? "") && !/[?#]/.test(url),
    "an http or https URL without query",
  ),
);

/** An origin as browsers send it, or `*`. */
const origin = v.pipe(
  v.string(),
  v.check(
    (given) => given === "*" || URL.parse(given)?.origin === given,
    'an origin as https://host, or "*"',
  ),
);

/** Limits as the file names them: every limit of the service has a kind here, or this does not compile. */
const KINDS: { readonly [K in keyof Limits]: v.GenericSchema<unknown, number> } = {
  bytes,
  answer: bytes,
  held: bytes,
  steps: count,
  points: count,
  fields: count,
  frames: count,
  seconds,
  stall: seconds,
  running: count,
  waiting: count,
  perToken: count,
  memory: bytes,
};

/** `perToken` is `per_token` in the file, as its other keys are written. */
export function fileName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const limitEntries = Object.fromEntries(
  Object.entries(KINDS).map(([key, kind]) => [fileName(key), v.exactOptional(kind)]),
);

/** Limits under their names in the file, those that are given. */
const limits = v.pipe(
  v.strictObject(limitEntries),
  v.transform((given): Partial<Limits> =>
    Object.fromEntries(
      Object.keys(KINDS).flatMap((key) => {
        const value = given[fileName(key)];
        return value === undefined ? [] : [[key, value]];
      }),
    )
  ),
);

/** A network that is served. */
export const modelSchema = v.strictObject({
  /** File, folder, URL or `hf:` name. */
  checkpoint: text,
  /** Its configuration; null: beside the checkpoint. */
  config: v.optional(v.nullable(text), null),
  description: v.optional(v.nullable(text), null),
  backend: v.optional(v.picklist(["wasm", "webgpu", "auto"], "wasm, webgpu or auto"), "wasm"),
  /** Matrices on the device. */
  weights: v.optional(
    v.picklist(
      ["stored", "f16", "f32", "int8", "int8-dot"],
      "stored, f16, f32, int8 or int8-dot",
    ),
    "stored",
  ),
  /** What the processor's memory may take of it. */
  memory: v.optional(bytes, 4 * 2 ** 30),
  /** Processors that compute; null: all but one, which answers meanwhile. */
  threads: v.optional(v.nullable(count), null),
  /** Whether it is opened and checked before the endpoint is ready; its weights are read at its first forecast. */
  preload: v.optional(v.boolean(), true),
});

/** A data set that requests may name. */
export const datasetSchema = v.strictObject({
  /** File, folder, URL or `hf:` name. */
  input: text,
  description: v.optional(v.nullable(text), null),
  /** Fields that are masks besides those of the usual names. */
  masks: v.optional(v.record(v.string(), v.picklist(["hidden", "kept"], "hidden or kept")), {}),
});

/** Somebody who may ask. */
export const tokenSchema = v.strictObject({
  name: nameSchema,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/i, "the token's SHA-256: 64 hexadecimal digits")),
  limits: v.optional(limits, {}),
});

const upstream = v.strictObject({
  url: address,
  /** Names of models that are forecast there; null: all that are not here. */
  models: v.optional(v.nullable(v.array(nameSchema)), null),
  /** File that holds the token it wants; null: the client's own is passed on. */
  token_file: v.optional(v.nullable(text), null),
  attempts: v.optional(count, 4),
  backoff: v.optional(seconds, 0.2),
  /** Seconds without a byte of an answer; null: the request's deadline. */
  silence: v.optional(v.nullable(seconds), null),
});

/** The file. */
export const settingsSchema = v.strictObject({
  listen: v.optional(
    v.strictObject({
      host: v.optional(text, "127.0.0.1"),
      /** 0: any that is free. */
      port: v.optional(
        v.pipe(v.number(), v.integer("a port"), v.minValue(0, "a port"), v.maxValue(65535, "a port")),
        8080,
      ),
    }),
    {},
  ),
  models: v.exactOptional(v.record(nameSchema, modelSchema)),
  data: v.exactOptional(v.record(nameSchema, datasetSchema)),
  limits: v.optional(limits, {}),
  /** Who may ask, or the file that says so; nobody named: everybody. */
  tokens: v.optional(v.union([v.array(tokenSchema), text], "a list of tokens, or the file of one"), []),
  /** Sites whose pages may ask. */
  origins: v.optional(v.array(origin), []),
  upstream: v.optional(v.nullable(upstream), null),
  /** A line of JSON for each request and event, or none. */
  log: v.optional(v.picklist(["json", "none"], "json or none"), "json"),
  /** Seconds that accepted requests have once the process is asked to end. */
  grace: v.optional(seconds, 30),
});

/** A network that is served. */
export interface ModelSettings {
  readonly checkpoint: string;
  readonly config: string | null;
  readonly description: string | null;
  readonly backend: "wasm" | "webgpu" | "auto";
  readonly weights: WeightStorage;
  readonly memory: number;
  readonly threads: number | null;
  readonly preload: boolean;
}

/** A data set that requests may name. */
export interface DatasetSettings {
  readonly input: string;
  readonly description: string | null;
  readonly masks: Readonly<Record<string, MaskKind>>;
}

/** Another endpoint. */
export type UpstreamSettings = v.InferOutput<typeof upstream>;

/** Somebody who may ask. */
export interface TokenSettings {
  readonly name: string;
  readonly sha256: string;
  readonly limits: Partial<Limits>;
}

/** The complete configuration. */
export interface ServeSettings {
  readonly listen: { readonly host: string; readonly port: number };
  readonly models: Readonly<Record<string, ModelSettings>>;
  readonly data: Readonly<Record<string, DatasetSettings>>;
  readonly limits: Limits;
  readonly tokens: readonly TokenSettings[] | string;
  readonly origins: readonly string[];
  readonly upstream: UpstreamSettings | null;
  readonly log: "json" | "none";
  readonly grace: number;
}
