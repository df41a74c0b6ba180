//! Kernels of the WASM backend. The host writes a program as flat words over slots (lib/backend/wasm/lower.ts) and
//! calls `run` once; everything until the last step happens in here, without allocation and without JavaScript.
//! Pointers are `usize` throughout and addresses from the host 64 bits wide, so that the builds for 32-bit and for
//! 64-bit memories have one source and one layout.

#![no_std]
#![feature(asm_experimental_arch)]
#![cfg_attr(target_feature = "atomics", feature(stdarch_wasm_atomic_wait))]
#![cfg_attr(target_pointer_width = "64", feature(simd_wasm64))]
// Kernels read words the host has checked; every function that follows such pointers is unsafe for the same reason.
#![allow(clippy::missing_safety_doc, clippy::too_many_arguments)]

mod attention;
mod attention_gradient;
mod contract;
mod gather;
mod map;
mod math;
mod micro;
mod norm;
mod odometer;
mod pack;
mod reduce;
mod rope;
mod run;
mod scalar;
mod simd;
mod sync;
mod text;
mod tile;
mod window;
mod words;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    crate::simd::unreachable()
}
