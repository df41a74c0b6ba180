//! Kernels of the WASM backend. The host writes a program as bytecode over slots (lib/backend/wasm/lower.ts) and calls
//! `run` once; everything until the last launch happens in here, without allocation and without JavaScript.
//! Pointers are `usize` throughout and addresses from the host 64 bits wide, so that the builds for 32-bit and for
//! 64-bit memories have one source and one layout.
//!
//! Modules import only downwards: run.rs the kernels, a kernel what it is made of (tests/rust_layers_test.ts). On a
//! host that is no WebAssembly, vectors and micro-kernels are plain Rust, so that the native tests run all of it.

#![cfg_attr(target_family = "wasm", feature(optimize_attribute))]
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg_attr(not(feature = "training"), allow(dead_code))]
#![cfg_attr(target_family = "wasm", feature(asm_experimental_arch))]
#![cfg_attr(target_feature = "atomics", feature(stdarch_wasm_atomic_wait))]
#![cfg_attr(target_arch = "wasm64", feature(simd_wasm64))]
// Kernels read what the host has checked; every function that follows such pointers is unsafe for the same reason.
#![allow(clippy::missing_safety_doc, clippy::too_many_arguments)]

mod attention;
mod attention_gradient;
mod bytecode;
mod constants;
mod context;
mod contract;
mod element;
mod fold;
mod gather;
mod group_norm_gradient;
mod lanes;
mod layer_norm;
mod layer_norm_gradient;
mod map;
mod math;
mod matrix;
mod memory;
mod micro;
mod odometer;
mod operands;
mod pack;
mod parameter_sums;
mod place;
mod reduce;
mod rope;
mod rows;
mod run;
mod scalar;
mod scatter_add;
mod scores;
mod simd;
mod softmax;
mod sums;
mod swiglu;
mod sync;
#[cfg(target_family = "wasm")]
mod text;
mod tile;
mod upload;

#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    crate::simd::unreachable()
}
