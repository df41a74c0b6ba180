// contract of large operands: the sums of contract.wgsl by tiles of 8 SIDE x 8 SIDE results, 8 x 8 an invocation.
// Uniforms: as there. Dispatch: workgroups of SIDE x SIDE invocations, x over n, y over m. Operands are read four at
// once along terms or along rows (FORM 1, 2), else one by one; a turn of the loop meets DEEP terms.

const SIDE = {{side}}u;
const DEEP = SIDE;
const QUADS = 2u * SIDE;
const TILE = 4u * QUADS;
const THREADS = SIDE * SIDE;
// Terms of a part of the sums, a multiple of DEEP; 0: all.
const PART = {{part}}u;
const FORM0 = {{form0}}u;
const FORM1 = {{form1}}u;

// Rows of in0, then rows of in1: [term][quad of rows]. After the sums, part of the results.
var<workgroup> tile: array<vec4f, 2u * DEEP * QUADS>;

// Quads change places from four terms to four terms, so that lanes write to different banks.
fn place_of(term: u32, quad: u32) -> u32 {
  return term * QUADS + (quad ^ (term / 4u * (32u / DEEP)));
}

// Four rows at a term, 0 past the last.
fn term0(rows: vec4u, p: u32, k: u32) -> vec4f {
  if (p >= k) {
    return vec4f();
  }
  let at = rows + walk_k(p).in0;
  if (FORM0 == 2u) {
    return quad0(at.x);
  }
  return vec4f(load0(at.x), load0(at.y), load0(at.z), load0(at.w));
}

// Column j: four rows at term p + j.
fn block0(rows: vec4u, p: u32, k: u32) -> mat4x4f {
  if (FORM0 != 1u) {
    return mat4x4f(
      term0(rows, p, k), term0(rows, p + 1u, k), term0(rows, p + 2u, k), term0(rows, p + 3u, k));
  }
  if (p >= k) {
    return mat4x4f();
  }
  let at = rows + walk_k(p).in0;
  return transpose(mat4x4f(quad0(at.x), quad0(at.y), quad0(at.z), quad0(at.w)));
}

fn term1(rows: vec4u, p: u32, k: u32) -> vec4f {
  if (p >= k) {
    return vec4f();
  }
  let at = rows + walk_k(p).in1;
  if (FORM1 == 2u) {
    return quad1(at.x);
  }
  return vec4f(load1(at.x), load1(at.y), load1(at.z), load1(at.w));
}

fn block1(rows: vec4u, p: u32, k: u32) -> mat4x4f {
  if (FORM1 != 1u) {
    return mat4x4f(
      term1(rows, p, k), term1(rows, p + 1u, k), term1(rows, p + 2u, k), term1(rows, p + 3u, k));
  }
  if (p >= k) {
    return mat4x4f();
  }
  let at = rows + walk_k(p).in1;
  return transpose(mat4x4f(quad1(at.x), quad1(at.y), quad1(at.z), quad1(at.w)));
}

// Eight rows by two quads of columns, indexed by numbers alone: they must stay in registers.
alias Sums = array<vec4f, 16>;

fn add_term(total: ptr<function, Sums>, term: u32, y: u32, x: u32) {
  let a = tile[place_of(term, y)];
  let c = tile[place_of(term, y + SIDE)];
  let b = tile[DEEP * QUADS + place_of(term, x)];
  let d = tile[DEEP * QUADS + place_of(term, x + SIDE)];
  (*total)[0] += a.x * b;
  (*total)[1] += a.x * d;
  (*total)[2] += a.y * b;
  (*total)[3] += a.y * d;
  (*total)[4] += a.z * b;
  (*total)[5] += a.z * d;
  (*total)[6] += a.w * b;
  (*total)[7] += a.w * d;
  (*total)[8] += c.x * b;
  (*total)[9] += c.x * d;
  (*total)[10] += c.y * b;
  (*total)[11] += c.y * d;
  (*total)[12] += c.z * b;
  (*total)[13] += c.z * d;
  (*total)[14] += c.w * b;
  (*total)[15] += c.w * d;
}

fn add_part(total: ptr<function, Sums>, part: ptr<function, Sums>) {
  (*total)[0] += (*part)[0];
  (*total)[1] += (*part)[1];
  (*total)[2] += (*part)[2];
  (*total)[3] += (*part)[3];
  (*total)[4] += (*part)[4];
  (*total)[5] += (*part)[5];
  (*total)[6] += (*part)[6];
  (*total)[7] += (*part)[7];
  (*total)[8] += (*part)[8];
  (*total)[9] += (*part)[9];
  (*total)[10] += (*part)[10];
  (*total)[11] += (*part)[11];
  (*total)[12] += (*part)[12];
  (*total)[13] += (*part)[13];
  (*total)[14] += (*part)[14];
  (*total)[15] += (*part)[15];
  *part = Sums();
}

