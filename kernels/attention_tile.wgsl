// attention of many rows: the same result as attention.wgsl by tiles of 32 rows and 32 keys; a workgroup meets the keys
// from the first to the last, and sums are rescaled when a larger score comes. Uniforms: workgroups in a row,
// workgroups, then as there. Dispatch: workgroups of 8 x 8 invocations, each with 4 rows x 4 keys, 4 rows x T quads of
// features.

const E = {{e}}u;
const F = {{f}}u;
const E_QUADS = (E + 3u) / 4u;
const F_QUADS = (F + 3u) / 4u;
// Quads of features of an invocation, at most four; rows of tiles are a multiple of eight quads.
const T = (F_QUADS + 7u) / 8u;
const E_WIDE = (E_QUADS + 7u) / 8u * 8u;
const F_WIDE = 8u * T;

// Quads of a row change places with the row's number / 4, so that lanes read from different banks.
var<workgroup> queries: array<vec4f, 32u * E_WIDE>;
// Keys, then values.
var<workgroup> others: array<vec4f, 32u * max(E_WIDE, F_WIDE)>;
var<workgroup> weights: array<vec4f, 256>;
// One number for each of an invocation's four rows.
var<workgroup> partial: array<vec4f, 64>;

fn query_quad(at: u32, quad: u32) -> vec4f {
  if ({{whole0}}) {
    return quad0(at + 4u * quad);
  }
  var x: vec4f;
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < E) {
      x[i] = load0(at + (4u * quad + i) * word(6u));
    }
  }
  return x;
}

fn key_quad(at: u32, quad: u32) -> vec4f {
  if ({{whole1}}) {
    return quad1(at + 4u * quad);
  }
  var x: vec4f;
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < E) {
      x[i] = load1(at + (4u * quad + i) * word(8u));
    }
  }
  return x;
}

fn value_quad(at: u32, quad: u32) -> vec4f {
  if ({{whole2}}) {
    return quad2(at + 4u * quad);
  }
  var x: vec4f;
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < F) {
      x[i] = load2(at + (4u * quad + i) * word(10u));
    }
  }
  return x;
}

fn largest_of(x: vec4f) -> f32 {
  return max(max(x.x, x.y), max(x.z, x.w));
}

fn exp_of(x: vec4f) -> vec4f {
  return exp(max(x, vec4f(-1.0e4)));
}

// Scores of a row and four keys; column i of keys: feature i of each.
fn add_scores(scores: vec4f, query: vec4f, keys: mat4x4f) -> vec4f {
  return (((scores + query.x * keys[0]) + query.y * keys[1]) + query.z * keys[2]) + query.w * keys[3];
}

// Four features of four rows.
fn add_values(total: mat4x4f, weight: vec4f, value: vec4f) -> mat4x4f {
  return mat4x4f(
    total[0] + weight.x * value, total[1] + weight.y * value, total[2] + weight.z * value, total[3] + weight.w * value);
}

fn scaled(total: mat4x4f, by: vec4f) -> mat4x4f {
  return mat4x4f(total[0] * by.x, total[1] * by.y, total[2] * by.z, total[3] * by.w);
}

fn store_quad(at: u32, quad: u32, x: vec4f) {
  for (var i = 0u; i < 4u; i++) {
    if (4u * quad + i < F) {
      store0(at + (4u * quad + i) * word(12u), x[i]);
    }
  }
}

fn store_rows(at: u32, row: u32, quad: u32, x: mat4x4f) {
  let m = word(2u);
  if (row < m) {
    store_quad(at + row * word(11u), quad, x[0]);
  }
  if (row + 1u < m) {
    store_quad(at + (row + 1u) * word(11u), quad, x[1]);
  }
  if (row + 2u < m) {
    store_quad(at + (row + 2u) * word(11u), quad, x[2]);
  }
  if (row + 3u < m) {
    store_quad(at + (row + 3u) * word(11u), quad, x[3]);
  }
}

struct Place {
  at: Walk,
  row: u32,
  key: u32,
}

// With the bias; keys past the last weigh nothing.
fn limited(scores: vec4f, place: Place, i: u32) -> vec4f {
  let row = min(place.row + i, word(2u) - 1u);
  let last = word(3u) - 1u;
  let keys = vec4u(place.key) + vec4u(0u, 1u, 2u, 3u);
  let biased = scores + vec4f(
    bias(place.at, row, min(keys.x, last)),
    bias(place.at, row, min(keys.y, last)),
    bias(place.at, row, min(keys.z, last)),
    bias(place.at, row, min(keys.w, last)));
  return select(vec4f(-3.0e38), biased, keys <= vec4u(last));
}

