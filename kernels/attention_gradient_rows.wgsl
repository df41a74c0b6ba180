// attentionGradient, first part: for each row of q its largest score, one over its softmax's denominator and the sum of
// its weights times their cotangents; q, k, v, g, perhaps a bias: in0..4, out: the three numbers a row. The logarithm of
// the denominator would be lost beside scores that are all masked. Uniforms: invocations in a row of workgroups,
// invocations, m, n, scale, strides of q (m, e), k (n, e), v (n, f), g (m, f), the bias (m, n), the walk of leading
// axes. An invocation has one row of q, or as many as a vector has lanes.

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
  for (var i = 0u; i < E; i++) {
    let place = at.in0 + i * word(6u);
    q[i] = {{q}} * scale;
  }
  for (var i = 0u; i < F; i++) {
    let place = at.in3 + i * word(12u);
    g[i] = {{g}};
  }
  var largest = Rows(-3.0e38);
  var weights = Rows();
  var product = Rows();
  for (var j = 0u; j < word(3u); j++) {
    var score = Rows();
    for (var i = 0u; i < E; i++) {
      score += q[i] * load1(at.in1 + j * k_row + i * k_feature);
    }
    {{bias}}
    var cotangent = Rows();
    for (var i = 0u; i < F; i++) {
      cotangent += g[i] * load2(at.in2 + j * v_row + i * v_feature);
    }
    if (any(score > largest)) {
      let before = largest;
      largest = max(largest, score);
      let shrink = exp(max(before - largest, Rows(-1.0e4)));
      weights *= shrink;
      product *= shrink;
    }
    let weight = exp(max(score - largest, Rows(-1.0e4)));
    weights += weight;
    product += weight * cotangent;
  }
  let place = 3u * lead * m;
  {
    let result = largest;
    {{largest}}
  }
  {
    let result = 1.0 / weights;
    {{factors}}
  }
  {
    let result = product / weights;
    {{products}}
  }
}
