//! `attentionGradient`: cotangents of q, k, v and of a bias from the cotangent of the attention's result. Weights are
//! computed again, a block of queries against all keys at a time, so memory grows with the number of keys only.
//!
//! With s = scale q k^T + bias, p = softmax(s), g the cotangent of the result:
//! `dv = p^T g`, `dp = g v^T`, `ds = p (dp - sum over keys of p dp)`, `dq = scale ds k`, `dk = scale ds^T q`; ds is the
//! bias's cotangent.
//! As in attention.rs, scores are made as [key][8 queries]. Sums over keys (dq) take ds like that; for sums over queries
//! p and ds are turned to [query][8 keys] while they are in registers.

mod few;
mod operands;

use self::few::Few;
use self::operands::Operands;
use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::matrix::{add_bias, line, write_transposed, Matrix, Sizes};
use crate::memory::Memory;
use crate::micro::{micro_to, Target, MR, NR};
use crate::odometer::Odometer;
use crate::pack::{pack, padded};
use crate::scores::{exponentials, largest, pad};
use crate::simd::*;

/// Most queries of a block, the length of the sums that dk and dv are added up from.
const QUERIES: usize = 128;
/// Numbers of p or of ds that a block has at most: they stay in the second-level cache, or nearly.
const BLOCK: usize = 65_536;
/// Tasks that a launch has at least, if there are as many blocks: fewer batch elements are cut into parts of their
/// queries. Their number does not depend on the threads, so that neither do the sums over parts.
const TASKS: usize = 16;

pub struct AttentionGradient {
    sizes: Sizes,
    operands: Operands,
    few: Option<Few>,
    /// Queries of a block.
    block: usize,
    /// Parts of a batch element.
    parts: usize,
    rows: *mut i32,
    steps: *mut i32,
    /// Panels [feature][6 keys].
    k_by_key: *mut f32,
    v_by_key: *mut f32,
    /// Panels [key][6 features].
    k_by_feature: *mut f32,
    /// Groups [feature][8 queries]; q is scaled.
    q_group: *mut f32,
    g_group: *mut f32,
    /// Panels [query][6 features].
    q_by_feature: *mut f32,
    g_by_feature: *mut f32,
    /// One group's [key][8 queries]: scores, then dp and ds.
    weights: *mut f32,
    slopes: *mut f32,
    /// Panels [query][8 keys] of p and ds.
    p_by_query: *mut f32,
    ds_by_query: *mut f32,
    /// One group's dq, [feature][8 queries].
    dq: *mut f32,
    /// dk and dv in panels [feature][8 keys]: of this thread, or of every part of every batch element.
    sums: *mut f32,
}

impl Kernel for AttentionGradient {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> AttentionGradient {
        let sizes = Sizes::read(code);
        let operands = Operands::read(code, context, sizes.axes);
        let arena = &mut memory.scratch;
        let Sizes { m, n, e, width, .. } = sizes;
        let keys = n.next_multiple_of(24);
        let [tall_e, tall_width] = [e, width].map(|x| x.next_multiple_of(12));
        let batches = sizes.batches();
        let wanted = TASKS.div_ceil(batches);
        let block = (BLOCK / keys).min(QUERIES).min(m.div_ceil(wanted)).max(32).min(m).next_multiple_of(NR);
        let parts = m.div_ceil(block).min(wanted);
        let length = Self::sums_length(&sizes);
        let longest = keys.max(block).max(tall_e).max(tall_width) + NR;
        AttentionGradient {
            sizes,
            operands,
            few: sizes.is_few().then(|| Few::new(&sizes, arena)),
            block,
            parts,
            rows: arena.take(longest),
            steps: arena.take(longest),
            k_by_key: arena.take(keys * tall_e),
            v_by_key: arena.take(keys * tall_width),
            k_by_feature: arena.take(keys * tall_e),
            q_group: arena.take(block * tall_e),
            g_group: arena.take(block * tall_width),
            q_by_feature: arena.take(block * tall_e),
            g_by_feature: arena.take(block * tall_width),
            weights: arena.take(keys * NR),
            slopes: arena.take(keys * NR),
            p_by_query: arena.take(keys * block),
            ds_by_query: arena.take(keys * block),
            dq: arena.take(tall_e * NR),
            sums: match parts {
                1 => arena.take(length),
                _ => memory.shared.take(batches * parts * length),
            },
        }
    }

    unsafe fn run(&mut self, context: &Context) {
        if let Some(few) = &mut self.few {
            return few.run(context, &self.sizes, &self.operands);
        }
        let AttentionGradient { sizes, block, parts, .. } = *self;
        let (m, batches) = (sizes.m, sizes.batches());
        let mut walk = Odometer::new(sizes.axes, sizes.sizes, &self.operands.batches());
        let (tasks, run) = (batches * parts, sizes.run());
        let blocks = m.div_ceil(block);
        loop {
            let first = context.next() * run;
            if first >= tasks {
                break;
            }
            for task in first..(first + run).min(tasks) {
                walk.seek(task / parts);
                let part = task % parts;
                let (top, end) = (blocks * part / parts * block, m.min(blocks * (part + 1) / parts * block));
                let sums = self.sums_of(if parts == 1 { 0 } else { task });
                self.pack_keys(&walk.offset);
                for first in (top..end).step_by(block) {
                    self.queries(&walk.offset, first, block.min(end - first), sums, first == top);
                }
                if parts == 1 {
                    self.write_keys(&walk.offset, 0, sizes.n, sums);
                }
            }
        }
        if parts > 1 {
            context.barrier();
            self.add_parts(context, &mut walk);
        }
    }
}

