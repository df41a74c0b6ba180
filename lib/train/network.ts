// The network of a run: its configuration and its weights at the start, from scratch or from a checkpoint that is
// widened to what the run asks for (training.md section 8, model.md section 11 "Adding fields").

import { extendFields } from "../data/fields.ts";
import { alignFields } from "../models/walrus/align_fields.ts";
import { readConfig } from "../models/walrus/extended_config.ts";
import { beside } from "../forecast/walrus.ts";
import { adaptToCheckpoint, checkWeights, readWeight } from "../weights/read.ts";
import { openCheckpoint } from "../io/checkpoint.ts";
import type { SourceInput } from "../io/source.ts";
import {
  type NormalizationKind,
  RELEASED_CONFIG,
  type RotaryKind,
  type WalrusConfig,
} from "../models/walrus/config.ts";
import { parameterShapes } from "../models/walrus/parameters.ts";
import { initialWeights, startValues } from "../models/walrus/initialize.ts";

/** A network at the start of a run. */
export interface Network {
  /** What it is. */
  readonly config: WalrusConfig;
  /** Makes or reads its tensors by name: after it is known that they fit. */
  readonly weights: () => Promise<ReadonlyMap<string, Float32Array>>;
  /** Fields that the run added to the table. */
  readonly added: readonly string[];
}

/** What a run says about its network; null leaves a setting as the checkpoint or the released model has it. */
export interface ModelSettings {
  /** Checkpoint to start from: path, URL, Blob or bytes; null: from scratch. */
  readonly from: SourceInput | null;
  /** Its `extended_config.yaml`; null: the file beside it. */
  readonly config: SourceInput | null;
  /** Width of a token; from scratch only, as the next six. */
  readonly hidden_dim: number;
  /** Channels between the convolutions of encoder and decoder. */
  readonly intermediate_dim: number;
  /** Transformer blocks. */
  readonly blocks: number;
  /** Attention heads. */
  readonly heads: number;
  /** Width of the gated MLP before gating; null: four times `hidden_dim`. */
  readonly mlp_dim: number | null;
  /** Numbers of non-singleton axes that get an encoder and a decoder. */
  readonly include_d: readonly (1 | 2 | 3)[];
  /** Whether time attention sees only the past. */
  readonly causal: boolean;
  /** Largest stochastic-depth probability. */
  readonly drop_path: number | null;
  /** Expected number of dropped fields. */
  readonly input_field_drop: number | null;
  /** Whether the grid is shifted at random. */
  readonly jitter: boolean | null;
  /** Normalisation of input and output. */
  readonly normalization: NormalizationKind | null;
  /** Smallest standard deviation that is divided by. */
  readonly epsilon: number | null;
  /** Frames of a window in 2D. */
  readonly context: number | null;
  /** Rotary frequencies: fixed, or trained. */
  readonly rotary: RotaryKind | null;
  /** Token grid of a trained table of positions. */
  readonly ape: readonly [number, number, number] | null;
}

/** Leaves a checkpoint's network as it is; from scratch, a small released one. */
export const UNCHANGED_MODEL: ModelSettings = {
  from: null,
  config: null,
  hidden_dim: 96,
  intermediate_dim: 32,
  blocks: 4,
  heads: 4,
  mlp_dim: null,
  include_d: [2, 3],
  causal: true,
  drop_path: null,
  input_field_drop: null,
  jitter: null,
  normalization: null,
  epsilon: null,
  context: null,
  rotary: null,
  ape: null,
};

/** Settings that a run may change on any network. */
function changed(config: WalrusConfig, model: ModelSettings): WalrusConfig {
  return {
    ...config,
    dropPath: model.drop_path ?? config.dropPath,
    inputFieldDrop: model.input_field_drop ?? config.inputFieldDrop,
    jitter: model.jitter ?? config.jitter,
    normalization: model.normalization ?? config.normalization,
    epsilon: model.epsilon ?? config.epsilon,
    contextFrames: model.context ?? config.contextFrames,
    rotary: model.rotary ?? config.rotary,
    apeShape: model.ape ?? config.apeShape,
  };
}

/** The table with new names behind its last column. */
function withFields(config: WalrusConfig, names: readonly string[]): WalrusConfig {
  const fields = extendFields(config.fields, names);
  const states = Math.max(config.states, ...Object.values(fields).map((column) => column + 1));
  return { ...config, fields, states };
}

