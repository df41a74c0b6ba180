// The catalogue: nineteen data sets of pretraining and eight downstream tasks.

import type { SampleInfo } from "../../../data/dataset.ts";
import { componentNames } from "../../../data/components.ts";
import { transformedName } from "../../../data/transforms.ts";
import { RELEASED_FIELDS } from "../config.ts";
import { DOWNSTREAM } from "./downstream.ts";
import { PRETRAINING } from "./pretraining.ts";
import type { Scenario, ScenarioField } from "./scenario.ts";

/** All of them, those of pretraining first. */
export const SCENARIOS: readonly Scenario[] = [...PRETRAINING, ...DOWNSTREAM];

/** Beginnings of names that stand for families: small and converted variants keep them. */
function beginsAs(dataset: string, { name }: Scenario): boolean {
  return dataset === name || dataset.startsWith(`${name}_`);
}

/**
 * The scenario of a data set: by its whole name, or as a variant of it.
 *
 * @param dataset as its files say
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(scenarioOf("active_matter")?.grid, [256, 256]);
 * assert.equal(scenarioOf("active_matter_small")?.name, "active_matter");
 * assert.equal(scenarioOf("mine"), null);
 * ```
 */
export function scenarioOf(dataset: string): Scenario | null {
  return SCENARIOS.find(({ name }) => name === dataset) ??
    SCENARIOS.find((scenario) => beginsAs(dataset, scenario)) ?? null;
}

/** A component of a field and its column in the network's table; null where the released table has none. */
export interface Column {
  /** Its name in the table, with the transform that it is taken in. */
  readonly component: string;
  /** Its place in the table. */
  readonly column: number | null;
}

/**
 * Columns of a scenario's field in the released table.
 *
 * @param scenario that it is of
 * @param field one of its fields
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const maze = scenarioOf("acoustic_scattering_maze")!;
 * const of = (name: string) => columnsOf(maze, maze.fields.find((field) => field.name === name)!);
 * assert.deepEqual(of("density"), [{ component: "zeros_like_density", column: 7 }]);
 * assert.deepEqual(of("velocity").map(({ column }) => column), [4, 5]);
 * ```
 */
export function columnsOf(scenario: Scenario, field: ScenarioField): Column[] {
  // The network makes its own columns of a mask: it hides cells and is no input.
  const coordinates = scenario.axes.map(() => new Float64Array(2));
  const grid = { system: scenario.system, axes: scenario.axes, shape: scenario.grid, coordinates };
  const info: Pick<SampleInfo, "grid"> = { grid };
  const transform = scenario.transforms[field.name];
  return componentNames(info, field).map((component) => {
    const name = transform ? transformedName(component, transform) : component;
    return { component: name, column: RELEASED_FIELDS[name] ?? null };
  });
}
