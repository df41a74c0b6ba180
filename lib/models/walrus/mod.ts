// Walrus: its family, its network of a configuration, and its configuration files.

export { entry } from "./entry.ts";
export { walrusFamily } from "./family.ts";
export { walrusModel } from "./walrus.ts";
export type { TrainingShape, WalrusShape } from "./shape.ts";
export type { WalrusSettings } from "./settings.ts";
export {
  type NormalizationKind,
  RELEASED_CONFIG,
  RELEASED_FIELDS,
  type RotaryKind,
  type WalrusConfig,
} from "./config.ts";
export { parseConfig, type ReadConfig, writeConfig } from "./extended_config.ts";
