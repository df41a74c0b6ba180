// What a program of the network is made for, as plain data: equal shapes share programs. What the network can not take
// is refused here, before any weight is read.

import type { SampleInfo } from "../../data/dataset.ts";
import { maskKind } from "../../data/masks.ts";
import type { FieldTransforms } from "../../data/transforms.ts";
import type { FieldMap, FieldPlace, GridTreatment, ShapeOptions } from "../model.ts";
import type { WalrusConfig } from "./config.ts";
import { type Embedding, embeddingOf } from "./embed.ts";
import { codecKey, dimensionality } from "./encoder.ts";
import { fieldIndices } from "./field_table.ts";
import type { GridFit } from "./fit.ts";
import { fitGrid } from "./fit_grid.ts";
import { type Boundary, type Geometry, geometryOf, tokenGrid } from "./geometry.ts";
import { type LossSettings, RELEASED_LOSS } from "./loss.ts";
import { RESAMPLED } from "./resample.ts";
import { transformsOf } from "./transforms.ts";

/** What a step of a program computes: a change of anything else is a change of inputs only. */
export interface StepShape {
  /** Frames of the window. */
  readonly frames: number;
  /** Windows at once. */
  readonly samples: number;
  /** Points of the data; differs from the geometry on a resampled axis. */
  readonly points: readonly [number, number, number];
  /** Predicted channels. */
  readonly channels: number;
  /** Channels that do not change in time. */
  readonly constants: number;
  /** Whether some cells are hidden. */
  readonly hidden: boolean;
  /** Whether the grid is shifted by run-time indices. */
  readonly jitter: boolean;
}

/** What training adds to a program. */
export interface TrainingShape {
  /** Whether branches of blocks are dropped at random. */
  readonly pathDrop: boolean;
  /** Whether fields are dropped at random. */
  readonly fieldDrop: boolean;
  /** Micro-batches of a training step. */
  readonly parts: number;
  /** Settings of the loss. */
  readonly loss: LossSettings;
}

/** What determines a program besides the network's configuration. */
export interface WalrusShape extends StepShape {
  /** Codes of the near and far side of three axes. */
  readonly boundaries: readonly [Boundary, Boundary, Boundary];
  /** Points of the last axis as the network sees it, where data are resampled; null where not. */
  readonly resampled: number | null;
  /** The network's grid, where no strides cut that of the data. */
  readonly fit?: GridFit;
  /** Set where a loss is computed. */
  readonly training: TrainingShape | null;
}

/** Frames of a window: half of them, rounded down, with three axes of more than one point. */
export function contextFrames(
  config: WalrusConfig,
  { grid }: Pick<SampleInfo, "grid">,
): { usual: number; least: number; most: number } {
  const deep = grid.shape.length === 3 && grid.shape.every((n) => n > 1);
  const usual = deep ? Math.max(1, Math.floor(config.contextFrames / 2)) : config.contextFrames;
  return { usual, least: 1, most: Infinity };
}

/** Columns of the channels, constant ones last. */
export function columnsOf(
  { variable, constant }: Embedding,
  config: WalrusConfig,
  map: FieldMap | undefined,
): number[] {
  return fieldIndices([...variable.names, ...constant.names], config.fields, map);
}

/** Where each field of the data goes, in their order. */
export function fieldPlaces(
  config: WalrusConfig,
  info: SampleInfo,
  map: FieldMap = {},
  transforms?: FieldTransforms,
): FieldPlace[] {
  const embedding = embeddingOf(info, transformsOf(info, transforms));
  const columns = columnsOf(embedding, config, map);
  const known = new Map(Object.entries(config.fields).map(([name, column]) => [column, name]));
  const { variable, constant } = embedding;
  const names = [...variable.names, ...constant.names];
  const places: FieldPlace[] = [];
  for (const [{ groups }, offset] of [[variable, 0], [constant, variable.names.length]] as const) {
    for (const { field, start, components, targets } of groups) {
      const from = offset + start;
      places[field] = {
        columns: columns.slice(from, from + components),
        names: targets.map((channel) => {
          const column = columns[offset + channel]!;
          return known.get(column) ?? `column ${column}`;
        }),
        // A column that was only numbered says nothing about what it has seen.
        learnt: names.slice(from, from + components).every((name) => typeof map[name] !== "number"),
      };
    }
  }
  // Masks beside the first have no channel of their own.
  const first = info.fields.findIndex((field) => maskKind(field));
  return info.fields.map((field, i) => places[maskKind(field) ? first : i]!);
}

