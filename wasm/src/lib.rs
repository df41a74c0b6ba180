//! Kernels of the WASM backend. The host writes a program as flat words over slots (lib/backend/wasm/lower.ts) and
//! calls `run` once; everything until the last step happens in here, without allocation and without JavaScript.
//! Pointers are `usize` throughout, so that a 64-bit build needs no other source.

#![no_std]
#![feature(asm_experimental_arch)]
#![cfg_attr(target_feature = "atomics", feature(stdarch_wasm_atomic_wait))]
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
mod tile;
mod window;
mod words;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
