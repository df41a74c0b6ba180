/**
 * The Walrus family: its released configuration and field table, its configuration files, its networks.
 *
 * @example A configuration as the released files write it
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseConfig, RELEASED_CONFIG, writeConfig } from "walrus/models/walrus";
 *
 * const small = { ...RELEASED_CONFIG, blocks: 2 };
 * assert.equal(parseConfig(writeConfig(small)).config.blocks, 2);
 * ```
 *
 * @module
 */

export {
  type NormalizationKind,
  parseConfig,
  type ReadConfig,
  RELEASED_CONFIG,
  RELEASED_FIELDS,
  type RotaryKind,
  type TrainingShape,
  type WalrusConfig,
  walrusFamily,
  walrusModel,
  type WalrusSettings,
  type WalrusShape,
  writeConfig,
} from "../models/walrus/mod.ts";
export type { Boundary as AxisBoundary } from "../models/walrus/geometry.ts";
export type { LossSettings } from "../models/walrus/loss.ts";
export type { StepShape } from "../models/walrus/shape.ts";
export { Walrus } from "./load_walrus.ts";
