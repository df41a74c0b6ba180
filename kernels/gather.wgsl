// gather: out[.., j, ..] = in0[.., in1[j], ..]; numbers of any type, bit for bit.
// Uniforms: invocations in a row of workgroups, elements, length and stride of the axis that is picked from, the walk.
// Dispatch: one invocation an element. An index outside the axis gives 0.

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let at = walk(flat);
  let index = u32(raw1(at.in1));
  if (index < word(2u)) {
    store_raw0(at.out, raw0(at.in0 + index * word(3u)));
  } else {
    store0(at.out, 0.0);
  }
}
