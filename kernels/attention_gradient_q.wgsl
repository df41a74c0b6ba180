// attentionGradient, second part: the cotangent of q; q, k, v, g, the rows' two numbers: in0..4. Uniforms: invocations
// in a row of workgroups, rows, m, n, scale, strides of q (m, e), k (n, e), v (n, f), g (m, f), out (m, e), the walk of
// leading axes. One invocation a row of q.

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
  var g: array<f32, F>;
  var total: array<f32, E>;
  for (var i = 0u; i < E; i++) {
    q[i] = load0(at.in0 + row * word(5u) + i * word(6u)) * scale;
  }
  for (var i = 0u; i < F; i++) {
    g[i] = load3(at.in3 + row * word(11u) + i * word(12u));
  }
  for (var j = 0u; j < word(3u); j++) {
    var score = 0.0;
    for (var i = 0u; i < E; i++) {
      score += q[i] * load1(at.in1 + j * word(7u) + i * word(8u));
    }
    var cotangent = 0.0;
    for (var i = 0u; i < F; i++) {
      cotangent += g[i] * load2(at.in2 + j * word(9u) + i * word(10u));
    }
    let weight = exp(max(score - load4(2u * flat), -1.0e4));
    let part = weight * (cotangent - load4(2u * flat + 1u)) * scale;
    for (var i = 0u; i < E; i++) {
      total[i] += part * load1(at.in1 + j * word(7u) + i * word(8u));
    }
  }
  for (var i = 0u; i < E; i++) {
    store0(at.out + row * word(13u) + i * word(14u), total[i]);
  }
}
