// fold: out = 0; out[.., w * stride + j, ..] += in0[.., w, j, ..]. Uniforms: invocations in a row of workgroups,
// elements, windows, their size, stride, strides of in0 along windows and within them, place of the first result, the
// walk, whose second index counts places. Dispatch: one invocation a result.

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let at = walk(flat);
  let place = at.in1 + word(7u);
  let windows = word(2u);
  let size = word(3u);
  let stride = word(4u);
  var total = 0.0;
  // The first window that reaches the place, and all that begin no later.
  var w = select(0u, (place - size) / stride + 1u, place >= size);
  for (; w < windows && w * stride <= place; w++) {
    let j = place - w * stride;
    if (j < size) {
      total += load0(at.in0 + w * word(5u) + j * word(6u));
    }
  }
  store0(at.out, total);
}