/** Names that a table does not have. */
function missingFields(config: WalrusConfig, names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => !Object.hasOwn(config.fields, name));
}

/** The network from scratch. */
function fromScratch(model: ModelSettings, names: readonly string[], seed: number): Network {
  const base: WalrusConfig = changed({
    ...RELEASED_CONFIG,
    hiddenDim: model.hidden_dim,
    intermediateDim: model.intermediate_dim,
    blocks: model.blocks,
    heads: model.heads,
    mlpDim: model.mlp_dim ?? 4 * model.hidden_dim,
    causal: model.causal,
    includeD: model.include_d,
  }, model);
  if (base.hiddenDim % base.heads !== 0 || base.hiddenDim / base.heads < 16) {
    throw new RangeError(
      `Width ${base.hiddenDim} with ${base.heads} heads is no network: wanted heads of 16 or more that divide it`,
    );
  }
  const added = missingFields(base, names);
  const config = withFields(base, added);
  return { config, weights: () => Promise.resolve(initialWeights(config, seed)), added };
}

/** A checkpoint's tensor under the run's configuration. */
function widened(
  name: string,
  fresh: () => Float32Array,
  from: WalrusConfig,
  to: WalrusConfig,
  old: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
): Float32Array {
  const shared = name.replace(/(\.rotary_emb\.freqs)\.[012]$/, "$1");
  const found = old.get(name) ?? old.get(shared);
  // Only a position table can be new.
  if (!found) return fresh();
  const indexed = /^(?:embed\.\d\.proj1\.weight|debed\.\d\.proj2\.(?:weight|bias))$/.test(name);
  return indexed && from.states !== to.states
    ? alignFields(name, found.shape, found.data, fresh(), columnsOf(from), columnsOf(to))
    : found.data;
}

/** A table that names every column, those without a field as well. */
function columnsOf({ fields, states }: WalrusConfig): Record<string, number> {
  const named = new Set(Object.values(fields));
  const rest = Array.from({ length: states }, (_, column) => column).filter((column) => !named.has(column));
  return { ...fields, ...Object.fromEntries(rest.map((column) => [`column ${column}`, column])) };
}

async function fromCheckpoint(
  source: SourceInput,
  model: ModelSettings,
  names: readonly string[],
  seed: number,
): Promise<Network> {
  const read = await readConfig(model.config ?? beside(source));
  using checkpoint = await openCheckpoint(source);
  const own = adaptToCheckpoint(read.config, checkpoint);
  checkWeights(checkpoint, parameterShapes(own));
  const added = missingFields(own, names);
  const config = withFields(changed(own, model), added);
  if (own.apeShape && String(own.apeShape) !== String(config.apeShape)) {
    throw new RangeError(
      `model.ape is [${config.apeShape}], the checkpoint has a table of [${own.apeShape}]`,
    );
  }
  if (own.rotary === "per_axis" && config.rotary !== "per_axis") {
    throw new RangeError(`model.rotary is ${config.rotary}, the checkpoint has frequencies for each axis`);
  }
  return { config, added, weights: () => readWeights(source, own, config, seed) };
}

/** The checkpoint's tensors under another configuration. */
async function readWeights(
  source: SourceInput,
  from: WalrusConfig,
  to: WalrusConfig,
  seed: number,
): Promise<Map<string, Float32Array>> {
  using checkpoint = await openCheckpoint(source);
  const old = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, tensor] of checkpoint.tensors) {
    old.set(name, { shape: tensor.shape, data: await readWeight(checkpoint, tensor) });
  }
  return new Map(
    [...parameterShapes(to)].map(([name, shape], i) => {
      const fresh = () => startValues(name, shape, to, seed, i);
      return [name, widened(name, fresh, from, to, old)];
    }),
  );
}

/**
 * The network of a run: its configuration at once, its tensors when they are asked for.
 *
 * @param model section of the run's configuration
 * @param names of all channels of the data, as the network will know them
 * @param seed of start values
 * @throws TypeError or RangeError for a checkpoint that does not fit
 */
export async function startNetwork(
  model: ModelSettings,
  names: readonly string[],
  seed: number,
): Promise<Network> {
  return model.from === null
    ? fromScratch(model, names, seed)
    : await fromCheckpoint(model.from, model, names, seed);
}
