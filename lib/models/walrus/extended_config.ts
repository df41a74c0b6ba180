// The released `extended_config.yaml`, a Hydra tree of `_target_` names, mapped to a typed configuration. Names that
// are not known are refused: a network that differs in a part this library does not compute must not load.

import * as v from "valibot";
import { parseYaml } from "../../io/yaml.ts";
import { resolveReferences, valueWords } from "../../io/yaml_references.ts";
import { unknownKeys } from "./config_keys.ts";
import type { NormalizationKind, WalrusConfig } from "./config.ts";
import { KERNELS } from "./strides.ts";

/** A configuration and what was noticed while reading it. */
export interface ReadConfig {
  /** The typed configuration. */
  readonly config: WalrusConfig;
  /** What was noticed. */
  readonly warnings: readonly string[];
}

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const target = (name: string) => v.object({ _target_: v.literal(name) });

/** Kernel widths: a number, or nested lists that repeat [8, 4]. */
type Kernels = number | readonly Kernels[];
const kernels: v.GenericSchema<Kernels> = v.lazy(() => v.union([v.number(), v.array(kernels)]));

/** One codec (encoder or decoder): its class, and kernels that must be those of the released network. */
const codec = (name: string) =>
  v.object({
    _target_: v.literal(name),
    base_kernel_size2d: v.optional(kernels),
    base_kernel_size3d: v.optional(kernels),
    variable_downsample: v.optional(v.literal(true)),
    activation: v.optional(target("torch.nn.SiLU")),
  });

const schema = v.object({
  model: v.object({
    _target_: v.literal("walrus.models.IsotropicModel"),
    encoder: codec("walrus.models.encoders.vstride_encoder.SpaceBagAdaptiveDVstrideEncoder"),
    decoder: codec("walrus.models.decoders.vstride_decoder.AdaptiveDVstrideDecoder"),
    processor: v.object({
      _target_: v.literal("walrus.models.spatiotemporal_blocks.space_time_split.SpaceTimeSplitBlock"),
      space_mixing: v.object({
        _target_: v.literal("walrus.models.spatial_blocks.full_attention.FullAttention"),
        num_heads: count,
        mlp_dim: v.nullish(count),
      }),
      time_mixing: v.object({
        _target_: v.literal("walrus.models.temporal_blocks.axial_time_attention.AxialTimeAttention"),
        num_heads: count,
        bias_type: v.optional(v.literal("rel")),
      }),
      channel_mixing: v.optional(target("torch.nn.Identity")),
    }),
    norm_layer: target("walrus.models.shared_utils.normalization.RMSGroupNorm"),
    hidden_dim: count,
    intermediate_dim: count,
    processor_blocks: count,
    drop_path: v.optional(share, 0),
    input_field_drop: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
    max_d: v.optional(v.literal(3)),
    causal_in_time: v.boolean(),
    include_d: v.pipe(v.array(v.picklist([1, 2, 3])), v.minLength(1)),
    override_dimensionality: v.optional(v.literal(0)),
    jitter_patches: v.optional(v.boolean(), true),
    n_states: v.optional(count),
  }),
  trainer: v.optional(v.object({
    revin: v.optional(v.object({ _target_: v.string() })),
    prediction_type: v.optional(v.picklist(["delta", "full"]), "delta"),
    epsilon: v.optional(v.number()),
  })),
  data: v.object({
    field_index_map_override: v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0))),
    module_parameters: v.optional(v.object({ n_steps_input: v.optional(count, 6) })),
  }),
  finetuning_mods: v.nullish(v.record(v.string(), v.unknown())),
});

type Tree = v.InferOutput<typeof schema>;

/** Normalisers by the class's name; the plain names are aliases of the RMS variants. */
const NORMALIZERS: readonly (readonly [RegExp, NormalizationKind])[] = [
  [/^MeanStdSamplewise/, "meanstd"],
  [/^(RMS)?Samplewise/, "rms"],
  [/^(RMS)?(Global|Dataset)/, "global"],
];

