//! `attention` of few queries over few keys (a token over its frames), four batch elements at once. Sums are those of the
//! larger kernel in the same order, so the bits are too.

use crate::context::Context;
use crate::lanes::{each_four, lanes, product, store_lanes, Bias, Factor, Four, Packed, LANES};
use crate::math::Exp;
use crate::matrix::{Matrix, Sizes};
use crate::memory::Arena;
use crate::odometer::Odometer;
use crate::simd::*;

/// Matrices of four batch elements.
pub struct Few {
    packed: Packed,
    /// [query][key], scores and then weights.
    weights: *mut f32,
    /// [query], one over the sum of the weights.
    factors: *mut f32,
    result: *mut f32,
    bias: Bias,
}

impl Few {
    pub fn new(sizes: &Sizes, arena: &mut Arena) -> Few {
        let Sizes { m, n, width, .. } = *sizes;
        Few {
            packed: Packed::new(sizes, arena),
            weights: arena.take(lanes(m, n)),
            factors: arena.take(lanes(m, 1)),
            result: arena.take(lanes(m, width)),
            bias: Bias::new(sizes, arena),
        }
    }

    pub unsafe fn run(
        &mut self,
        context: &Context,
        sizes: &Sizes,
        [q, k, v, out]: [&Matrix; 4],
        bias: Option<&Matrix>,
    ) {
        let Sizes { m, n, e, width, scale, .. } = *sizes;
        let all = [q.batch, k.batch, v.batch, out.batch, bias.unwrap_or(out).batch];
        let mut walk = Odometer::new(sizes.axes, sizes.sizes, &all);
        let one = f32x4_splat(1.0);
        let exp = Exp::new();
        each_four(context, sizes, &mut walk, |Four { at, count }| {
            self.packed.load([q, k, v], &at, [m, n, e, width], f32x4_splat(scale));
            product(Factor::rows(self.packed.q, e), m, Factor::rows(self.packed.k, e), n, e, self.weights);
            self.bias.add(bias, &at[4], m, n, self.weights);
            for query in 0..m {
                let sum = soften(&exp, self.weights.add(query * n * LANES), n);
                store(self.factors.add(query * LANES), f32x4_div(one, sum));
            }
            product(Factor::rows(self.weights, n), m, Factor::columns(self.packed.v, width), width, n, self.result);
            store_lanes(out, &at[3], count, m, width, self.result, self.factors, LANES);
        });
    }
}

/// A query's scores become weights relative to the largest; returns their sum, of even and of odd keys first.
unsafe fn soften(exp: &Exp, weights: *mut f32, n: usize) -> v128 {
    let mut largest = f32x4_splat(f32::NEG_INFINITY);
    for i in 0..n {
        largest = f32x4_pmax(largest, load(weights.add(i * LANES)));
    }
    // Where all scores are -infinity the reference is 0, so that the weights are 0 and not NaN.
    let reference = v128_andnot(largest, f32x4_eq(largest, f32x4_splat(f32::NEG_INFINITY)));
    let (mut even, mut odd) = (f32x4_splat(0.0), f32x4_splat(0.0));
    for i in (0..n).step_by(2) {
        let x = exp.of_negative(f32x4_sub(load(weights.add(i * LANES)), reference));
        store(weights.add(i * LANES), x);
        even = f32x4_add(even, x);
        if i + 1 < n {
            let x = exp.of_negative(f32x4_sub(load(weights.add((i + 1) * LANES)), reference));
            store(weights.add((i + 1) * LANES), x);
            odd = f32x4_add(odd, x);
        }
    }
    f32x4_add(even, odd)
}
