// attentionGradient, third part: the cotangents of k and v; q, k, v, g, perhaps a bias: in0..4, then the rows' three
// numbers, out0 for k, out1 for v. Uniforms: invocations in a row of workgroups, invocations, m, n, scale, strides of
// q (m, e), k (n, e), v (n, f), g (m, f), out0 (n, e), out1 (n, f), the bias (m, n), the walk of leading axes. An
// invocation has one row of k, or as many as a vector has lanes.

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
  let n = word(3u);
  let parts = (n + {{rows}}u - 1u) / {{rows}}u;
  let row = flat % parts * {{rows}}u;
  let lead = flat / parts;
  let at = walk(lead);
  let scale = bitcast<f32>(word(4u));
  let q_row = word(5u);
  let q_feature = word(6u);
  let g_row = word(11u);
  let g_feature = word(12u);
  var k: array<Rows, E>;
  var v: array<Rows, F>;
  var total_k: array<Rows, E>;
  var total_v: array<Rows, F>;
  for (var i = 0u; i < E; i++) {
    let place = at.in1 + i * word(8u);
    k[i] = {{k}} * scale;
  }
  for (var i = 0u; i < F; i++) {
    let place = at.in2 + i * word(10u);
    v[i] = {{v}};
  }
  var q: array<f32, E>;
  var g: array<f32, F>;
  for (var j = 0u; j < m; j++) {
    var score = Rows();
    for (var i = 0u; i < E; i++) {
      q[i] = load0(at.in0 + j * q_row + i * q_feature);
      score += k[i] * q[i];
    }
    {{bias}}
    var cotangent = Rows();
    for (var i = 0u; i < F; i++) {
      g[i] = load3(at.in3 + j * g_row + i * g_feature);
      cotangent += v[i] * g[i];
    }
    let query = 3u * (lead * m + j);
    let weight = exp(max(score - {{numbers}}(query), Rows(-1.0e4))) * {{numbers}}(query + 1u);
    let part = weight * (cotangent - {{numbers}}(query + 2u)) * scale;
    for (var i = 0u; i < E; i++) {
      total_k[i] += part * q[i];
    }
    for (var i = 0u; i < F; i++) {
      total_v[i] += weight * g[i];
    }
  }
  for (var i = 0u; i < E; i++) {
    let place = at.out + i * word(14u);
    let result = total_k[i];
    {{store0}}
  }
  for (var i = 0u; i < F; i++) {
    let place = at.out1 + i * word(16u);
    let result = total_v[i];
    {{store1}}
  }
}