/** Settings of the loss, those of the released recipe where they are left out. */
function lossSettings(settings: Readonly<Record<string, unknown>>): LossSettings {
  const number = (name: string, usual: number, fits: (value: number) => boolean, wanted: string) => {
    const value = settings[name] ?? usual;
    if (typeof value === "number" && Number.isFinite(value) && fits(value)) return value;
    throw new RangeError(`Setting "${name}" of the loss is ${JSON.stringify(value)}, wanted ${wanted}`);
  };
  const whole = (value: number) => Number.isInteger(value) && value >= 0;
  return {
    multiplier: number("multiplier", RELEASED_LOSS.multiplier, (value) => value > 0, "a number above 0"),
    minimumContext: number(
      "minimum_context",
      RELEASED_LOSS.minimumContext,
      whole,
      "a whole number from 0",
    ),
  };
}

function trainingOf(config: WalrusConfig, training: ShapeOptions["training"]): TrainingShape | null {
  return training
    ? {
      pathDrop: config.dropPath > 0 && config.blocks > 1,
      fieldDrop: config.inputFieldDrop > 0,
      parts: training.parts,
      loss: lossSettings(training.loss),
    }
    : null;
}

/** Geometry of a shape's grid. */
export function gridOf(shape: WalrusShape): Geometry {
  const [x, y, z] = shape.fit?.points ?? shape.points;
  return geometryOf([x, y, shape.resampled ?? z], shape.boundaries, shape.jitter);
}

/** Refuses what the network has no weights for. */
function checkFits(config: WalrusConfig, geometry: Geometry, treatment: GridTreatment): void {
  const axes = dimensionality(geometry);
  const key = codecKey(geometry, config.includeD);
  if (key === undefined || (treatment === "refuse" && key !== axes)) {
    throw new RangeError(
      `The network has no encoder for data with ${axes} axes of more than one point, it has those for ${
        config.includeD.join(", ")
      }`,
    );
  }
  const tokens = tokenGrid(geometry);
  if (config.apeShape && String(config.apeShape) !== String(tokens)) {
    throw new RangeError(
      `The network's table of positions is for ${config.apeShape.join(" x ")} tokens, the grid has ${
        tokens.join(" x ")
      }`,
    );
  }
}

/**
 * What a program is made for.
 *
 * @param config the network
 * @param info of the samples
 * @param options samples, frames, draws, training
 * @throws RangeError for unknown fields or a grid that the network can not cut; TypeError for points that are no grid
 */
export function shapeOf(config: WalrusConfig, info: SampleInfo, options: ShapeOptions): WalrusShape {
  const embedding = embeddingOf(info, transformsOf(info, options.transforms));
  columnsOf(embedding, config, options.map);
  const { samples, frames = contextFrames(config, info).usual } = options;
  for (const [what, count] of Object.entries({ frames, samples })) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`A step is asked for ${count} ${what}, wanted a whole number from 1`);
    }
  }
  const resampled = RESAMPLED[info.dataset];
  const { grid = "auto" } = options;
  const own: WalrusShape = {
    frames,
    samples,
    points: embedding.points,
    channels: embedding.variable.names.length,
    constants: embedding.constant.names.length,
    hidden: info.masked,
    jitter: options.draws ?? config.jitter,
    boundaries: embedding.boundaries,
    resampled: resampled && embedding.points[2] === resampled[0] ? resampled[1] : null,
    training: trainingOf(config, options.training),
  };
  const masks = embedding.constant.groups.filter(({ name }) => name === "mask").flatMap((g) => g.targets);
  const fit = fitGrid(own, masks, grid);
  const shape = fit ? { ...own, fit } : own;
  checkFits(config, gridOf(shape), grid);
  return shape;
}
