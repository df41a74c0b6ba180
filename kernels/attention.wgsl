// attention: out = softmax(q k^T scale + bias) v; q, k, v, bias: in0..3. Scores are never stored: sums are rescaled
// when a larger score comes. Uniforms: invocations in a row of workgroups, invocations, m, n, scale, strides of q
// (m, e), k (n, e), v (n, f), out (m, f), bias (m, n), the walk of leading axes. Dispatch: an invocation has one row of
// q, or as many as a vector has lanes.

alias Rows = {{type}};
const E = {{e}}u;
const F = {{f}}u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let m = word(2u);
  let parts = (m + {{rows}}u - 1u) / {{rows}}u;
  let row = flat % parts * {{rows}}u;
  let at = walk(flat / parts);
  let scale = bitcast<f32>(word(4u));
  let k_row = word(7u);
  let k_feature = word(8u);
  let v_row = word(9u);
  let v_feature = word(10u);
  var q: array<Rows, E>;
  for (var i = 0u; i < E; i++) {
    let place = at.in0 + i * word(6u);
    q[i] = {{q}} * scale;
  }
  var total: array<Rows, F>;
  var largest = Rows(-3.0e38);
  var weights = Rows();
  for (var j = 0u; j < word(3u); j++) {
    var score = Rows();
    for (var i = 0u; i < E; i++) {
      score += q[i] * load1(at.in1 + j * k_row + i * k_feature);
    }
    {{bias}}
    if (any(score > largest)) {
      let before = largest;
      largest = max(largest, score);
      let shrink = exp(max(before - largest, Rows(-1.0e4)));
      weights *= shrink;
      for (var i = 0u; i < F; i++) {
        total[i] *= shrink;
      }
    }
    let weight = exp(max(score - largest, Rows(-1.0e4)));
    weights += weight;
    for (var i = 0u; i < F; i++) {
      total[i] += weight * load2(at.in2 + j * v_row + i * v_feature);
    }
  }
  for (var i = 0u; i < F; i++) {
    let place = at.out + i * word(12u);
    let result = total[i] / weights;
    {{store}}
  }
}
