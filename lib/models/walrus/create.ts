// A network to train: from scratch, or that of a checkpoint widened to what the run asks for (training.md section 8,
// model.md section 11 "Adding fields").

import type { SampleInfo } from "../../data/dataset.ts";
import type { CreatedModel, FieldMap } from "../model.ts";
import { alignFields, type FieldTable } from "./align_fields.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "./config.ts";
import { embeddingOf } from "./embed.ts";
import { extendFields } from "./field_table.ts";
import { parameterShapes } from "./parameters.ts";
import type { WalrusSettings } from "./settings.ts";
import { releasedTransforms } from "./transforms.ts";
import { walrusModel } from "./walrus.ts";

/** Settings that a run may change on any network. */
function changed(config: WalrusConfig, settings: WalrusSettings): WalrusConfig {
  return {
    ...config,
    dropPath: settings.drop_path ?? config.dropPath,
    inputFieldDrop: settings.input_field_drop ?? config.inputFieldDrop,
    jitter: settings.jitter ?? config.jitter,
    normalization: settings.normalization ?? config.normalization,
    epsilon: settings.epsilon ?? config.epsilon,
    contextFrames: settings.context ?? config.contextFrames,
    rotary: settings.rotary ?? config.rotary,
    apeShape: settings.ape ?? config.apeShape,
  };
}

/** The network from scratch. */
function fromScratch(settings: WalrusSettings): WalrusConfig {
  const { hidden_dim: width, heads } = settings;
  if (width % heads !== 0 || width / heads < 16) {
    throw new RangeError(
      `Width ${width} with ${heads} heads is no network: wanted heads of 16 or more that divide it`,
    );
  }
  return changed({
    ...RELEASED_CONFIG,
    hiddenDim: width,
    intermediateDim: settings.intermediate_dim,
    blocks: settings.blocks,
    heads,
    mlpDim: settings.mlp_dim ?? 4 * width,
    causal: settings.causal,
    includeD: settings.include_d,
  }, settings);
}

/** The network of a checkpoint with the run's settings. */
function fromOther(own: WalrusConfig, settings: WalrusSettings): WalrusConfig {
  const config = changed(own, settings);
  if (own.apeShape && String(own.apeShape) !== String(config.apeShape)) {
    throw new RangeError(
      `model.ape is [${config.apeShape}], the checkpoint has a table of [${own.apeShape}]`,
    );
  }
  if (own.rotary === "per_axis" && config.rotary !== "per_axis") {
    throw new RangeError(`model.rotary is ${config.rotary}, the checkpoint has frequencies for each axis`);
  }
  return config;
}

/** Names under which the network will know the channels of the data; channels of a numbered column have none. */
function channelNames(data: readonly SampleInfo[], map: FieldMap): string[] {
  return data.flatMap((info) => {
    const { variable, constant } = embeddingOf(info, releasedTransforms(info));
    return [...variable.names, ...constant.names].flatMap((name) => {
      const mapped = Object.hasOwn(map, name) ? map[name]! : name;
      return typeof mapped === "string" ? [mapped] : [];
    });
  });
}

/** The table with new names behind its last column. */
function withFields(config: WalrusConfig, names: readonly string[]): WalrusConfig {
  const fields = extendFields(config.fields, names);
  const states = Math.max(config.states, ...Object.values(fields).map((column) => column + 1));
  return { ...config, fields, states };
}

/** A table that names every column, those without a field as well. */
function everyColumn({ fields, states }: WalrusConfig): FieldTable {
  const named = new Set(Object.values(fields));
  const rest = Array.from({ length: states }, (_, column) => column).filter((column) => !named.has(column));
  return { ...fields, ...Object.fromEntries(rest.map((column) => [`column ${column}`, column])) };
}

/** Carries tensors of one network into another that it was widened to. */
function carrier(from: WalrusConfig, to: WalrusConfig): CreatedModel["carry"] {
  const shapes = parameterShapes(from);
  return (name, old, fresh) => {
    const shared = name.replace(/(\.rotary_emb\.freqs)\.[012]$/, "$1");
    const source = shapes.has(name) ? name : shared;
    const found = old(source);
    // Only a position table can be new.
    if (!found) return fresh();
    const indexed = /^(?:embed\.\d\.proj1\.weight|debed\.\d\.proj2\.(?:weight|bias))$/.test(name);
    return indexed && from.states !== to.states
      ? alignFields(name, shapes.get(source)!, found, fresh(), everyColumn(from), everyColumn(to))
      : found;
  };
}

/**
 * A network to train.
 *
 * @param settings of the run
 * @param data what will be trained on; fields that the table lacks are added to it
 * @param map names of the data's channels in the table, where they differ
 * @param from the network that weights come from; null: from scratch
 * @throws RangeError for settings that are no network, or that the other network can not be widened to
 */
export function createWalrus(
  settings: WalrusSettings,
  data: readonly SampleInfo[],
  map: FieldMap,
  from: WalrusConfig | null,
): CreatedModel {
  const base = from ? fromOther(from, settings) : fromScratch(settings);
  const missing = channelNames(data, map).filter((name) => !Object.hasOwn(base.fields, name));
  const added = [...new Set(missing)];
  const config = withFields(base, added);
  return {
    model: walrusModel(config),
    notes: added.length > 0 ? [`new fields: ${added.join(", ")}`] : [],
    carry: from ? carrier(from, config) : (_name, _old, fresh) => fresh(),
  };
}
