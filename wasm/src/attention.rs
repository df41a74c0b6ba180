//! `attention`: `softmax(q k^T scale + bias) v` without a matrix of scores in memory. Keys stream in blocks past
//! groups of eight queries; each group keeps its running maximum, sum and result (online softmax).
//!
//! Everything is laid out transposed: scores are [key][query], results [feature][query], with the eight queries of a
//! group across vector lanes. So maximum, exponential and sum need no work across lanes, and the weights are already
//! in the form of a packed panel for the product with v.

mod few;

use self::few::Few;
use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::math::Exp;
use crate::matrix::{add_bias, line, write_transposed, Matrix, Sizes};
use crate::memory::Memory;
use crate::micro::{micro_to, Target, MR, NR};
use crate::odometer::Odometer;
use crate::pack::{pack, padded};
use crate::scores::{exponentials, largest, pad};
use crate::simd::*;

/// Keys of a block: their k and v panels stay in the second-level cache. A multiple of 12.
const KEYS: usize = 192;
/// Queries that pass by a block of keys before the next one.
const QUERIES: usize = 48;

pub struct Attention {
    sizes: Sizes,
    few: Option<Few>,
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
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Attention {
        let sizes = Sizes::read(code);
        let [q, k, v, out] = core::array::from_fn(|_| Matrix::read(code, context, sizes.axes));
        let bias = code.flag().then(|| Matrix::read(code, context, sizes.axes));
        let arena = &mut memory.scratch;
        let Sizes { n, e, width, .. } = sizes;
        let tall = width.next_multiple_of(MR);
        let keys = n.next_multiple_of(KEYS);
        Attention {
            sizes,
            few: sizes.is_few().then(|| Few::new(&sizes, arena)),
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
        let Attention { sizes, q, k, v, out, bias, .. } = *self;
        if let Some(few) = &mut self.few {
            return few.run(context, &sizes, [&q, &k, &v, &out], bias.as_ref());
        }
        let (m, batches) = (sizes.m, sizes.batches());
        // Parts of one batch element's queries, so that few heads still occupy all threads.
        let groups = m.div_ceil(QUERIES);
        let parts = (4 * context.threads).div_ceil(batches).min(groups).max(1);
        let parts = if context.threads == 1 { 1 } else { parts };
        let tasks = batches * parts;
        let run = sizes.run();
        let all = [q.batch, k.batch, v.batch, out.batch, bias.unwrap_or(out).batch];
        let mut walk = Odometer::new(sizes.axes, sizes.sizes, &all);
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
        self.sizes.width.next_multiple_of(MR)
    }

    #[inline(never)]
    unsafe fn pack_keys(&self, at: &[i32]) {
        for (block, first) in (0..self.sizes.n).step_by(KEYS).enumerate() {
            let count = KEYS.min(self.sizes.n - first);
            line(self.k.row, count, self.rows);
            line(self.k.feature, self.sizes.e, self.steps);
            let from = self.k.at(at[1] + first as i32 * self.k.row);
            pack::<f32, MR>(
                from,
                self.rows,
                count,
                self.steps,
                self.sizes.e,
                self.k_panels.add(block * KEYS * padded(self.sizes.e)),
            );
            line(self.v.feature, self.sizes.width, self.rows);
            line(self.v.row, count, self.steps);
            let from = self.v.at(at[2] + first as i32 * self.v.row);
            pack::<f32, MR>(
                from,
                self.rows,
                self.sizes.width,
                self.steps,
                count,
                self.v_panels.add(block * KEYS * self.tall()),
            );
        }
    }

    /// Results of `count` queries from `first` on.
    #[inline(never)]
    unsafe fn queries(&self, at: &[i32], first: usize, count: usize) {
        let (e, tall) = (padded(self.sizes.e), self.tall());
        let groups = count.div_ceil(NR);
        line(self.q.row, count, self.rows);
        line(self.q.feature, self.sizes.e, self.steps);
        pack::<f32, NR>(
            self.q.at(at[0] + first as i32 * self.q.row),
            self.rows,
            count,
            self.steps,
            self.sizes.e,
            self.queries,
        );
        let scale = f32x4_splat(self.sizes.scale);
        for i in (0..groups * NR * e).step_by(4) {
            store(self.queries.add(i), f32x4_mul(load(self.queries.add(i)), scale));
        }
        for group in 0..groups {
            for half in [0, 4] {
                store(self.statistics.add(group * 2 * NR + half), f32x4_splat(f32::NEG_INFINITY));
                store(self.statistics.add(group * 2 * NR + NR + half), f32x4_splat(0.0));
            }
        }
        for (block, key) in (0..self.sizes.n).step_by(KEYS).enumerate() {
            let keys = KEYS.min(self.sizes.n - key);
            for group in 0..groups {
                self.scores(block, keys, group);
                if let Some(bias) = &self.bias {
                    let query = first + group * NR;
                    let at = at[4] + query as i32 * bias.row + key as i32 * bias.feature;
                    add_bias(bias, at, NR.min(first + count - query), keys, self.weights);
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
        let e = padded(self.sizes.e);
        let panels = self.k_panels.add(block * KEYS * e);
        let target = Target::dense(self.weights, keys.div_ceil(MR));
        micro_to(e, panels, self.queries.add(group * NR * e), MR, &target);
    }

    /// Scores become weights relative to the running maximum; returns what earlier results must be multiplied by.
    #[inline(never)]
    unsafe fn soften(&self, keys: usize, group: usize) -> [v128; 2] {
        let exp = Exp::new();
        let mut decay = [f32x4_splat(1.0); 2];
        for (half, decay) in decay.iter_mut().enumerate() {
            let weights = self.weights.add(4 * half);
            let keys = pad(weights, keys);
            let running = self.statistics.add(group * 2 * NR + 4 * half);
            let before = load(running);
            let largest = largest(weights, keys, before);
            store(running, largest);
            // Where all scores so far are -infinity the reference is 0, so that the weights are 0 and not NaN.
            let none = f32x4_eq(largest, f32x4_splat(f32::NEG_INFINITY));
            let reference = v128_andnot(largest, none);
            *decay = exp.of_negative(f32x4_sub(before, reference));
            let more = exponentials(weights, keys, reference);
            let sum = running.add(NR);
            store(sum, f32x4_add(f32x4_mul(load(sum), *decay), more));
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
    #[inline(never)]
    unsafe fn write(&self, at: i32, query: usize, count: usize, group: usize, tall: usize) {
        let results = self.results.add(group * NR * tall);
        let sums = self.statistics.add(group * 2 * NR + NR);
        let one = f32x4_splat(1.0);
        let factors = [f32x4_div(one, load(sums)), f32x4_div(one, load(sums.add(4)))];
        write_transposed(&self.out, at, query, count, results, self.sizes.width, factors);
    }
}
