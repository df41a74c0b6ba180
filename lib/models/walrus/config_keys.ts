// Keys of a configuration that this library does not compute with: those that would change a forecast are named, so
// that nobody takes the forecast for that of another network.

import { editDistance } from "../../data/near_names.ts";
import { valueWords } from "../../io/yaml_references.ts";

/** Keys that are read, by the sections they stand in. */
const READ = new Set([
  ...("encoder decoder processor norm_layer hidden_dim intermediate_dim processor_blocks drop_path input_field_drop " +
    "max_d causal_in_time include_d override_dimensionality jitter_patches n_states").split(" ").map((key) =>
      `model.${key}`
    ),
  ..."base_kernel_size2d base_kernel_size3d variable_downsample activation".split(" ").flatMap((key) => [
    `model.encoder.${key}`,
    `model.decoder.${key}`,
  ]),
  ..."space_mixing time_mixing channel_mixing".split(" ").map((key) => `model.processor.${key}`),
  "model.processor.space_mixing.num_heads",
  "model.processor.space_mixing.mlp_dim",
  "model.processor.time_mixing.num_heads",
  "model.processor.time_mixing.bias_type",
]);

/** Keys that change no forecast: how it is made of parts, how it is trained, widths that no tensor has, 1D. */
const WITHOUT_EFFECT =
  /(^|\.)(_target_|_partial_|groups|projection_dim|gradient_checkpointing_freq|base_kernel_size1d)$/;

/** Keys whose released value is what is computed. */
const RELEASED: Readonly<Record<string, unknown>> = {
  "model.static_axes": true,
  "model.weight_tied_axes": false,
  "model.use_periodic_fixed_jitter": true,
  ...Object.fromEntries(["encoder", "decoder"].flatMap((part) => [
    [`model.${part}.learned_pad`, true],
    [`model.${part}.variable_deterministic_ds`, true],
    [`model.${part}.kernel_scales_seq`, [[2, 2], [4, 2], [4, 4], [8, 4]]],
  ])),
};

/** Keys outside `model` that a forecast depends on, and the sections they stand in. */
const ELSEWHERE: readonly (readonly [string, readonly string[]])[] = [
  ["trainer", ["revin", "prediction_type", "epsilon"]],
  ["data", ["field_index_map_override", "module_parameters"]],
  ["data.module_parameters", ["n_steps_input"]],
  ["", ["model", "trainer", "data", "finetuning_mods"]],
];

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The section at a path; empty where there is none. */
function sectionAt(tree: unknown, path: string): Tree {
  let section = tree;
  for (const key of path === "" ? [] : path.split(".")) section = isTree(section) ? section[key] : undefined;
  return isTree(section) ? section : {};
}

function unknownOfModel(section: Tree, path: string): string[] {
  return Object.entries(section).flatMap(([key, value]) => {
    const place = `${path}.${key}`;
    if (WITHOUT_EFFECT.test(place)) return [];
    if (READ.has(place)) return isTree(value) ? unknownOfModel(value, place) : [];
    if (!Object.hasOwn(RELEASED, place)) return [`${place} is not known and not computed with`];
    const released = RELEASED[place];
    return JSON.stringify(value) === JSON.stringify(released)
      ? []
      : [`${place} is ${valueWords(value)}, computed with is ${valueWords(released)}`];
  });
}

/** Words that are one of those wanted but for a slip. */
function slips(tree: unknown): string[] {
  return ELSEWHERE.flatMap(([path, wanted]) => {
    const keys = Object.keys(sectionAt(tree, path));
    return keys.flatMap((key) => {
      const meant = wanted.find((word) =>
        word !== key && editDistance(word, key) <= 2 && !keys.includes(word)
      );
      const place = path === "" ? key : `${path}.${key}`;
      return meant && !wanted.includes(key) ? [`${place} is not known, perhaps ${meant} was meant`] : [];
    });
  });
}

/**
 * What a configuration says that would change a forecast and is not computed with, in words.
 *
 * @param tree of the file, legal in what is read
 * @param name of the file
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const [first, second] = unknownKeys({ model: { qk_scale: 2 }, trainer: { prediction_typ: "full" } }, "a.yaml");
 * assert.equal(first, "a.yaml: model.qk_scale is not known and not computed with");
 * assert.equal(second, "a.yaml: trainer.prediction_typ is not known, perhaps prediction_type was meant");
 * ```
 */
export function unknownKeys(tree: unknown, name: string): string[] {
  return [...unknownOfModel(sectionAt(tree, "model"), "model"), ...slips(tree)].map((words) =>
    `${name}: ${words}`
  );
}
