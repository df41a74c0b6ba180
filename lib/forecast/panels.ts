// Which of a network's weights lie in panels on a device: the matrices of the blocks, where their sizes allow it.

import { panelColumns } from "../compile/panels.ts";
import type { Device } from "../compile/device.ts";
import type { WalrusConfig } from "../walrus/config.ts";
import { isBlockMatrix, parameterShapes } from "../walrus/parameters.ts";

/**
 * Columns of the weights that lie in panels.
 *
 * @param config the network
 * @param device where they will lie
 * @returns by the name of the tensor
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RELEASED_CONFIG } from "../walrus/config.ts";
 * const panels = weightPanels(RELEASED_CONFIG, { panelRows: 8 });
 * assert.equal(panels.size, 5 * RELEASED_CONFIG.blocks);
 * assert.equal(panels.get("blocks.0.space_mixing.ff_out.weight"), 2816);
 * assert.equal(weightPanels(RELEASED_CONFIG, { panelRows: null }).size, 0);
 * ```
 */
export function weightPanels(config: WalrusConfig, device: Pick<Device, "panelRows">): Map<string, number> {
  const panels = new Map<string, number>();
  for (const [name, shape] of parameterShapes(config)) {
    const columns = isBlockMatrix(name) ? panelColumns(device, shape) : undefined;
    if (columns !== undefined) panels.set(name, columns);
  }
  return panels;
}

/**
 * The same by the names that inputs of a step's program have.
 *
 * @param panels by the name of the tensor
 */
export function inputPanels(panels: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...panels].map(([name, columns]) => [`params/${name}`, columns]));
}