@compute @workgroup_size({{side}}, {{side}})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let m = word(0u);
  let n = word(1u);
  let k = word(2u);
  let batch = walk_batch(group.z);
  let corner = TILE * group.yx;
  // One half of the lanes brings in0, the other in1, each a block of four rows by four terms.
  let is_first = lane < THREADS / 2u;
  let own = lane % (THREADS / 2u);
  // Neighbours read neighbouring numbers.
  let is_along_rows = select(FORM1 == 2u, FORM0 == 2u, is_first);
  let quad = select(own / (DEEP / 4u), own % QUADS, is_along_rows);
  let depth = 4u * select(own % (DEEP / 4u), own / QUADS, is_along_rows);
  var rows: vec4u;
  // Past the end the last one is computed again and not stored.
  for (var i = 0u; i < 4u; i++) {
    if (is_first) {
      rows[i] = batch.in0 + walk_m(min(corner.x + 4u * quad + i, m - 1u)).in0;
    } else {
      rows[i] = batch.in1 + walk_n(min(corner.y + 4u * quad + i, n - 1u)).in1;
    }
  }
  let target_place = select(DEEP * QUADS, 0u, is_first);
  var total = Sums();
  var part = Sums();
  var block: mat4x4f;
  if (is_first) {
    block = block0(rows, depth, k);
  } else {
    block = block1(rows, depth, k);
  }
  for (var first = 0u; first < k; first += DEEP) {
    workgroupBarrier();
    tile[target_place + place_of(depth, quad)] = block[0];
    tile[target_place + place_of(depth + 1u, quad)] = block[1];
    tile[target_place + place_of(depth + 2u, quad)] = block[2];
    tile[target_place + place_of(depth + 3u, quad)] = block[3];
    workgroupBarrier();
    // The next block is under way while this one is used.
    if (is_first) {
      block = block0(rows, first + DEEP + depth, k);
    } else {
      block = block1(rows, first + DEEP + depth, k);
    }
    for (var term = 0u; term < DEEP; term += 4u) {
      add_term(&part, term, id.y, id.x);
      add_term(&part, term + 1u, id.y, id.x);
      add_term(&part, term + 2u, id.y, id.x);
      add_term(&part, term + 3u, id.y, id.x);
    }
    // Sums of parts, so that rounding grows with the root of a part and not of the whole.
    if (PART > 0u && (first + DEEP) % PART == 0u) {
      add_part(&total, &part);
    }
  }
  add_part(&total, &part);
  let at = Place(batch, corner, id.y, id.x, lane, m, n);
  finish(at, 0u, total[0], total[1], total[2], total[3]);
  finish(at, 2u, total[4], total[5], total[6], total[7]);
  finish(at, 4u, total[8], total[9], total[10], total[11]);
  finish(at, 6u, total[12], total[13], total[14], total[15]);
}

struct Place {
  batch: Walk_batch,
  corner: vec2u,
  y: u32,
  x: u32,
  lane: u32,
  m: u32,
  n: u32,
}

// Stores two of the eight rows of every invocation: through the tile, so that neighbours write neighbouring numbers.
fn finish(at: Place, part: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  workgroupBarrier();
  tile[2u * at.y * QUADS + at.x] = a;
  tile[2u * at.y * QUADS + at.x + SIDE] = b;
  tile[(2u * at.y + 1u) * QUADS + at.x] = c;
  tile[(2u * at.y + 1u) * QUADS + at.x + SIDE] = d;
  workgroupBarrier();
  // THREADS is a multiple of TILE: an invocation stays in its column.
  let column = at.corner.y + at.lane % TILE;
  if (column >= at.n) {
    return;
  }
  let batch = at.batch;
  let at_n = walk_n(column);
  for (var flat = at.lane; flat < 8u * DEEP * QUADS; flat += THREADS) {
    let pair = flat / TILE;
    let own = part + pair % 2u;
    let row = at.corner.x + own / 4u * 4u * SIDE + pair / 2u * 4u + own % 4u;
    if (row < at.m) {
      let at_m = walk_m(row);
      // A split-K pass over a part of k goes on from what the ones before it left.
      let sum = tile[flat / 4u][flat % 4u] + {{previous}};
      {{epilogue}}
    }
  }
}
