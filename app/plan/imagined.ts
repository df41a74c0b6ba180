// Samples that no file has, to plan for: scalar fields that a network knows, on an open grid.

import type { SampleInfo } from "walrus";
import type { Boundary } from "walrus/data";
import type { Model } from "walrus/models";

/**
 * What samples of some grid would be made of.
 *
 * @param shape points of the axes
 * @param model whose first fields are taken; a network without names of its own gets numbered ones
 * @param channels scalar fields
 */
export function imaginedInfo(shape: readonly number[], model: Model, channels: number): SampleInfo {
  const known = model.knownFields?.() ?? [];
  return {
    dataset: "planned",
    grid: {
      system: "cartesian",
      axes: ["x", "y", "z"].slice(0, shape.length),
      shape,
      coordinates: shape.map((n) => Float64Array.from({ length: n }, (_, i) => i)),
    },
    boundaries: shape.map((): [Boundary, Boundary] => ["open", "open"]),
    fields: Array.from(
      { length: channels },
      (_, i) => ({ name: known[i] ?? `field ${i}`, order: 0, constant: false }),
    ),
    masked: false,
    scalars: {},
  };
}
