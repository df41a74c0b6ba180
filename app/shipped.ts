// Where the shipped model and data lie.

import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));

/** Checkpoint that commands use unless told otherwise. */
export const MODEL = at("walrus_small/walrus.safetensors");
/** Simulation that the forecast command continues unless told otherwise. */
export const DATA = at("data/euler_quadrants_mini.hdf5");
