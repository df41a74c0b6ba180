//! `attention`: `softmax(q k^T scale + bias) v` without a matrix of scores in memory. Keys stream in blocks past
//! groups of eight queries; each group keeps its running maximum, sum and result (online softmax).
//!
//! Everything is laid out transposed: scores are [key][query], results [feature][query], with the eight queries of a
//! group across vector lanes. So maximum, exponential and sum need no work across lanes, and the weights are already
//! in the form of a packed panel for the product with v.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::math::Exp;
use crate::matrix::{line, write_transposed, Matrix};
use crate::memory::Memory;
use crate::micro::{micro_to, Target, MR, NR};
use crate::odometer::{count, Odometer};
use crate::pack::{pack, padded};
use crate::simd::*;

/// Keys of a block: their k and v panels stay in the second-level cache. A multiple of 12.
const KEYS: usize = 192;
/// Queries that pass by a block of keys before the next one.
const QUERIES: usize = 48;

pub struct Attention {
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
    out: Matrix,
    bias: Option<Matrix>,
    rows: *mut i32,
    steps: *mut i32,
    /// Blocks of KEYS keys: panels [feature][6 keys].
    k_panels: *mut f32,
    /// Blocks of KEYS keys: panels [key][6 features].
    v_panels: *mut f32,
    /// Groups [feature][8 queries], scaled.
    queries: *mut f32,
    /// One group's [key][8 queries].
    weights: *mut f32,
    /// Groups [feature][8 queries].
    results: *mut f32,
    /// Per group 8 running maxima, then 8 running sums.
    statistics: *mut f32,
}

impl Kernel for Attention {
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Attention {
        let axes = code.u();
        let sizes = code.take(axes);
        let m = code.u();
        let n = code.u();
        let e = code.u();
        let width = code.u();
        let scale = code.f();
        let [q, k, v, out] = core::array::from_fn(|_| Matrix::read(code, context, axes));
        let bias = code.flag().then(|| Matrix::read(code, context, axes));
        let arena = &mut memory.scratch;
        let tall = width.next_multiple_of(MR);
        let keys = n.next_multiple_of(KEYS);
        Attention {
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
            out,
            bias,
            rows: arena.take(KEYS.max(width) + 2 * MR),
            steps: arena.take(KEYS.max(e) + 4),
            k_panels: arena.take(keys * padded(e)),
            v_panels: arena.take(keys * tall),
            queries: arena.take(QUERIES * padded(e)),
            weights: arena.take((KEYS + MR) * NR),
            results: arena.take(QUERIES * tall),
            statistics: arena.take(2 * QUERIES),
        }
    }

    unsafe fn run(&mut self, context: &Context) {
        let Attention { m, n, e, q, k, v, out, .. } = *self;
        let batches = count(self.axes, self.sizes);
        // Parts of one batch element's queries, so that few heads still occupy all threads.
        let groups = m.div_ceil(QUERIES);
        let parts = (4 * context.threads).div_ceil(batches).min(groups).max(1);
        let parts = if context.threads == 1 { 1 } else { parts };
        let tasks = batches * parts;
        let run = (65_536 / (m * n * e)).max(1);
        let all = [q.batch, k.batch, v.batch, out.batch, self.bias.unwrap_or(out).batch];
        let mut walk = Odometer::new(self.axes, self.sizes, &all);
        loop {
            let first = context.next() * run;
            if first >= tasks {
                return;
            }
            for task in first..(first + run).min(tasks) {
                walk.seek(task / parts);
                let part = task % parts;
                let (top, end) = (groups * part / parts * QUERIES, m.min(groups * (part + 1) / parts * QUERIES));
                self.pack_keys(&walk.offset);
                for first in (top..end).step_by(QUERIES) {
                    self.queries(&walk.offset, first, QUERIES.min(end - first));
                }
            }
        }
    }
}

impl Attention {
    fn tall(&self) -> usize {
        self.width.next_multiple_of(MR)
    }

    unsafe fn pack_keys(&self, at: &[i32]) {
        for (block, first) in (0..self.n).step_by(KEYS).enumerate() {
            let count = KEYS.min(self.n - first);
            line(self.k.row, count, self.rows);
            line(self.k.feature, self.e, self.steps);
            let from = self.k.at(at[1] + first as i32 * self.k.row);
            pack::<f32, MR>(
                from,
                self.rows,
                count,
                self.steps,
                self.e,
                self.k_panels.add(block * KEYS * padded(self.e)),
            );
            line(self.v.feature, self.width, self.rows);
            line(self.v.row, count, self.steps);
            let from = self.v.at(at[2] + first as i32 * self.v.row);
            pack::<f32, MR>(
                from,
                self.rows,
                self.width,
                self.steps,
                count,
                self.v_panels.add(block * KEYS * self.tall()),
            );
        }
    }

