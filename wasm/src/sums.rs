//! Sums and maxima in double precision, whatever they are taken over.

use crate::simd::*;

/// The larger of two numbers; NaN if either is.
pub fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() {
        a
    } else {
        b
    }
}

/// The sum of `n` numbers.
pub unsafe fn sum(x: *const f32, n: usize) -> f64 {
    sum_of(n, |i| load(x.add(i)))
}

/// The sum of the products of `n` numbers, each rounded as it is where products are written first.
pub unsafe fn sum_products(x: *const f32, y: *const f32, n: usize) -> f64 {
    sum_of(n, |i| f32x4_mul(load(x.add(i)), load(y.add(i))))
}

/// Sums what `values` gives, four from a number on.
#[inline(always)]
unsafe fn sum_of(n: usize, values: impl Fn(usize) -> v128) -> f64 {
    let mut s = [f64x2_splat(0.0); 4];
    let mut i = 0;
    while i + 8 <= n {
        let (a, b) = (values(i), values(i + 4));
        s = [f64x2_add(s[0], low(a)), f64x2_add(s[1], high(a)), f64x2_add(s[2], low(b)), f64x2_add(s[3], high(b))];
        i += 8;
    }
    let s = f64x2_add(f64x2_add(s[0], s[1]), f64x2_add(s[2], s[3]));
    let mut total = f64x2_extract_lane::<0>(s) + f64x2_extract_lane::<1>(s);
    while i < n {
        total += f32x4_extract_lane::<0>(values(i)) as f64;
        i += 1;
    }
    total
}

pub unsafe fn maximum(x: *const f32, n: usize) -> f64 {
    let mut total = f64::NEG_INFINITY;
    let mut i = 0;
    if n >= 4 {
        let mut m = load(x);
        i = 4;
        while i + 4 <= n {
            m = f32x4_max(m, load(x.add(i)));
            i += 4;
        }
        let m = f32x4_max(m, i64x2_shuffle::<1, 0>(m, m));
        let m = f32x4_max(m, i32x4_shuffle::<1, 0, 3, 2>(m, m));
        total = f32x4_extract_lane::<0>(m) as f64;
    }
    while i < n {
        total = larger(total, *x.add(i) as f64);
        i += 1;
    }
    total
}

/// Adds `height` rows of values to the running results, one row after the other, or takes the larger ones. Rounds up to
/// whole vectors; `values` gives four of a row from a column on.
#[inline(always)]
pub unsafe fn add_rows(
    results: *mut f64,
    height: usize,
    width: usize,
    is_max: bool,
    values: impl Fn(usize, usize) -> v128,
) {
    if is_max {
        join_rows(results, height, width, values, |x, y| f64x2_max(x, y));
    } else {
        join_rows(results, height, width, values, |x, y| f64x2_add(x, y));
    }
}

#[inline(always)]
unsafe fn join_rows(
    results: *mut f64,
    height: usize,
    width: usize,
    values: impl Fn(usize, usize) -> v128,
    join: impl Fn(v128, v128) -> v128,
) {
    for c in (0..width).step_by(4) {
        let (first, second) = (results.add(c) as *mut v128, results.add(c + 2) as *mut v128);
        let (mut a, mut b) = (v128_load(first), v128_load(second));
        for r in 0..height {
            let v = values(r, c);
            (a, b) = (join(a, low(v)), join(b, high(v)));
        }
        v128_store(first, a);
        v128_store(second, b);
    }
}
