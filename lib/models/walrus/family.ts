// The family of Walrus networks: those of checkpoints, of configurations, and new ones to train.

import { checkShapes } from "../check_shapes.ts";
import type { ModelFamily } from "../model.ts";
import { adaptToShapes } from "./adapt.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "./config.ts";
import { parseConfig } from "./extended_config.ts";
import { nearestConfig } from "./nearest_config.ts";
import { checkSettings, type WalrusSettings } from "./settings.ts";
import { recipe } from "./recipe.ts";
import { readStored } from "./stored_config.ts";
import { trainedOn } from "./trained_on.ts";
import { CONFIG_FILE, FAMILY, walrusModel } from "./walrus.ts";

/** Walrus networks. */
export const walrusFamily: ModelFamily = {
  family: FAMILY,
  recipe,
  settings: checkSettings,
  fromCheckpoint(shapes, files, name = "checkpoint") {
    const text = files[CONFIG_FILE];
    if (text === undefined) {
      throw new TypeError(
        `Cannot find the configuration of "${name}": there is no ${CONFIG_FILE} beside it, pass one with --config`,
      );
    }
    const { config, warnings } = parseConfig(text, CONFIG_FILE);
    const adapted = adaptToShapes(config, shapes);
    const model = walrusModel(adapted);
    try {
      checkShapes(shapes, model.parameters, name);
    } catch (error) {
      const nearest = nearestConfig(adapted, shapes);
      if (nearest === null) throw error;
      throw new TypeError(`${(error as Error).message}; it would fit one with ${nearest}`, { cause: error });
    }
    return { model, warnings };
  },
  fromFiles: ({ [CONFIG_FILE]: text }) =>
    walrusModel(text === undefined ? RELEASED_CONFIG : parseConfig(text, CONFIG_FILE).config),
  trainedOn: ({ [CONFIG_FILE]: text }) => text === undefined ? [] : trainedOn(text, CONFIG_FILE),
  fromConfig: (config) => walrusModel(readStored(config)),
  async create(settings, data, map, from) {
    // Of use to those who train, and loaded by them.
    const { createWalrus } = await import("./create.ts");
    return createWalrus(settings as WalrusSettings, data, map, from && from.config as WalrusConfig);
  },
};
