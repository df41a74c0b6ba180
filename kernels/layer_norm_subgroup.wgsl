// layerNorm where the device has subgroups: the formula and uniforms of layer_norm.wgsl, but a row is one subgroup's,
// whose lanes add by registers. Dispatch: workgroups of 128 invocations for ROWS rows each. Which invocations make up a
// subgroup, and how many, is the device's affair: subgroups draw numbers and lanes count themselves.

const ROWS = 8u;

var<workgroup> drawn: atomic<u32>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u) {
  let lane = subgroupExclusiveAdd(1u);
  let lanes = subgroupAdd(1u);
  var own = 0u;
  if (lane == 0u) {
    own = atomicAdd(&drawn, 1u);
  }
  own = subgroupBroadcastFirst(own);
  workgroupBarrier();
  let subgroups = atomicLoad(&drawn);
  for (var r = own; r < ROWS; r += subgroups) {
    let row = (group.x + group.y * word(0u)) * ROWS + r;
    if (row < word(1u)) {
      norm_row(row, lane, lanes);
    }
  }
}

fn norm_row(row: u32, lane: u32, lanes: u32) {
  let at = walk(row);
  let n = word(2u);
  var total = 0.0;
  for (var i = lane; i < n; i += lanes) {
    total += load0(at.in0 + i * word(5u));
  }
  // Twice: rows far from zero lose nothing to the rounding of their mean.
  let rough = subgroupAdd(total) / f32(n);
  total = 0.0;
  for (var i = lane; i < n; i += lanes) {
    total += load0(at.in0 + i * word(5u)) - rough;
  }
  let rest = subgroupAdd(total) / f32(n);
  total = 0.0;
  for (var i = lane; i < n; i += lanes) {
    let d = (load0(at.in0 + i * word(5u)) - rough) - rest;
    total += d * d;
  }
  let scale = 1.0 / sqrt(subgroupAdd(total) / f32(n) + bitcast<f32>(word(3u)));
  for (var i = lane; i < n; i += lanes) {
    let d = (load0(at.in0 + i * word(5u)) - rough) - rest;
    store0(at.out + i * word(4u), d * scale * load1(word(8u) + i * word(6u)) + load2(word(9u) + i * word(7u)));
  }
}
