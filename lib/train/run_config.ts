// The configuration of a training run: YAML and `key=value` overrides, checked at once, every default filled in.

import * as v from "valibot";
import { parseYaml } from "../io/yaml.ts";
import { writeYaml } from "../io/yaml_writer.ts";
import { resolveReferences, valueWords } from "../io/yaml_references.ts";
import type { ModelEntry, ModelFamily } from "../models/model.ts";
import { modelEntries, modelEntry } from "../models/registry.ts";
import { parseBytes } from "./bytes.ts";
import type { RunConfig } from "./run_settings.ts";

export type { RunConfig } from "./run_settings.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const natural = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));
const bytes = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    try {
      if (typeof value === "string" || typeof value === "number") return parseBytes(String(value));
    } catch {
      // Told below.
    }
    addIssue({ expected: "an amount of memory: 8GB, 8GiB, 500MB or bytes" });
    return NEVER;
  }),
);
const names = v.array(v.pipe(v.string(), v.minLength(1)));

/** What every family has; the rest is the family's own. */
const model = v.looseObject({
  /** Name of the family; null: that of the first in the registry. */
  family: v.optional(v.nullable(v.string()), null),
  /** Checkpoint to start from; null: from scratch. */
  from: v.optional(v.nullable(v.string()), null),
  /** Its configuration file; null: the one beside it. */
  config: v.optional(v.nullable(v.string()), null),
});

const data = v.strictObject({
  /** Folder of data sets, each with data/train, data/valid and stats.yaml. */
  root: v.string(),
  /** Their names; null: all. */
  systems: v.optional(v.nullable(v.pipe(names, v.minLength(1))), null),
  /** Names of systems that are left out. */
  exclude: v.optional(names, []),
  /** Windows of a micro-batch in 2D and in 3D. */
  samples: v.optional(count, 2),
  samples_3d: v.optional(count, 1),
  /** Input frames in 3D; null: half of the context. */
  context_3d: v.optional(v.nullable(count), null),
  strides: v.optional(v.tuple([count, count]), [1, 1]),
  /** Whether data are changed by random symmetries that the model knows. */
  rotate: v.optional(v.boolean(), true),
  /** Most windows a system may use, a seeded choice; null: all. */
  limit: v.optional(v.nullable(count), null),
  field_map: v.optional(v.record(v.string(), v.union([v.string(), natural])), {}),
  /** Fields that are masks besides those of the usual names: 1 where cells are hidden, or kept. */
  masks: v.exactOptional(v.record(v.string(), v.picklist(["hidden", "kept"]))),
  /** What is done with grids of sizes that the network has not been made for. */
  grid: v.optional(v.picklist(["auto", "native", "resample", "refuse"]), "auto"),
  /** Workers that read and decode files while the device computes, and steps that they are ahead. */
  workers: v.optional(v.pipe(count, v.maxValue(64)), 1),
});

const training = v.strictObject({
  /** Optimiser steps of the run. */
  steps: count,
  /** Micro-batches of a pseudo-epoch: each draws systems with a generator of its own. */
  epoch: v.optional(count, 2000),
  accumulate: v.optional(count, 1),
  /** Largest total norm of gradients; null never clips. */
  clip: v.optional(v.nullable(positive), 10),
  /** Recompute region 0, n, 2n, .. of the model (blocks, say) in the backward pass; 0: none. */
  remat: v.optional(natural, 0),
  /** Memory of a step, all included, which decides what is recomputed; null: `remat` does. */
  memory: v.optional(v.nullable(bytes), null),
  /** Matrices as the network computes with them; the optimiser's are f32. */
  weights: v.optional(v.picklist(["f32", "f16"]), "f32"),
  /** Patterns of the tensors that are trained (`*` stands for anything), and of those among them that are not. */
  only: v.optional(v.pipe(names, v.minLength(1)), ["*"]),
  freeze: v.optional(names, []),
  lora: v.optional(
    v.nullable(v.strictObject({
      rank: count,
      alpha: v.optional(positive, 16),
      /** Patterns of the linear maps that get adapters; null: all large matrices of the network. */
      adapt: v.optional(v.nullable(v.pipe(names, v.minLength(1))), null),
    })),
    null,
  ),
});

const optimizer = v.strictObject({
  name: v.optional(v.literal("adamw"), "adamw"),
  lr: v.optional(positive, 1e-3),
  betas: v.optional(v.tuple([share, share]), [0.9, 0.999]),
  eps: v.optional(positive, 1e-8),
  weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 1e-2),
});