function normalizationOf(tree: Tree, fail: (why: string) => never): NormalizationKind {
  const path = tree.trainer?.revin?._target_;
  if (path === undefined) return "rms";
  const name = path.split(".").at(-1) ?? "";
  const found = NORMALIZERS.find(([pattern]) => pattern.test(name));
  return found?.[1] ??
    fail(
      `trainer.revin._target_ is "${path}", wanted a SamplewiseRevNormalization, MeanStdSamplewiseRevNormalization or GlobalRevNormalization`,
    );
}

/** Whether nested kernel lists say 8 then 4 along every axis. */
function releasedKernels(sizes: Kernels | undefined): boolean {
  if (sizes === undefined) return true;
  if (typeof sizes === "number") return false;
  if (sizes.every((s) => typeof s === "number")) {
    return sizes.length === 2 && sizes.every((s, i) => s === KERNELS[i]);
  }
  return sizes.every(releasedKernels);
}

function toConfig(tree: Tree, fail: (why: string) => never): WalrusConfig {
  const { model } = tree;
  const { space_mixing: space, time_mixing: time } = model.processor;
  const heads = space.num_heads;
  if (time.num_heads !== heads) {
    fail(`time_mixing has ${time.num_heads} heads and space_mixing ${heads}, wanted the same`);
  }
  if (model.hidden_dim % heads !== 0) {
    fail(`model.hidden_dim is ${model.hidden_dim}, wanted a multiple of the ${heads} heads`);
  }
  const width = model.hidden_dim / heads;
  if (width < 16) fail(`heads are ${width} wide (model.hidden_dim over num_heads), wanted at least 16`);
  for (const part of ["encoder", "decoder"] as const) {
    const { base_kernel_size2d: two, base_kernel_size3d: three } = model[part];
    if (!releasedKernels(two) || !releasedKernels(three)) {
      fail(`model.${part} has other kernels than ${KERNELS.join(" then ")} along every axis`);
    }
  }
  const fields = tree.data.field_index_map_override;
  const states = Math.max(...Object.values(fields), 2) + 1;
  if (model.n_states !== undefined && model.n_states < states) {
    fail(`model.n_states is ${model.n_states}, data.field_index_map_override goes to ${states - 1}`);
  }
  ["closed_boundary", "open_boundary", "bias_correction"].forEach((name, i) => {
    if (fields[name] !== undefined && fields[name] !== i) {
      fail(`data.field_index_map_override.${name} is ${fields[name]}, wanted ${i}`);
    }
  });
  return {
    hiddenDim: model.hidden_dim,
    intermediateDim: model.intermediate_dim,
    states: model.n_states ?? states,
    blocks: model.processor_blocks,
    heads,
    mlpDim: space.mlp_dim ?? 4 * model.hidden_dim,
    dropPath: model.drop_path,
    inputFieldDrop: model.input_field_drop,
    causal: model.causal_in_time,
    includeD: model.include_d,
    rotary: "fixed",
    apeShape: null,
    jitter: model.jitter_patches,
    normalization: normalizationOf(tree, fail),
    epsilon: tree.trainer?.epsilon ?? 1e-5,
    prediction: tree.trainer?.prediction_type ?? "delta",
    contextFrames: tree.data.module_parameters?.n_steps_input ?? 6,
    fields,
  };
}

/**
 * Parses the text of a configuration.
 *
 * @param text YAML
 * @param name for messages
 * @throws SyntaxError naming the place in the file, the value and what was wanted
 */
export function parseConfig(text: string, name = "configuration"): ReadConfig {
  const fail = (why: string): never => {
    throw new SyntaxError(`Cannot read "${name}": ${why}`);
  };
  const tree = resolveReferences(parseYaml(text, name), name);
  const result = v.safeParse(schema, tree);
  if (!result.success) {
    const [issue] = result.issues;
    const path = issue.path?.map((part) => String(part.key)).join(".") || "the whole file";
    const wanted = issue.expected ?? issue.message;
    return fail(`${path} is ${valueWords(issue.input)}, wanted ${wanted}`);
  }
  const config = toConfig(result.output, fail);
  const mods = Object.keys(result.output.finetuning_mods ?? {});
  const warnings = mods.length > 0
    ? [`finetuning_mods (${mods.join(", ")}) are taken from the checkpoint's tensors`]
    : [];
  return { config, warnings: [...warnings, ...unknownKeys(tree, name)] };
}
