// reduce: out[i] = sum or largest value over j of expression(in0[i, j], ..), both spaces strided.
// Words: workgroups in a row, results, terms, then the walks of the results and of the terms.
// Dispatch: one workgroup of LANES invocations a result; the lanes share the terms and meet in a tree.

const LANES = {{lanes}}u;

var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size({{lanes}})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let result = group.x + group.y * word(0u);
  if (result >= word(1u)) {
    return;
  }
  let base = walk(result);
  let terms = word(2u);
  var total = {{start}};
  // The first term starts a maximum: no number is below all others without infinity.
  for (var j = lane; j < terms; j += LANES) {
    let at = walk_terms(j, base);
    {{expression}}
    total = select({{join}}, term, {{isMax}} && j == lane);
  }
  partial[lane] = total;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half && lane + half < terms) {
      let term = partial[lane + half];
      total = partial[lane];
      partial[lane] = {{join}};
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    store0(base.out, partial[0]);
  }
}
