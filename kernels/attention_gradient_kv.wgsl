// attentionGradient, third part: the cotangents of k and v; q, k, v, g, the rows' two numbers: in0..4, out0 for k, out1
// for v. Uniforms: invocations in a row of workgroups, rows of k, m, n, scale, strides of q (m, e), k (n, e), v (n, f),
// g (m, f), out0 (n, e), out1 (n, f), the walk of leading axes. One invocation a row of k.

const E = {{e}}u;
const F = {{f}}u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let flat = id.x + id.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let row = flat % word(3u);
  let lead = flat / word(3u);
  let at = walk(lead);
  let scale = bitcast<f32>(word(4u));
  var k: array<f32, E>;
  var v: array<f32, F>;
  var total_k: array<f32, E>;
  var total_v: array<f32, F>;
  for (var i = 0u; i < E; i++) {
    k[i] = load1(at.in1 + row * word(7u) + i * word(8u)) * scale;
  }
  for (var i = 0u; i < F; i++) {
    v[i] = load2(at.in2 + row * word(9u) + i * word(10u));
  }
  for (var j = 0u; j < word(2u); j++) {
    var score = 0.0;
    for (var i = 0u; i < E; i++) {
      score += k[i] * load0(at.in0 + j * word(5u) + i * word(6u));
    }
    var cotangent = 0.0;
    for (var i = 0u; i < F; i++) {
      cotangent += v[i] * load3(at.in3 + j * word(11u) + i * word(12u));
    }
    let query = 2u * (lead * word(2u) + j);
    let weight = exp(max(score - load4(query), -1.0e4));
    let part = weight * (cotangent - load4(query + 1u)) * scale;
    for (var i = 0u; i < E; i++) {
      total_k[i] += part * load0(at.in0 + j * word(5u) + i * word(6u));
    }
    for (var i = 0u; i < F; i++) {
      total_v[i] += weight * load3(at.in3 + j * word(11u) + i * word(12u));
    }
  }
  for (var i = 0u; i < E; i++) {
    store0(at.out + row * word(13u) + i * word(14u), total_k[i]);
  }
  for (var i = 0u; i < F; i++) {
    store1(at.out1 + row * word(15u) + i * word(16u), total_v[i]);
  }
}
