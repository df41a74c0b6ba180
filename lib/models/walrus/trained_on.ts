// What a released configuration says about the data its network was trained on: names alone, the network needs none of it.

import * as v from "valibot";
import { parseYaml } from "../../io/yaml.ts";

const schema = v.object({
  data: v.object({
    module_parameters: v.object({ well_dataset_info: v.record(v.string(), v.unknown()) }),
  }),
});

/**
 * Names of data sets in a configuration, in its order; empty where it lists none.
 *
 * @param text YAML
 * @param name for messages
 * @throws SyntaxError for a file that is no YAML
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const text = "data: {module_parameters: {well_dataset_info: {active_matter: {}, shear_flow: {}}}}";
 * assert.deepEqual(trainedOn(text), ["active_matter", "shear_flow"]);
 * assert.deepEqual(trainedOn("data: {}"), []);
 * ```
 */
export function trainedOn(text: string, name = "configuration"): readonly string[] {
  const result = v.safeParse(schema, parseYaml(text, name));
  return result.success ? Object.keys(result.output.data.module_parameters.well_dataset_info) : [];
}
