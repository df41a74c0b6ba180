//! `attentionGradient` of few queries over few keys (a token over its frames), four batch elements at once.

use super::operands::Operands;
use crate::context::Context;
use crate::lanes::{each_four, lanes, load_lanes, product, store_lanes, Bias, Factor, Four, Packed, LANES};
use crate::math::Exp;
use crate::matrix::Sizes;
use crate::memory::Arena;
use crate::odometer::Odometer;
use crate::simd::*;

/// Matrices of four batch elements.
pub struct Few {
    packed: Packed,
    g: *mut f32,
    /// [query][key]: p, then dp and ds.
    weights: *mut f32,
    slopes: *mut f32,
    result: *mut f32,
    bias: Bias,
}

impl Few {
    pub fn new(sizes: &Sizes, arena: &mut Arena) -> Few {
        let Sizes { m, n, e, width, .. } = *sizes;
        Few {
            packed: Packed::new(sizes, arena),
            g: arena.take(lanes(m, width)),
            weights: arena.take(lanes(m, n)),
            slopes: arena.take(lanes(m, n)),
            result: arena.take(lanes(m.max(n), e.max(width))),
            bias: Bias::new(sizes, arena),
        }
    }

    pub unsafe fn run(&mut self, context: &Context, sizes: &Sizes, operands: &Operands) {
        let Sizes { m, n, e, width, scale, .. } = *sizes;
        let Operands { q, k, v, g, dq, dk, dv, bias } = operands;
        let mut walk = Odometer::new(sizes.axes, sizes.sizes, &operands.batches());
        let exp = Exp::new();
        let (ones, scales) = ([1.0; LANES], [scale; LANES]);
        let (one, scale) = (f32x4_splat(1.0), f32x4_splat(scale));
        each_four(context, sizes, &mut walk, |Four { at, count }| {
            self.packed.load([q, k, v], &at, [m, n, e, width], scale);
            load_lanes(g, &at[3], m, width, one, self.g);
            product(Factor::rows(self.packed.q, e), m, Factor::rows(self.packed.k, e), n, e, self.weights);
            product(Factor::rows(self.g, width), m, Factor::rows(self.packed.v, width), n, width, self.slopes);
            self.bias.add(bias.as_ref().map(|(bias, _)| bias), &at[7], m, n, self.weights);
            for query in 0..m {
                let row = query * n * LANES;
                soften(&exp, self.weights.add(row), self.slopes.add(row), n);
            }
            let (p, ds) = (self.weights, self.slopes);
            product(Factor::rows(ds, n), m, Factor::columns(self.packed.k, e), e, n, self.result);
            store_lanes(dq, &at[4], count, m, e, self.result, scales.as_ptr(), 0);
            product(Factor::columns(ds, n), n, Factor::columns(self.packed.q, e), e, m, self.result);
            store_lanes(dk, &at[5], count, n, e, self.result, ones.as_ptr(), 0);
            product(Factor::columns(p, n), n, Factor::columns(self.g, width), width, m, self.result);
            store_lanes(dv, &at[6], count, n, width, self.result, ones.as_ptr(), 0);
            if let Some((_, cotangent)) = bias {
                store_lanes(cotangent, &at[8], count, m, n, ds, ones.as_ptr(), 0);
            }
        });
    }
}

/// A query's scores become p, `slopes` (dp on entry) become ds.
unsafe fn soften(exp: &Exp, weights: *mut f32, slopes: *mut f32, n: usize) {
    let mut largest = f32x4_splat(f32::NEG_INFINITY);
    for i in 0..n {
        largest = f32x4_pmax(largest, load(weights.add(i * LANES)));
    }
    let (mut sum, mut mean) = (f32x4_splat(0.0), f32x4_splat(0.0));
    for i in 0..n {
        let x = exp.of_negative(f32x4_sub(load(weights.add(i * LANES)), largest));
        store(weights.add(i * LANES), x);
        sum = f32x4_add(sum, x);
        mean = madd(x, load(slopes.add(i * LANES)), mean);
    }
    let factor = f32x4_div(f32x4_splat(1.0), sum);
    let mean = f32x4_mul(mean, factor);
    for i in 0..n {
        let p = f32x4_mul(load(weights.add(i * LANES)), factor);
        store(weights.add(i * LANES), p);
        store(slopes.add(i * LANES), f32x4_mul(p, f32x4_sub(load(slopes.add(i * LANES)), mean)));
    }
}
