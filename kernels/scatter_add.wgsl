// scatterAdd: out = 0; out[.., in1[j], ..] += in0[.., j, ..]. Uniforms: invocations in a row of workgroups, elements,
// number of indices, strides of in0 and in1 along them, the walk, whose second index is the place along the axis.
// Dispatch: one invocation a result, which looks through the indices.

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let at = walk(flat);
  var total = 0.0;
  var part = 0.0;
  var terms = 0u;
  for (var j = 0u; j < word(2u); j++) {
    if (u32(raw1(word(5u) + j * word(4u))) == at.in1) {
      part += load0(at.in0 + j * word(3u));
      terms++;
      // Sums of parts: there may be thousands of terms, and compilers undo a compensated sum.
      if (terms % 32u == 0u) {
        total += part;
        part = 0.0;
      }
    }
  }
  store0(at.out, total + part);
}
