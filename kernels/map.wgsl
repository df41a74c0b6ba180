// map: out[i] = expression(in0[i], in1[i], ..), copies, fills and casts included.
// Uniforms: invocations in a row of workgroups, elements, then the walk of the index space.
// Dispatch: one invocation an element, rows of workgroups.

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let at = walk(flat);
  {{expression}}
}
