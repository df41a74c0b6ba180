// layerNorm: out = (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis; x, weight, bias: in0..2.
// Uniforms: workgroups in a row, rows, row length, epsilon, last strides of out, x, weight, bias, places of weight and
// bias, the walk of rows. Dispatch: one workgroup a row; the deviation is taken from the mean, not from squares.

const LANES = 64u;

var<workgroup> partial: array<f32, LANES>;

fn sum_of_lanes(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      partial[lane] += partial[lane + half];
    }
    workgroupBarrier();
  }
  return partial[0];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * word(0u);
  if (row >= word(1u)) {
    return;
  }
  let at = walk(row);
  let n = word(2u);
  var total = 0.0;
  for (var i = lane; i < n; i += LANES) {
    total += load0(at.in0 + i * word(5u));
  }
  // Twice: rows far from zero lose nothing to the rounding of their mean.
  let rough = sum_of_lanes(total, lane) / f32(n);
  total = 0.0;
  for (var i = lane; i < n; i += LANES) {
    total += load0(at.in0 + i * word(5u)) - rough;
  }
  let rest = sum_of_lanes(total, lane) / f32(n);
  total = 0.0;
  for (var i = lane; i < n; i += LANES) {
    let d = (load0(at.in0 + i * word(5u)) - rough) - rest;
    total += d * d;
  }
  let scale = 1.0 / sqrt(sum_of_lanes(total, lane) / f32(n) + bitcast<f32>(word(3u)));
  for (var i = lane; i < n; i += LANES) {
    let d = (load0(at.in0 + i * word(5u)) - rough) - rest;
    store0(at.out + i * word(4u), d * scale * load1(word(8u) + i * word(6u)) + load2(word(9u) + i * word(7u)));
  }
}