    /// Results of `count` queries from `first` on.
    unsafe fn queries(&self, at: &[i32], first: usize, count: usize) {
        let (e, tall) = (padded(self.e), self.tall());
        let groups = count.div_ceil(NR);
        line(self.q.row, count, self.rows);
        line(self.q.feature, self.e, self.steps);
        pack::<f32, NR>(
            self.q.at(at[0] + first as i32 * self.q.row),
            self.rows,
            count,
            self.steps,
            self.e,
            self.queries,
        );
        let scale = f32x4_splat(self.scale);
        for i in (0..groups * NR * e).step_by(4) {
            store(self.queries.add(i), f32x4_mul(load(self.queries.add(i)), scale));
        }
        for group in 0..groups {
            for half in [0, 4] {
                store(self.statistics.add(group * 2 * NR + half), f32x4_splat(f32::NEG_INFINITY));
                store(self.statistics.add(group * 2 * NR + NR + half), f32x4_splat(0.0));
            }
        }
        for (block, key) in (0..self.n).step_by(KEYS).enumerate() {
            let keys = KEYS.min(self.n - key);
            for group in 0..groups {
                self.scores(block, keys, group);
                if let Some(bias) = &self.bias {
                    let query = first + group * NR;
                    self.add_bias(bias, at[4], query, NR.min(first + count - query), key, keys);
                }
                let decay = self.soften(keys, group);
                self.accumulate(block, keys, group, decay, key == 0);
            }
        }
        for group in 0..groups {
            let query = first + group * NR;
            self.write(at[3], query, NR.min(first + count - query), group, tall);
        }
    }

    /// `weights[key][query] = k q`, for keys rounded up to a panel.
    unsafe fn scores(&self, block: usize, keys: usize, group: usize) {
        let e = padded(self.e);
        let panels = self.k_panels.add(block * KEYS * e);
        let target = Target::dense(self.weights, keys.div_ceil(MR));
        micro_to(e, panels, self.queries.add(group * NR * e), MR, &target);
    }

    unsafe fn add_bias(&self, bias: &Matrix, at: i32, query: usize, count: usize, key: usize, keys: usize) {
        for j in 0..count {
            let from = bias.at(at + (query + j) as i32 * bias.row + key as i32 * bias.feature);
            for i in 0..keys {
                *self.weights.add(i * NR + j) += *from.offset(i as isize * bias.feature as isize);
            }
        }
    }

    /// Scores become weights relative to the running maximum; returns what earlier results must be multiplied by.
    unsafe fn soften(&self, keys: usize, group: usize) -> [v128; 2] {
        let exp = Exp::new();
        let mut decay = [f32x4_splat(1.0); 2];
        for (half, decay) in decay.iter_mut().enumerate() {
            let weights = self.weights.add(4 * half);
            let running = self.statistics.add(group * 2 * NR + 4 * half);
            let before = load(running);
            // A NaN need not get into the maximum: it gets into the sum.
            let mut largest = before;
            for i in 0..keys {
                largest = f32x4_pmax(largest, load(weights.add(i * NR)));
            }
            store(running, largest);
            // Where all scores so far are -infinity the reference is 0, so that the weights are 0 and not NaN.
            let none = f32x4_eq(largest, f32x4_splat(f32::NEG_INFINITY));
            let reference = v128_andnot(largest, none);
            *decay = exp.of_negative(f32x4_sub(before, reference));
            let mut sums = [f32x4_splat(0.0); 2];
            let mut i = 0;
            while i + 2 <= keys {
                let x = exp.of_negative(f32x4_sub(load(weights.add(i * NR)), reference));
                let y = exp.of_negative(f32x4_sub(load(weights.add((i + 1) * NR)), reference));
                store(weights.add(i * NR), x);
                store(weights.add((i + 1) * NR), y);
                sums = [f32x4_add(sums[0], x), f32x4_add(sums[1], y)];
                i += 2;
            }
            if i < keys {
                let x = exp.of_negative(f32x4_sub(load(weights.add(i * NR)), reference));
                store(weights.add(i * NR), x);
                sums[0] = f32x4_add(sums[0], x);
            }
            for i in keys..padded(keys) {
                store(weights.add(i * NR), f32x4_splat(0.0));
            }
            let sum = running.add(NR);
            store(sum, f32x4_add(f32x4_mul(load(sum), *decay), f32x4_add(sums[0], sums[1])));
        }
        decay
    }

    /// `results = results * decay + v^T weights`.
    unsafe fn accumulate(&self, block: usize, keys: usize, group: usize, decay: [v128; 2], is_first: bool) {
        let tall = self.tall();
        let keys = padded(keys);
        let panels = self.v_panels.add(block * KEYS * tall);
        let results = self.results.add(group * NR * tall);
        if !is_first {
            for i in 0..tall {
                for (half, factor) in decay.iter().enumerate() {
                    let to = results.add(i * NR + 4 * half);
                    store(to, f32x4_mul(load(to), *factor));
                }
            }
        }
        let mut target = Target::dense(results, tall / MR);
        target.adds = !is_first as u32;
        micro_to(keys, panels, self.weights, MR, &target);
    }

    /// Divides by the sums and writes a group's queries.
    unsafe fn write(&self, at: i32, query: usize, count: usize, group: usize, tall: usize) {
        let results = self.results.add(group * NR * tall);
        let sums = self.statistics.add(group * 2 * NR + NR);
        let one = f32x4_splat(1.0);
        let factors = [f32x4_div(one, load(sums)), f32x4_div(one, load(sums.add(4)))];
        write_transposed(&self.out, at, query, count, results, self.width, factors);
    }
}
