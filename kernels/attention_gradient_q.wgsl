// attentionGradient, second part: the cotangents of q and of a bias; q, k, v, g, perhaps the bias: in0..4, then the
// rows' three numbers. Uniforms: invocations in a row of workgroups, invocations, m, n, scale, strides of q (m, e),
// k (n, e), v (n, f), g (m, f), out (m, e), of the bias and out1 (m, n), the walk of leading axes. An invocation has one
// row of q, or as many as a vector has lanes.

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
  let lead = flat / parts;
  let at = walk(lead);
  let scale = bitcast<f32>(word(4u));
  let k_row = word(7u);
  let k_feature = word(8u);
  let v_row = word(9u);
  let v_feature = word(10u);
  var q: array<Rows, E>;
  var g: array<Rows, F>;
  var total: array<Rows, E>;
  for (var i = 0u; i < E; i++) {
    let place = at.in0 + i * word(6u);
    q[i] = {{q}} * scale;
  }
  for (var i = 0u; i < F; i++) {
    let place = at.in3 + i * word(12u);
    g[i] = {{g}};
  }
  let numbers = 3u * lead * m;
  let largest = {{largest}};
  let factor = {{factors}};
  let product = {{products}};
  var k: array<f32, E>;
  for (var j = 0u; j < word(3u); j++) {
    var score = Rows();
    for (var i = 0u; i < E; i++) {
      k[i] = load1(at.in1 + j * k_row + i * k_feature);
      score += q[i] * k[i];
    }
    {{bias}}
    var cotangent = Rows();
    for (var i = 0u; i < F; i++) {
      cotangent += g[i] * load2(at.in2 + j * v_row + i * v_feature);
    }
    let weight = exp(max(score - largest, Rows(-1.0e4))) * factor;
    let result = weight * (cotangent - product);
    {{slopes}}
    let part = result * scale;
    for (var i = 0u; i < E; i++) {
      total[i] += part * k[i];
    }
  }
  for (var i = 0u; i < E; i++) {
    let place = at.out + i * word(14u);
    let result = total[i];
    {{store}}
  }
}
