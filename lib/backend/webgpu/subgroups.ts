// Whether subgroups can be used on a device. The feature alone does not say it: runtimes differ in how much of the
// language they have, so a small shader with all that the kernels use is compiled first.

const PROBE = `enable subgroups;
diagnostic(off, subgroup_uniformity);
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(128)
fn main() {
  let lane = subgroupExclusiveAdd(1u);
  out[subgroupBroadcastFirst(lane)] = subgroupAdd(f32(lane));
}`;

/** The feature, for asking an adapter: not all typings have its name. */
export const SUBGROUPS = "subgroups" as GPUFeatureName;

/**
 * Tells whether kernels may use subgroups.
 *
 * @param device of the platform
 */
export async function hasSubgroups(device: GPUDevice): Promise<boolean> {
  if (!device.features.has(SUBGROUPS)) return false;
  device.pushErrorScope("validation");
  const made = await device.createComputePipelineAsync({
    label: "subgroups",
    layout: "auto",
    compute: { module: device.createShaderModule({ code: PROBE }), entryPoint: "main" },
  }).then(() => true, () => false);
  return await device.popErrorScope() === null && made;
}
