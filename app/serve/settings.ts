// The configuration of the endpoint: YAML, checked at once, every mistake named, every default filled in.

import * as v from "valibot";
import { parseYaml, writeYaml } from "walrus/io";
import { LIMITS, type Limits } from "walrus/serve";
import { describeBytes } from "walrus/train";
import { DATA, MODEL } from "../shipped.ts";
import { mistakes, shown } from "./mistakes.ts";
import {
  datasetSchema,
  fileName,
  modelSchema,
  nameSchema,
  type ServeSettings,
  settingsSchema,
  tokenSchema,
  type TokenSettings,
} from "./settings_schema.ts";

export type { ServeSettings } from "./settings_schema.ts";

/** What is served where nothing else is named. */
const SHIPPED = {
  models: {
    walrus_small: { checkpoint: MODEL, description: "the shipped model: shows the machinery, not the skill" },
  },
  data: {
    euler_quadrants: { input: DATA, description: "compressible flow, 64 x 64 points, 16 frames" },
    gray_scott: {
      input: DATA.replace("euler_quadrants", "gray_scott"),
      description: "two reacting substances, 64 x 64 points, 13 frames",
    },
  },
};

function fail(file: string, found: readonly string[]): never {
  throw new SyntaxError(
    `Cannot read "${file}": ${found.length > 1 ? `\n  ${found.join("\n  ")}` : found[0]}`,
  );
}

/** Mistakes that only show between entries. */
function disagreements(settings: ServeSettings): string[] {
  const { models, tokens, upstream, limits, listen } = settings;
  const found: string[] = [];
  if (Object.keys(models).length === 0 && !upstream) {
    found.push("models is {}, wanted at least one, or an upstream");
  }
  for (const name of upstream?.models ?? []) {
    if (Object.hasOwn(models, name)) {
      found.push(`upstream.models names ${shown(name)}, which is a model here`);
    }
  }
  if (typeof tokens !== "string") {
    const names = tokens.map(({ name }) => name);
    const twice = names.filter((name, i) => names.indexOf(name) !== i);
    if (twice.length > 0) found.push(`tokens names ${shown(twice[0])} twice, wanted a name for each`);
  }
  for (const [name, { memory, backend }] of Object.entries(models)) {
    if (backend === "wasm" && memory > limits.memory) {
      found.push(
        `models.${name}.memory is ${describeBytes(memory)}, wanted at most limits.memory, ${
          describeBytes(limits.memory)
        }`,
      );
    }
  }
  if (limits.stall > limits.seconds) {
    found.push(`limits.stall is ${limits.stall}, wanted at most limits.seconds, ${limits.seconds}`);
  }
  if (/[/@]/.test(listen.host)) {
    found.push(`listen.host is ${shown(listen.host)}, wanted a name or an address`);
  }
  return found;
}

/**
 * Reads a configuration. Without models and data it serves the shipped ones.
 *
 * @param yaml its text
 * @param file its name, for messages
 * @throws SyntaxError naming every mistake: the key, its value and what was wanted
 */
export function parseSettings(yaml = "{}", file = "configuration"): ServeSettings {
  const parsed = parseYaml(yaml, file) ?? {};
  const result = v.safeParse(settingsSchema, parsed);
  if (!result.success) fail(file, result.issues.flatMap((issue) => mistakes(issue, settingsSchema)));
  const { models, data, limits, ...rest } = result.output;
  const isShipped = models === undefined && data === undefined;
  const { listen, ...others } = rest;
  const settings: ServeSettings = {
    listen,
    models: models ??
      v.parse(v.record(nameSchema, modelSchema), isShipped || !rest.upstream ? SHIPPED.models : {}),
    data: data ?? v.parse(v.record(nameSchema, datasetSchema), isShipped ? SHIPPED.data : {}),
    limits: { ...LIMITS, ...limits },
    ...others,
  };
  const wrong = disagreements(settings);
  if (wrong.length > 0) fail(file, wrong);
  return settings;
}

/**
 * Reads the tokens of a file of their own.
 *
 * @param yaml a list as `tokens` of a configuration
 * @param file its name, for messages
 */
export function parseTokens(yaml: string, file: string): readonly TokenSettings[] {
  const list = v.array(tokenSchema);
  const result = v.safeParse(list, parseYaml(yaml, file) ?? []);
  if (result.success) return result.output;
  return fail(file, result.issues.flatMap((issue) => mistakes(issue, list)));
}

function limitsInFile(limits: Partial<Limits>): Record<string, number> {
  return Object.fromEntries(Object.entries(limits).map(([key, value]) => [fileName(key), value]));
}

/** The complete configuration as YAML; reads back equal. */
export function writeSettings(settings: ServeSettings): string {
  const { tokens, limits } = settings;
  const named = typeof tokens === "string"
    ? tokens
    : tokens.map((token) => ({ ...token, limits: limitsInFile(token.limits) }));
  return writeYaml({ ...settings, limits: limitsInFile(limits), tokens: named });
}
