//! `attentionGradient`: cotangents of q, k and v from the cotangent of the attention's result. Weights are computed
//! again, a block of queries against all keys at a time, so memory grows with the number of keys only. A task is a
//! batch element: the sums over queries stay on one thread.
//!
//! With s = scale q k^T, p = softmax(s), g the cotangent of the result:
//! `dv = p^T g`, `dp = g v^T`, `ds = p (dp - sum over keys of p dp)`, `dq = scale ds k`, `dk = scale ds^T q`.
//! Laid out transposed like attention.rs: p and ds are [key][8 queries].

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::math::Exp;
use crate::matrix::{line, write_transposed, Matrix};
use crate::memory::Memory;
use crate::micro::{micro, micro_to, Target, MR, NR};
use crate::odometer::{count, Odometer};
use crate::pack::{pack, padded};
use crate::simd::*;

/// Queries of a block, the length of the sums that dk and dv are added up from.
const QUERIES: usize = 48;

pub struct AttentionGradient {
    axes: usize,
    sizes: *const u32,
    m: usize,
    n: usize,
    e: usize,
    width: usize,
    scale: f32,
    q: Matrix,
    k: Matrix,
    v: Matrix,
    g: Matrix,
    dq: Matrix,
    dk: Matrix,
    dv: Matrix,
    rows: *mut i32,
    steps: *mut i32,
    /// Panels [feature][6 keys].
    k_by_key: *mut f32,
    /// Panels [key][6 features].
    k_by_feature: *mut f32,
    v_by_key: *mut f32,
    /// Groups [feature][8 queries]; q is scaled.
    q_group: *mut f32,
    g_group: *mut f32,
    /// Panels [query][8 features].
    q_by_feature: *mut f32,
    g_by_feature: *mut f32,
    /// Groups [key][8 queries]: p, then dp and ds.
    weights: *mut f32,
    slopes: *mut f32,
    /// Panels [query][6 keys] of p or ds.
    transposed: *mut f32,
    result: *mut f32,
}

impl Kernel for AttentionGradient {
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> AttentionGradient {
        let axes = code.u();
        let sizes = code.take(axes);
        let m = code.u();
        let n = code.u();
        let e = code.u();
        let width = code.u();
        let scale = code.f();
        let [q, k, v, g, dq, dk, dv] = core::array::from_fn(|_| Matrix::read(code, context, axes));
        let arena = &mut memory.scratch;
        let keys = n.next_multiple_of(12);
        let widest = e.max(width).next_multiple_of(24);
        AttentionGradient {
            axes,
            sizes,
            m,
            n,
            e,
            width,
            scale,
            q,
            k,
            v,
            g,
            dq,
            dk,
            dv,
            rows: arena.take(keys.max(widest) + 2 * QUERIES),
            steps: arena.take(keys.max(widest) + 2 * QUERIES),
            k_by_key: arena.take(keys * padded(e)),
            k_by_feature: arena.take(keys * widest),
            v_by_key: arena.take(keys * padded(width)),
            q_group: arena.take(QUERIES * widest),
            g_group: arena.take(QUERIES * widest),
            q_by_feature: arena.take(QUERIES * widest),
            g_by_feature: arena.take(QUERIES * widest),
            weights: arena.take(keys * QUERIES),
            slopes: arena.take(keys * QUERIES),
            transposed: arena.take(keys * QUERIES),
            result: arena.take(widest * NR),
        }
    }

    unsafe fn run(&mut self, context: &Context) {
        let AttentionGradient { m, n, e, q, k, v, g, dq, dk, dv, .. } = *self;
        let batches = count(self.axes, self.sizes);
        let all = [q.batch, k.batch, v.batch, g.batch, dq.batch, dk.batch, dv.batch];
        let mut walk = Odometer::new(self.axes, self.sizes, &all);
        let run = (65_536 / (m * n * e)).max(1);
        loop {
            let first = context.next() * run;
            if first >= batches {
                return;
            }
            for batch in first..(first + run).min(batches) {
                walk.seek(batch);
                self.pack_keys(&walk.offset);
                for first in (0..m).step_by(QUERIES) {
                    self.queries(&walk.offset, first, QUERIES.min(m - first));
                }
            }
        }
    }
}