impl AttentionGradient {
    /// Numbers of dk and dv of a batch element.
    fn sums_length(sizes: &Sizes) -> usize {
        let tall = |width: usize| width.next_multiple_of(MR);
        sizes.n.next_multiple_of(NR) * (tall(sizes.e) + tall(sizes.width))
    }

    /// Where dk and dv of a task are added up.
    unsafe fn sums_of(&self, task: usize) -> [*mut f32; 2] {
        let dk = self.sums.add(task * Self::sums_length(&self.sizes));
        [dk, dk.add(self.sizes.n.next_multiple_of(NR) * self.sizes.e.next_multiple_of(MR))]
    }

    /// Adds up what the parts of batch elements gave, in their order, and writes it: a panel of keys is a task.
    #[inline(never)]
    unsafe fn add_parts(&self, context: &Context, walk: &mut Odometer) {
        let Sizes { n, e, width, .. } = self.sizes;
        let panels = n.div_ceil(NR);
        loop {
            let task = context.next();
            if task >= self.sizes.batches() * panels {
                return;
            }
            let (batch, key) = (task / panels, task % panels * NR);
            let sums = self.sums_of(batch * self.parts);
            for part in 1..self.parts {
                let more = self.sums_of(batch * self.parts + part);
                for ((to, more), width) in sums.into_iter().zip(more).zip([e, width]) {
                    let tall = width.next_multiple_of(MR);
                    for i in (key * tall..(key + NR) * tall).step_by(4) {
                        store(to.add(i), f32x4_add(load(to.add(i)), load(more.add(i))));
                    }
                }
            }
            walk.seek(batch);
            self.write_keys(&walk.offset, key, n.min(key + NR), sums);
        }
    }

    #[inline(never)]
    unsafe fn pack_keys(&self, at: &[i32]) {
        let Sizes { n, e, width, .. } = self.sizes;
        let Operands { k, v, .. } = &self.operands;
        line(k.row, n, self.rows);
        line(k.feature, e, self.steps);
        pack::<f32, MR>(k.at(at[1]), self.rows, n, self.steps, e, self.k_by_key);
        line(v.row, n, self.rows);
        line(v.feature, width, self.steps);
        pack::<f32, MR>(v.at(at[2]), self.rows, n, self.steps, width, self.v_by_key);
        line(k.feature, e, self.rows);
        line(k.row, n, self.steps);
        pack::<f32, MR>(k.at(at[1]), self.rows, e, self.steps, n, self.k_by_feature);
    }

    /// Adds what `count` queries from `first` on give to dk and dv, or begins with it; writes their dq.
    #[inline(never)]
    unsafe fn queries(&self, at: &[i32], first: usize, count: usize, [dk, dv]: [*mut f32; 2], begins: bool) {
        let Sizes { n, e, width, scale, .. } = self.sizes;
        let Operands { q, g, bias, .. } = &self.operands;
        let groups = count.div_ceil(NR);
        self.pack_queries(q, at[0] + first as i32 * q.row, e, count, self.q_group, self.q_by_feature);
        self.pack_queries(g, at[3] + first as i32 * g.row, width, count, self.g_group, self.g_by_feature);
        let scale = f32x4_splat(scale);
        for i in (0..groups * NR * padded(e)).step_by(4) {
            store(self.q_group.add(i), f32x4_mul(load(self.q_group.add(i)), scale));
        }
        for group in 0..groups {
            let query = first + group * NR;
            let in_group = NR.min(first + count - query);
            self.products(self.k_by_key, e, self.q_group, group, self.weights);
            self.products(self.v_by_key, width, self.g_group, group, self.slopes);
            if let Some((bias, _)) = bias {
                add_bias(bias, at[7] + query as i32 * bias.row, in_group, n, self.weights);
            }
            for half in [0, 4] {
                self.soften(group * NR + half, groups * NR, half);
            }
            if let Some((_, cotangent)) = bias {
                let factors = [f32x4_splat(1.0); 2];
                write_transposed(cotangent, at[8], query, in_group, self.slopes, n, factors);
            }
            self.query_cotangent(at[4], query, in_group);
        }
        self.key_cotangent(self.p_by_query, self.g_by_feature, width, groups, dv, begins);
        self.key_cotangent(self.ds_by_query, self.q_by_feature, e, groups, dk, begins);
    }

