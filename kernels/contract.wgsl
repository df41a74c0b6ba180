// contract: out[b, m, n] = epilogue(sum over k of in0[b, m, k] in1[b, n, k], in2[b, m, n], ..), all strided.
// Uniforms: m, n, k, batches, then the walks of batches, rows, columns and summed elements.
// Dispatch: workgroups of 8 x 8 invocations, each with ROWS x COLUMNS results in registers; x over n, y over m.

const ROWS = {{rows}}u;
const COLUMNS = {{columns}}u;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let m = word(0u);
  let n = word(1u);
  let k = word(2u);
  let row = id.y * ROWS;
  let column = id.x * COLUMNS;
  if (row >= m || column >= n) {
    return;
  }
  let batch = walk_batch(group.z);
  var a: array<u32, ROWS>;
  var b: array<u32, COLUMNS>;
  // Past the end the last one is computed again and not stored.
  for (var i = 0u; i < ROWS; i++) {
    a[i] = batch.in0 + walk_m(min(row + i, m - 1u)).in0;
  }
  for (var j = 0u; j < COLUMNS; j++) {
    b[j] = batch.in1 + walk_n(min(column + j, n - 1u)).in1;
  }
  var total = array<array<f32, COLUMNS>, ROWS>();
  // Sums of parts, so that rounding grows with the root of a part and not of the whole.
  for (var first = 0u; first < k; first += 256u) {
    // Written out: not every compiler clears a variable in each turn of a loop.
    var part = array<array<f32, COLUMNS>, ROWS>();
    let end = min(first + 256u, k);
    for (var p = first; p < end; p++) {
      let at = walk_k(p);
      var x: array<f32, ROWS>;
      for (var i = 0u; i < ROWS; i++) {
        x[i] = load0(a[i] + at.in0);
      }
      for (var j = 0u; j < COLUMNS; j++) {
        let y = load1(b[j] + at.in1);
        for (var i = 0u; i < ROWS; i++) {
          part[i][j] += x[i] * y;
        }
      }
    }
    for (var i = 0u; i < ROWS; i++) {
      for (var j = 0u; j < COLUMNS; j++) {
        total[i][j] += part[i][j];
      }
    }
  }
  for (var i = 0u; i < ROWS; i++) {
    for (var j = 0u; j < COLUMNS; j++) {
      if (row + i < m && column + j < n) {
        finish(total[i][j], row + i, column + j, batch);
      }
    }
  }
}

fn finish(part: f32, row: u32, column: u32, batch: Walk_batch) {
  let at_m = walk_m(row);
  let at_n = walk_n(column);
  // A split-K pass over a part of k goes on from what the ones before it left.
  let sum = part + {{previous}};
  {{epilogue}}
}
