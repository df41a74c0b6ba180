// A configuration as the released `extended_config.yaml`, for exports.

import { writeYaml } from "../../io/yaml_writer.ts";
import type { WalrusConfig } from "./config.ts";
import { KERNELS } from "./strides.ts";

/**
 * The configuration in the released structure; reads back equal (rotary kind and position table lie in the
 * checkpoint's tensors).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RELEASED_CONFIG } from "./config.ts";
 * import { parseConfig } from "./extended_config.ts";
 * assert.deepEqual(parseConfig(writeConfig(RELEASED_CONFIG)).config, RELEASED_CONFIG);
 * ```
 */
export function writeConfig(config: WalrusConfig): string {
  const partial = { _partial_: true };
  const sizes = (axes: number) => Array.from({ length: axes }, () => [...KERNELS]);
  const part = (path: string) => ({
    ...partial,
    _target_: path,
    base_kernel_size2d: sizes(2),
    base_kernel_size3d: sizes(3),
    activation: { ...partial, _target_: "torch.nn.SiLU" },
    variable_downsample: true,
  });
  const normalizers = {
    rms: "SamplewiseRevNormalization",
    meanstd: "MeanStdSamplewiseRevNormalization",
    global: "GlobalRevNormalization",
  };
  return writeYaml({
    model: {
      _target_: "walrus.models.IsotropicModel",
      encoder: part("walrus.models.encoders.vstride_encoder.SpaceBagAdaptiveDVstrideEncoder"),
      decoder: part("walrus.models.decoders.vstride_decoder.AdaptiveDVstrideDecoder"),
      processor: {
        ...partial,
        _target_: "walrus.models.spatiotemporal_blocks.space_time_split.SpaceTimeSplitBlock",
        space_mixing: {
          ...partial,
          _target_: "walrus.models.spatial_blocks.full_attention.FullAttention",
          num_heads: config.heads,
          mlp_dim: config.mlpDim,
        },
        time_mixing: {
          ...partial,
          _target_: "walrus.models.temporal_blocks.axial_time_attention.AxialTimeAttention",
          num_heads: config.heads,
          bias_type: "rel",
        },
        channel_mixing: { ...partial, _target_: "torch.nn.Identity" },
      },
      norm_layer: { ...partial, _target_: "walrus.models.shared_utils.normalization.RMSGroupNorm" },
      hidden_dim: config.hiddenDim,
      intermediate_dim: config.intermediateDim,
      processor_blocks: config.blocks,
      drop_path: config.dropPath,
      input_field_drop: config.inputFieldDrop,
      max_d: 3,
      causal_in_time: config.causal,
      include_d: config.includeD,
      override_dimensionality: 0,
      jitter_patches: config.jitter,
      n_states: config.states,
    },
    trainer: {
      revin: {
        ...partial,
        _target_: `walrus.trainer.normalization_strat.${normalizers[config.normalization]}`,
      },
      prediction_type: config.prediction,
      epsilon: config.epsilon,
    },
    data: {
      field_index_map_override: config.fields,
      module_parameters: { n_steps_input: config.contextFrames },
    },
  });
}