const schedule = v.strictObject({
  kind: v.optional(v.picklist(["released", "cosine", "constant"]), "cosine"),
  /** Steps of warm-up and cool-down; null: a twentieth of the run, and no cool-down of a constant rate. */
  warmup: v.optional(v.nullable(natural), null),
  cooldown: v.optional(v.nullable(natural), null),
  first_factor: v.optional(share, 0.1),
  last_factor: v.optional(share, 0),
});

const schema: v.GenericSchema<unknown, RunConfig> = v.strictObject({
  /** Folder of the run. */
  folder: v.string(),
  seed: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
  model: v.optional(model, {}),
  data,
  training,
  /** Settings of the family's loss. */
  loss: v.optional(v.record(v.string(), v.unknown()), {}),
  optimizer: v.optional(optimizer, {}),
  schedule: v.optional(schedule, {}),
  validation: v.optional(
    v.strictObject({
      /** Steps from one to the next; 0: never. */
      every: v.optional(natural, 500),
      /** Windows of one-step forecasts a system. */
      windows: v.optional(count, 20),
      /** Steps of rollouts from the first frame; 0: none. */
      rollout: v.optional(natural, 10),
      /** Trajectories of rollouts a system. */
      trajectories: v.optional(count, 2),
      jitter: v.optional(v.boolean(), false),
    }),
    {},
  ),
  checkpoint: v.optional(
    v.strictObject({
      every: v.optional(count, 500),
      keep: v.optional(count, 3),
      /** Numbers of the networks in best/ and last/. */
      dtype: v.optional(v.picklist(["f32", "f16", "bf16"]), "f32"),
    }),
    {},
  ),
  log: v.optional(v.strictObject({ every: v.optional(count, 10) }), {}),
  /** Where it runs; auto: WebGPU where there is a GPU. */
  backend: v.optional(v.picklist(["auto", "wasm", "webgpu"]), "auto"),
  threads: v.optional(v.nullable(count), null),
});

type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Records joined; `over` wins. */
function merged(base: unknown, over: unknown): unknown {
  if (!isPlain(base) || !isPlain(over)) return over === undefined ? base : over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(base[key], over[key])]));
}

/** `a.b=value` as a record; the value is YAML. */
function override(text: string): Plain {
  const match = /^([a-z_0-9]+(?:\.[a-z_0-9]+)*)=([^]*)$/i.exec(text);
  if (!match) throw new SyntaxError(`Cannot read override "${text}": wanted key=value or section.key=value`);
  const value = parseYaml(match[2]!, `override ${match[1]}`) ?? null;
  return match[1]!.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Plain;
}

/** Keys of a section of the configuration; empty for what is none. */
function sectionKeys(path: string): string[] {
  let node = schema as { readonly entries?: Plain; readonly wrapped?: unknown } | undefined;
  const opened = () => {
    while (node?.wrapped) node = node.wrapped as typeof node;
  };
  for (const key of path.split(".")) {
    opened();
    node = node?.entries?.[key] as typeof node;
  }
  opened();
  return Object.keys(node?.entries ?? {});
}

/** What was wanted in a place: of a section its keys. */
function wantedWords(
  path: string,
  issue: { readonly expected: string | null; readonly message: string },
): string {
  const keys = issue.expected === "Object" ? sectionKeys(path) : [];
  if (keys.length === 0) return issue.expected ?? issue.message;
  const more = keys.length > 1 ? `, also ${keys.slice(1).join(", ")}` : "";
  return `a section of settings: ${path}.${keys[0]}=..${more}`;
}

/** How a configuration is read. */
export interface RunConfigOptions {
  /** Name of the file, for messages. */
  readonly name?: string;
  /** `key=value` or `section.key=value`, YAML values. */
  readonly overrides?: readonly string[];
  /** Whether defaults are those of finetuning. */
  readonly finetune?: boolean;
  /** Families of networks; those of the library unless given. */
  readonly registry?: readonly ModelEntry[];
}

/** The family that a configuration names. */
async function namedFamily(given: unknown, registry: readonly ModelEntry[]): Promise<ModelFamily> {
  const section = isPlain(given) && isPlain(given.model) ? given.model : {};
  return await modelEntry(String(section.family ?? registry[0]!.family), registry).load();
}

/** The `model` section: what every family has, and the family's own. */
function modelSection(section: RunConfig["model"], family: ModelFamily, name: string): RunConfig["model"] {
  const { family: _family, from, config, ...own } = section;
  return { family: family.family, from, config, ...family.settings(own, name) as Plain };
}

