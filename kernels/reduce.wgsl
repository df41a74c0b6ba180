// reduce: out[i] = sum or largest value over j of expression(in0[i, j], ..), both spaces strided. Uniforms: workgroups
// in a row, results, terms, then the walks of the results and of the terms. Dispatch: workgroups of ACROSS results x
// LANES; lanes share the terms of a result and meet in a tree. Neighbours read neighbours either way. Sums are
// compensated (sum.wgsl): a lane adds thousands of terms, and what is left of them may be far smaller than they are.

const ACROSS = {{across}}u;
const LANES = {{lanes}}u;

var<workgroup> partial: array<Total, ACROSS * LANES>;

// Starts from the first term: no number is below all others without infinity.
fn join(total: Total, term: f32, isFirst: bool) -> Total {
  {{join}}
}

@compute @workgroup_size({{across}}, {{lanes}})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let lane = id.y;
  let result = (group.x + group.y * word(0u)) * ACROSS + id.x;
  // Past the end the last one is computed again and not stored: all meet at the barriers.
  let base = walk(min(result, word(1u) - 1u));
  let terms = word(2u);
  var total = Total(0.0, 0.0);
  for (var j = lane; j < terms; j += LANES) {
    let at = walk_terms(j, base);
    {{expression}}
    total = join(total, term, j == lane);
  }
  partial[lane * ACROSS + id.x] = total;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half && lane + half < terms) {
      let other = partial[(lane + half) * ACROSS + id.x];
      total = join(partial[lane * ACROSS + id.x], other.sum, false);
      total.rest += other.rest;
      partial[lane * ACROSS + id.x] = total;
    }
    workgroupBarrier();
  }
  if (lane == 0u && result < word(1u)) {
    store0(base.out, sum_of(partial[id.x]));
  }
}