impl AttentionGradient {
    unsafe fn pack_keys(&self, at: &[i32]) {
        let (k, v) = (self.k.at(at[1]), self.v.at(at[2]));
        line(self.k.row, self.n, self.rows);
        line(self.k.feature, self.e, self.steps);
        pack::<f32, MR>(k, self.rows, self.n, self.steps, self.e, self.k_by_key);
        line(self.v.row, self.n, self.rows);
        line(self.v.feature, self.width, self.steps);
        pack::<f32, MR>(v, self.rows, self.n, self.steps, self.width, self.v_by_key);
        line(self.k.feature, self.e, self.rows);
        line(self.k.row, self.n, self.steps);
        pack::<f32, MR>(k, self.rows, self.e, self.steps, self.n, self.k_by_feature);
    }

    unsafe fn queries(&self, at: &[i32], first: usize, count: usize) {
        let q = self.q.at(at[0] + first as i32 * self.q.row);
        let g = self.g.at(at[3] + first as i32 * self.g.row);
        self.pack_queries(&self.q, q, self.e, count, self.q_group, self.q_by_feature);
        self.pack_queries(&self.g, g, self.width, count, self.g_group, self.g_by_feature);
        let scale = f32x4_splat(self.scale);
        let groups = count.div_ceil(NR);
        for i in (0..groups * NR * padded(self.e)).step_by(4) {
            store(self.q_group.add(i), f32x4_mul(load(self.q_group.add(i)), scale));
        }
        let keys = padded(self.n);
        for group in 0..groups {
            let weights = self.weights.add(group * keys * NR);
            let slopes = self.slopes.add(group * keys * NR);
            self.products(self.k_by_key, self.e, self.q_group, group, weights);
            self.products(self.v_by_key, self.width, self.g_group, group, slopes);
            self.soften(weights, slopes, NR.min(count - group * NR));
            self.query_cotangent(at[4], first + group * NR, NR.min(count - group * NR), slopes);
        }
        let is_first = first == 0;
        self.transpose(self.weights, groups);
        let one = f32x4_splat(1.0);
        self.key_cotangent(&self.dv, at[6], self.g_by_feature, self.width, groups, one, is_first);
        self.transpose(self.slopes, groups);
        self.key_cotangent(&self.dk, at[5], self.q_by_feature, self.e, groups, scale, is_first);
    }

    unsafe fn pack_queries(
        &self,
        matrix: &Matrix,
        from: *const f32,
        width: usize,
        count: usize,
        groups: *mut f32,
        by_feature: *mut f32,
    ) {
        line(matrix.row, count, self.rows);
        line(matrix.feature, width, self.steps);
        pack::<f32, NR>(from, self.rows, count, self.steps, width, groups);
        // Here the sum runs over queries: those past the end must be zeros, which `pack` adds up to a multiple of 4
        // and `zero` up to whole groups.
        line(matrix.feature, width, self.rows);
        line(matrix.row, count, self.steps);
        let whole = count.div_ceil(NR) * NR;
        pack::<f32, NR>(from, self.rows, width, self.steps, count, by_feature);
        if padded(count) != whole {
            spread(by_feature, width.div_ceil(NR), padded(count), whole);
        }
    }

    /// `to[key][query] = sum over features` for one group; holds keys up to a panel.
    unsafe fn products(&self, panels: *const f32, width: usize, groups: *const f32, group: usize, to: *mut f32) {
        let k = padded(width);
        let queries = groups.add(group * NR * k);
        let whole = self.n / MR;
        if whole > 0 {
            micro_to(k, panels, queries, MR, &Target::dense(to, whole));
        }
        let key = whole * MR;
        if key < self.n {
            let mut tile = [f32x4_splat(0.0); MR * NR / 4];
            micro(k, panels.add(key * k), queries, tile.as_mut_ptr() as *mut f32);
            for (i, part) in tile.iter().enumerate().take(2 * (self.n - key)) {
                store(to.add(key * NR + 4 * i), *part);
            }
        }
    }