/** Defaults of a run whose memory decides what is recomputed. */
function withoutRemat(defaults: unknown, given: unknown): unknown {
  const training = isPlain(given) ? given.training : null;
  if (!isPlain(training) || (training.memory ?? null) === null) return defaults;
  return merged(defaults, { training: { remat: 0 } });
}

/**
 * Reads the configuration of a run. What it leaves open is as the family of its network was trained.
 *
 * @param text YAML
 * @param options name of the file for messages, overrides, whether defaults are those of finetuning
 * @throws SyntaxError naming the key, its value and what was wanted
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const text = "folder: runs/a\ndata: {root: data}\ntraining: {steps: 100}";
 * const config = await parseRunConfig(text, { overrides: ["optimizer.lr=1e-3"] });
 * assert.equal(config.optimizer.lr, 1e-3);
 * await assert.rejects(parseRunConfig(text, { overrides: ["training.step=1"] }), /training.step/);
 * ```
 */
export async function parseRunConfig(text: string, options: RunConfigOptions = {}): Promise<RunConfig> {
  const { name = "configuration", overrides = [], finetune = false, registry = modelEntries() } = options;
  const fail = (why: string): never => {
    throw new SyntaxError(`Cannot read "${name}": ${why}`);
  };
  const tree = overrides.map(override).reduce<unknown>(merged, parseYaml(text, name));
  const given = resolveReferences(tree, name);
  const family = await namedFamily(given, registry);
  const defaults = family.recipe(finetune ? "finetuning" : "pretraining");
  const result = v.safeParse(schema, merged(withoutRemat(defaults, given), given));
  if (!result.success) {
    const [issue] = result.issues;
    const path = issue.path?.map((part) => String(part.key)).join(".") || "the whole file";
    if (issue.expected === "never") return fail(`${path} is not known`);
    return fail(`${path} is ${valueWords(issue.input)}, wanted ${wantedWords(path, issue)}`);
  }
  const config = { ...result.output, model: modelSection(result.output.model, family, name) };
  checkLoss(config.loss, defaults.loss ?? {}, fail);
  const [least, most] = config.data.strides;
  if (least > most) fail(`data.strides is [${least}, ${most}], wanted the smallest first`);
  const { remat, memory } = config.training;
  if (memory !== null && remat > 0) {
    fail(
      `training.remat is ${remat} beside training.memory, which decides what is recomputed: leave one of them out, ` +
        "or set training.remat=0 or training.memory=null",
    );
  }
  if (finetune && config.model.from === null) fail("model.from is null, wanted the checkpoint to finetune");
  return config;
}

/** Settings of the loss are those of the family's recipe, numbers where that has numbers. */
function checkLoss(
  given: Plain,
  known: Readonly<Record<string, unknown>>,
  fail: (why: string) => never,
): void {
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, key)) fail(`loss.${key} is not known`);
    const wanted = typeof known[key];
    if (typeof value !== wanted || (wanted === "number" && !((value as number) >= 0))) {
      fail(`loss.${key} is ${valueWords(value)}, wanted ${wanted === "number" ? "a number from 0" : wanted}`);
    }
  }
}

/** The configuration as YAML; reads back equal. */
export function writeRunConfig(config: RunConfig): string {
  return writeYaml(config);
}

/**
 * Whether a name fits one of some patterns.
 *
 * @param patterns `*` stands for any text
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const trained = matcher(["blocks.*.weight", "head"]);
 * assert.deepEqual(["blocks.0.weight", "blocks.0.bias", "head"].map(trained), [true, false, true]);
 * ```
 */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  const escaped = patterns.map((p) => p.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")));
  const expressions = escaped.map((parts) => new RegExp(`^${parts.join(".*")}$`));
  return (name) => expressions.some((expression) => expression.test(name));
}

/** What may be changed at any time: none of it touches the numbers of a run. */
const FREE = [
  "folder",
  "validation",
  "checkpoint",
  "log",
  "backend",
  "threads",
  "training.remat",
  "training.memory",
];

/**
 * Keys in which two configurations differ in what a run computes; how often it logs, validates and saves, its folder,
 * its memory and its threads may change at any time.
 *
 * @returns `seed`, `training.steps`, ..
 */
export function changedKeys(config: RunConfig, other: RunConfig): string[] {
  const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  const old: Plain = { ...other };
  return Object.entries<unknown>({ ...config }).flatMap(([section, value]) => {
    const before = old[section];
    if (FREE.includes(section) || !differs(value, before)) return [];
    if (!isPlain(value) || !isPlain(before)) return [section];
    return Object.keys(value).filter((key) => differs(value[key], before[key]))
      .map((key) => `${section}.${key}`).filter((key) => !FREE.includes(key));
  });
}
