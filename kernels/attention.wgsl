// attention: out = softmax(q k^T scale + bias) v; q, k, v, bias: in0..3. Scores are never stored: sums are rescaled
// when a larger score comes. Uniforms: invocations in a row of workgroups, rows, m, n, scale, strides of q (m, e), k
// (n, e), v (n, f), out (m, f), bias (m, n), the walk of leading axes. Dispatch: one invocation a row of q.

const E = {{e}}u;
const F = {{f}}u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let row = flat % word(2u);
  let at = walk(flat / word(2u));
  let scale = bitcast<f32>(word(4u));
  var q: array<f32, E>;
  for (var i = 0u; i < E; i++) {
    q[i] = load0(at.in0 + row * word(5u) + i * word(6u)) * scale;
  }
  var total: array<f32, F>;
  var largest = -3.0e38;
  var weights = 0.0;
  for (var j = 0u; j < word(3u); j++) {
    var score = 0.0;
    for (var i = 0u; i < E; i++) {
      score += q[i] * load1(at.in1 + j * word(7u) + i * word(8u));
    }
    {{bias}}
    if (score > largest) {
      let shrink = exp(max(largest - score, -1.0e4));
      weights *= shrink;
      for (var i = 0u; i < F; i++) {
        total[i] *= shrink;
      }
      largest = score;
    }
    let weight = exp(max(score - largest, -1.0e4));
    weights += weight;
    for (var i = 0u; i < F; i++) {
      total[i] += weight * load2(at.in2 + j * word(9u) + i * word(10u));
    }
  }
  for (var i = 0u; i < F; i++) {
    store0(at.out + row * word(11u) + i * word(12u), total[i] / weights);
  }
}
