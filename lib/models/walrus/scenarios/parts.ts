// What several scenarios have in common.

import type { Boundary } from "../../../data/dataset.ts";
import type { Quirk, Scenario, ScenarioField } from "./scenario.ts";

/** A scalar field. */
export function scalar(name: string, units = "1"): ScenarioField {
  return { name, order: 0, constant: false, units };
}

/** A vector field. */
export function vector(name: string, units = "1"): ScenarioField {
  return { name, order: 1, constant: false, units };
}

/** A field of matrices. */
export function matrix(name: string, units = "1"): ScenarioField {
  return { name, order: 2, constant: false, units };
}

/** A field that stays the same in time. */
export function constant(name: string, units = "1"): ScenarioField {
  return { ...scalar(name, units), constant: true };
}

/** The same on both sides of each axis. */
export function sides(...each: readonly Boundary[]): NonNullable<Scenario["boundaries"]> {
  return each.map((side) => [side, side] as const);
}

/** Something the specification says. */
export function specified(section: string, what: string): Quirk {
  return { what, source: `spec/${section}` };
}

/** Something a data set's page says. */
export function onPage(what: string): Quirk {
  return { what, source: "page" };
}

/** Windows and strides of training in the plane and in space (training.md sections 1 and 4). */
export const IN_PLANE = { context: 6, batch: 2 } as const;
export const IN_SPACE = { context: 3, batch: 1 } as const;

/** The Well's division of each file (data.md section 1). */
export const BY_TRAJECTORY = "80/10/10 of each file's trajectories, in folders train, valid, test";

/** What all data sets of The Well have in common. */
export function well(
  name: string,
): Pick<Scenario, "name" | "collection" | "hub" | "page" | "format" | "splits"> {
  return {
    name,
    collection: "The Well",
    hub: `hf:datasets/polymathic-ai/${name}`,
    page: `https://polymathic-ai.org/the_well/datasets/${name}/`,
    format: "well",
    splits: BY_TRAJECTORY,
  };
}

const AXES = ["x", "y", "z"];

/** What pretraining does with all its data sets. */
export function pretraining(
  grid: readonly number[],
): Pick<
  Scenario,
  "stage" | "strides" | "system" | "axes" | "grid" | "transforms" | "parameters" | "context" | "batch"
> {
  return {
    stage: "pretraining",
    // 1 to 5 frames (training.md section 5, "time stride").
    strides: [1, 5],
    system: "cartesian",
    axes: AXES.slice(0, grid.length),
    grid,
    transforms: {},
    parameters: {},
    ...grid.length === 3 ? IN_SPACE : IN_PLANE,
  };
}

/** What finetuning does with all its data sets. */
export function downstream(grid: readonly number[]): ReturnType<typeof pretraining> {
  return { ...pretraining(grid), stage: "downstream", strides: [1, 1] };
}