fn bias(at: Walk, row: u32, key: u32) -> f32 {
  return {{bias}};
}

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let flat = group.x + group.y * word(0u);
  if (flat >= word(1u)) {
    return;
  }
  let m = word(2u);
  let n = word(3u);
  let scale = bitcast<f32>(word(4u));
  let tiles = (m + 31u) / 32u;
  let first_row = flat % tiles * 32u;
  let at = walk(flat / tiles);
  for (var i = lane; i < 32u * E_QUADS; i += 64u) {
    let row = i / E_QUADS;
    let quad = i % E_QUADS;
    let place = at.in0 + min(first_row + row, m - 1u) * word(5u);
    queries[row * E_WIDE + (quad ^ (row / 4u))] = query_quad(place, quad) * scale;
  }
  let own = 4u * id.y;
  var largest = vec4f(-3.0e38);
  var sums = vec4f();
  var total0 = mat4x4f();
  var total1 = mat4x4f();
  var total2 = mat4x4f();
  var total3 = mat4x4f();
  for (var first = 0u; first < n; first += 32u) {
    workgroupBarrier();
    for (var i = lane; i < 32u * E_QUADS; i += 64u) {
      let row = i / E_QUADS;
      let quad = i % E_QUADS;
      let place = at.in1 + min(first + row, n - 1u) * word(7u);
      others[row * E_WIDE + (quad ^ (row / 4u))] = key_quad(place, quad);
    }
    workgroupBarrier();
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    for (var quad = 0u; quad < E_QUADS; quad++) {
      let key = 4u * id.x * E_WIDE + (quad ^ id.x);
      let keys = transpose(mat4x4f(
        others[key], others[key + E_WIDE], others[key + 2u * E_WIDE], others[key + 3u * E_WIDE]));
      let query = own * E_WIDE + (quad ^ id.y);
      s0 = add_scores(s0, queries[query], keys);
      s1 = add_scores(s1, queries[query + E_WIDE], keys);
      s2 = add_scores(s2, queries[query + 2u * E_WIDE], keys);
      s3 = add_scores(s3, queries[query + 3u * E_WIDE], keys);
    }
    let place = Place(at, first_row + own, first + 4u * id.x);
    s0 = limited(s0, place, 0u);
    s1 = limited(s1, place, 1u);
    s2 = limited(s2, place, 2u);
    s3 = limited(s3, place, 3u);
    partial[8u * id.y + id.x] = vec4f(largest_of(s0), largest_of(s1), largest_of(s2), largest_of(s3));
    workgroupBarrier();
    let before = largest;
    for (var x = 0u; x < 8u; x++) {
      largest = max(largest, partial[8u * id.y + x]);
    }
    let shrink = exp_of(before - largest);
    let w0 = exp_of(s0 - largest.x);
    let w1 = exp_of(s1 - largest.y);
    let w2 = exp_of(s2 - largest.z);
    let w3 = exp_of(s3 - largest.w);
    let one = vec4f(1.0);
    sums = sums * shrink + vec4f(dot(w0, one), dot(w1, one), dot(w2, one), dot(w3, one));
    // Column c: the weights of key c for four rows.
    let by_key = transpose(mat4x4f(w0, w1, w2, w3));
    let heavy = 32u * id.x + (id.y ^ id.x);
    weights[heavy] = by_key[0];
    weights[heavy + 8u] = by_key[1];
    weights[heavy + 16u] = by_key[2];
    weights[heavy + 24u] = by_key[3];
    for (var i = lane; i < 32u * F_QUADS; i += 64u) {
      let row = i / F_QUADS;
      let quad = i % F_QUADS;
      others[row * F_WIDE + quad] = value_quad(at.in2 + min(first + row, n - 1u) * word(9u), quad);
    }
    workgroupBarrier();
    total0 = scaled(total0, shrink);
    total1 = scaled(total1, shrink);
    total2 = scaled(total2, shrink);
    total3 = scaled(total3, shrink);
    for (var key = 0u; key < 32u; key++) {
      let weight = weights[8u * key + (id.y ^ (key / 4u))];
      let value = key * F_WIDE + id.x;
      total0 = add_values(total0, weight, others[value]);
      if (T > 1u) {
        total1 = add_values(total1, weight, others[value + 8u]);
      }
      if (T > 2u) {
        total2 = add_values(total2, weight, others[value + 16u]);
      }
      if (T > 3u) {
        total3 = add_values(total3, weight, others[value + 24u]);
      }
    }
  }
  workgroupBarrier();
  partial[8u * id.y + id.x] = sums;
  workgroupBarrier();
  sums = vec4f();
  for (var x = 0u; x < 8u; x++) {
    sums += partial[8u * id.y + x];
  }
  let share = 1.0 / sums;
  let row = first_row + own;
  store_rows(at.out, row, id.x, scaled(total0, share));
  if (T > 1u) {
    store_rows(at.out, row, id.x + 8u, scaled(total1, share));
  }
  if (T > 2u) {
    store_rows(at.out, row, id.x + 16u, scaled(total2, share));
  }
  if (T > 3u) {
    store_rows(at.out, row, id.x + 24u, scaled(total3, share));
  }
}