    /// Scores become p, `slopes` (dp on entry) become ds; both are 0 past the last key and query.
    unsafe fn soften(&self, weights: *mut f32, slopes: *mut f32, count: usize) {
        let exp = Exp::new();
        let lanes = i32x4(0, 1, 2, 3);
        for half in [0, 4] {
            let (weights, slopes) = (weights.add(half), slopes.add(half));
            let mut largest = f32x4_splat(f32::NEG_INFINITY);
            for i in 0..self.n {
                largest = f32x4_pmax(largest, load(weights.add(i * NR)));
            }
            let mut sums = [f32x4_splat(0.0); 2];
            for i in 0..self.n {
                let x = exp.of_negative(f32x4_sub(load(weights.add(i * NR)), largest));
                store(weights.add(i * NR), x);
                sums[i & 1] = f32x4_add(sums[i & 1], x);
            }
            let factor = f32x4_div(f32x4_splat(1.0), f32x4_add(sums[0], sums[1]));
            let valid = i32x4_lt(lanes, i32x4_splat(count as i32 - half as i32));
            let mut means = [f32x4_splat(0.0); 2];
            for i in 0..self.n {
                let p = v128_and(f32x4_mul(load(weights.add(i * NR)), factor), valid);
                store(weights.add(i * NR), p);
                means[i & 1] = madd(p, load(slopes.add(i * NR)), means[i & 1]);
            }
            let mean = f32x4_add(means[0], means[1]);
            for i in 0..self.n {
                let p = load(weights.add(i * NR));
                let slope = f32x4_mul(p, f32x4_sub(load(slopes.add(i * NR)), mean));
                store(slopes.add(i * NR), v128_and(slope, valid));
            }
            for i in self.n..padded(self.n) {
                store(weights.add(i * NR), f32x4_splat(0.0));
                store(slopes.add(i * NR), f32x4_splat(0.0));
            }
        }
    }

    /// `dq[query][feature] = scale sum over keys of ds k`.
    unsafe fn query_cotangent(&self, at: i32, query: usize, count: usize, slopes: *const f32) {
        let keys = padded(self.n);
        let target = Target::dense(self.result, self.e.div_ceil(MR));
        micro_to(keys, self.k_by_feature, slopes, MR, &target);
        let factors = [f32x4_splat(self.scale); 2];
        write_transposed(&self.dq, at, query, count, self.result, self.e, factors);
    }

    /// Groups [key][8 queries] to panels [query][6 keys].
    unsafe fn transpose(&self, from: *const f32, groups: usize) {
        let keys = padded(self.n);
        let queries = groups * NR;
        for key in (0..self.n).step_by(MR) {
            let panel = self.transposed.add(key * queries);
            for group in 0..groups {
                let from = from.add((group * keys + key) * NR);
                for i in 0..MR {
                    // Keys past the end repeat the last one; their results are not stored.
                    let i_from = i.min(self.n - 1 - key);
                    for j in 0..NR {
                        *panel.add((group * NR + j) * MR + i) = *from.add(i_from * NR + j);
                    }
                }
            }
        }
    }

    /// `out[key][feature] (+)= factor sum over the block's queries of transposed x`.
    unsafe fn key_cotangent(
        &self,
        out: &Matrix,
        at: i32,
        panels: *const f32,
        width: usize,
        groups: usize,
        factor: v128,
        is_first: bool,
    ) {
        let queries = groups * NR;
        let mut tile = [f32x4_splat(0.0); MR * NR / 4];
        for feature in (0..width).step_by(NR) {
            for key in (0..self.n).step_by(MR) {
                let transposed = self.transposed.add(key * queries);
                micro(queries, transposed, panels.add(feature * queries), tile.as_mut_ptr() as *mut f32);
                for i in 0..MR.min(self.n - key) {
                    let to = out.at(at + (key + i) as i32 * out.row + feature as i32 * out.feature);
                    let values = [f32x4_mul(tile[2 * i], factor), f32x4_mul(tile[2 * i + 1], factor)];
                    add_row(to, out.feature, NR.min(width - feature), values, is_first);
                }
            }
        }
    }
}

/// Moves panels of `before` steps apart to `after` steps and fills the gaps with zeros, last panel first.
unsafe fn spread(panels: *mut f32, count: usize, before: usize, after: usize) {
    for panel in (0..count).rev() {
        let to = panels.add(panel * after * NR);
        core::ptr::copy(panels.add(panel * before * NR), to, before * NR);
        for i in before * NR..after * NR {
            *to.add(i) = 0.0;
        }
    }
}

unsafe fn add_row(to: *mut f32, step: i32, n: usize, values: [v128; 2], is_first: bool) {
    let values: [f32; NR] = core::mem::transmute(values);
    for (i, value) in values.iter().enumerate().take(n) {
        let to = to.offset(i as isize * step as isize);
        *to = if is_first { *value } else { *to + *value };
    }
}
