//! Passes over scores that lie [key][8 queries], four queries at a time: a column of vectors, NR numbers apart.
//!
//! The exponential function is WebAssembly text on wasm: six keys go through it side by side and each constant is loaded once
//! for the six, so that the processor has six chains of operations to fill its time with. Compiled from intrinsics, V8
//! would give registers to the constants and spill the rest.

#[cfg(target_family = "wasm")]
mod text;

use crate::micro::NR;
use crate::pack::padded;
use crate::simd::*;

#[cfg(target_family = "wasm")]
extern "C" {
    fn walrus_exponentials(keys: usize, scores: *mut f32, reference: *const f32, sums: *mut f32);
}

/// Keys that go through the passes side by side.
const KEYS: usize = 6;

/// Fills the column behind its last key, so that weights up to a multiple of 4 keys become 0. Returns how many keys the
/// passes below take.
pub unsafe fn pad(scores: *mut f32, keys: usize) -> usize {
    let whole = keys.next_multiple_of(KEYS);
    for key in keys..whole {
        store(scores.add(key * NR), f32x4_splat(f32::NEG_INFINITY));
    }
    for key in whole..padded(keys) {
        store(scores.add(key * NR), f32x4_splat(0.0));
    }
    whole
}

/// The largest score and `before`. A NaN need not get into it: it gets into the sum.
pub unsafe fn largest(scores: *const f32, keys: usize, before: v128) -> v128 {
    let mut largest = [before; 2];
    for key in (0..keys).step_by(KEYS) {
        let scores = scores.add(key * NR);
        for i in 0..KEYS {
            largest[i & 1] = f32x4_pmax(largest[i & 1], load(scores.add(i * NR)));
        }
    }
    f32x4_pmax(largest[0], largest[1])
}

/// Scores become e^(score - reference). Returns the sum of those of even keys and of odd keys.
pub unsafe fn exponentials(scores: *mut f32, keys: usize, reference: v128) -> v128 {
    let mut sums = [f32x4_splat(0.0); 2];
    #[cfg(target_family = "wasm")]
    {
        let mut numbers = [reference];
        let numbers = numbers.as_mut_ptr() as *const f32;
        walrus_exponentials(keys, scores, numbers, sums.as_mut_ptr() as *mut f32);
    }
    #[cfg(not(target_family = "wasm"))]
    {
        let exp = crate::math::Exp::new();
        for key in 0..keys {
            let x = exp.of_negative(f32x4_sub(load(scores.add(key * NR)), reference));
            store(scores.add(key * NR), x);
            sums[key & 1] = f32x4_add(sums[key & 1], x);
        }
    }
    f32x4_add(sums[0], sums[1])
}
