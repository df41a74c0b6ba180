// rope: features 2j and 2j + 1 of in0 turn by the angle whose cosine and sine are in1[j] and in2[j]; others pass.
// Uniforms: invocations in a row of workgroups, pairs of features in all, pairs a row, pairs that turn, features a row,
// last strides of out and in0..2, the walk of rows. Dispatch: one invocation a pair, the last may be half.

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let pair = flat % word(2u);
  let at = walk(flat / word(2u));
  let first = 2u * pair;
  let x = load0(at.in0 + first * word(6u));
  if (first + 1u == word(4u)) {
    store0(at.out + first * word(5u), x);
    return;
  }
  let y = load0(at.in0 + (first + 1u) * word(6u));
  var c = 1.0;
  var s = 0.0;
  if (pair < word(3u)) {
    c = load1(at.in1 + pair * word(7u));
    s = load2(at.in2 + pair * word(8u));
  }
  store0(at.out + first * word(5u), x * c - y * s);
  store0(at.out + (first + 1u) * word(5u), x * s + y * c);
}