    #[inline(never)]
    unsafe fn pack_queries(
        &self,
        matrix: &Matrix,
        at: i32,
        width: usize,
        count: usize,
        groups: *mut f32,
        by_feature: *mut f32,
    ) {
        let from = matrix.at(at);
        line(matrix.row, count, self.rows);
        line(matrix.feature, width, self.steps);
        pack::<f32, NR>(from, self.rows, count, self.steps, width, groups);
        line(matrix.feature, width, self.rows);
        line(matrix.row, count, self.steps);
        // Whole groups: sums over queries run past the last one, over zeros.
        let whole = count.next_multiple_of(NR);
        for i in count..whole {
            *self.steps.add(i) = *self.steps.add(count - 1);
        }
        pack::<f32, MR>(from, self.rows, width, self.steps, whole, by_feature);
        for panel in 0..width.div_ceil(MR) {
            for i in count * MR..whole * MR {
                *by_feature.add(panel * whole * MR + i) = 0.0;
            }
        }
    }

    /// `to[key][query] = sum over features` for one group; keys up to a panel, the last one again.
    unsafe fn products(&self, panels: *const f32, width: usize, groups: *const f32, group: usize, to: *mut f32) {
        let k = padded(width);
        micro_to(k, panels, groups.add(group * NR * k), MR, &Target::dense(to, self.sizes.n.div_ceil(MR)));
    }

    /// Scores and dp of four queries, columns `half` of their group, become p and ds. `query` is the first one's place
    /// in the block of `queries`; results are 0 past the last key.
    #[inline(never)]
    unsafe fn soften(&self, query: usize, queries: usize, half: usize) {
        let (weights, slopes) = (self.weights.add(half), self.slopes.add(half));
        let n = self.sizes.n;
        let whole = pad(weights, n);
        let largest = largest(weights, whole, f32x4_splat(f32::NEG_INFINITY));
        let factor = f32x4_div(f32x4_splat(1.0), exponentials(weights, whole, largest));
        let keys = padded(n);
        for key in n..keys {
            store(slopes.add(key * NR), f32x4_splat(0.0));
        }
        let mut means = [f32x4_splat(0.0); 4];
        for key in (0..keys).step_by(4) {
            for (i, mean) in means.iter_mut().enumerate() {
                let at = (key + i) * NR;
                *mean = madd(load(weights.add(at)), load(slopes.add(at)), *mean);
            }
        }
        let [a, b, c, d] = means;
        let mean = f32x4_mul(f32x4_add(f32x4_add(a, b), f32x4_add(c, d)), factor);
        for key in (0..keys).step_by(4) {
            let p = core::array::from_fn(|i| f32x4_mul(load(weights.add((key + i) * NR)), factor));
            let ds = core::array::from_fn(|i| {
                let slopes = slopes.add((key + i) * NR);
                let slope = f32x4_mul(p[i], f32x4_sub(load(slopes), mean));
                store(slopes, slope);
                slope
            });
            let to = (key & !7) * queries + query * NR + (key & 4);
            for (i, x) in transpose(p).into_iter().enumerate() {
                store(self.p_by_query.add(to + i * NR), x);
            }
            for (i, x) in transpose(ds).into_iter().enumerate() {
                store(self.ds_by_query.add(to + i * NR), x);
            }
        }
    }

    /// `dq[query][feature] = scale sum over keys of ds k`.
    #[inline(never)]
    unsafe fn query_cotangent(&self, at: i32, query: usize, count: usize) {
        let Sizes { n, e, scale, .. } = self.sizes;
        micro_to(padded(n), self.k_by_feature, self.slopes, MR, &Target::dense(self.dq, e.div_ceil(MR)));
        write_transposed(&self.operands.dq, at, query, count, self.dq, e, [f32x4_splat(scale); 2]);
    }

    /// `to[feature][key] (+)= sum over the block's queries`, a panel of 8 keys at a time.
    #[inline(never)]
    unsafe fn key_cotangent(
        &self,
        by_query: *const f32,
        by_feature: *const f32,
        width: usize,
        groups: usize,
        to: *mut f32,
        begins: bool,
    ) {
        let blocks = width.div_ceil(MR);
        for key in (0..self.sizes.n).step_by(NR) {
            let mut target = Target::dense(to.add(key * blocks * MR), blocks);
            target.adds = !begins as u32;
            micro_to(groups * NR, by_feature, by_query.add(key * groups * NR), MR, &target);
        }
    }

    /// Writes dk and dv of keys `first .. end`, a multiple of 8 and where they end.
    #[inline(never)]
    unsafe fn write_keys(&self, at: &[i32], first: usize, end: usize, [dk, dv]: [*mut f32; 2]) {
        let Sizes { e, width, scale, .. } = self.sizes;
        let Operands { dk: to_k, dv: to_v, .. } = &self.operands;
        for (to, at, from, width, factor) in [(to_k, at[5], dk, e, scale), (to_v, at[6], dv, width, 1.0)] {
            let tall = width.next_multiple_of(MR);
            for key in (first..end).step_by(NR) {
                let factors = [f32x4_splat(factor); 2];
                write_transposed(to, at, key, NR.min(end - key), from.add(key * tall), width, factors);
            }
        }
    }
}
