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
  RELEASED_CONFIG,
  RELEASED_FIELDS,
  type RotaryKind,
  type WalrusConfig,
} from "./config.ts";
export { parseConfig, type ReadConfig } from "./extended_config.ts";
export { walrusFamily } from "./family.ts";
export type { GridFit } from "./fit.ts";
export type { Boundary as AxisBoundary } from "./geometry.ts";
export type { LossSettings } from "./loss.ts";
export type { WalrusSettings } from "./settings.ts";
export { type Column, columnsOf, scenarioOf, SCENARIOS } from "./scenarios/catalogue.ts";
export {
  PUBLISHED,
  PUBLISHED_SOURCES,
  type PublishedScores,
  type PublishedSource,
  type PublishedSourceName,
} from "./scenarios/published.ts";
export type { Quirk, Scenario, ScenarioField } from "./scenarios/scenario.ts";
export type { StepShape, TrainingShape, WalrusShape } from "./shape.ts";
export { walrusModel } from "./walrus.ts";
export { writeConfig } from "./write_config.ts";
