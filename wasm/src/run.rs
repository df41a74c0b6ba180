//! What the host calls. Every thread of a run walks the same list of launches, takes its share of each and meets the
//! others after it; between runs, worker threads wait in here.

use crate::attention::Attention;
#[cfg(feature = "training")]
use crate::attention_gradient::AttentionGradient;
use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::contract::Contract;
use crate::fold::fold;
use crate::gather::gather;
#[cfg(feature = "training")]
use crate::group_norm_gradient::GroupNormGradient;
use crate::layer_norm::LayerNorm;
#[cfg(feature = "training")]
use crate::layer_norm_gradient::LayerNormGradient;
use crate::map::Map;
use crate::memory::Memory;
use crate::reduce::Reduce;
use crate::rope::rope;
use crate::scatter_add::ScatterAdd;
use crate::softmax::Softmax;
#[cfg(feature = "training")]
use crate::softmax::SoftmaxGradient;
use crate::swiglu::Swiglu;
#[cfg(feature = "training")]
use crate::swiglu::SwigluGradient;
use crate::sync::Control;
use crate::upload::Upload;
use core::ptr::null_mut;
use core::sync::atomic::Ordering::*;

#[cfg(test)]
mod tests;

/// Number of the kernel that is none of a program's; lib/backend/wasm/upload.ts has the same.
pub const UPLOAD: usize = 64;

/// Header of a program in memory; `HEADER` in lib/backend/wasm/executable.ts counts its addresses.
#[repr(C)]
pub struct Program {
    slots: u64,
    launches: u64,
    count: u64,
    scratch: u64,
    scratch_bytes: u64,
    shared: u64,
}

/// Runs a program as thread `thread` of `control.threads`. Returns when all threads have finished.
unsafe fn replay(control: *const Control, program: usize, thread: usize) {
    let program = &*(program as *const Program);
    let mut context = Context {
        slots: program.slots as *const u64,
        thread,
        threads: (*control).threads.load(Acquire) as usize,
        launch: 0,
        control,
    };
    let scratch = (program.scratch + thread as u64 * program.scratch_bytes) as *mut u8;
    let mut next = program.launches as *const u32;
    for launch in 0..program.count as usize {
        context.launch = launch;
        let (kernel, code, words) = header(next);
        next = next.add(words);
        dispatch(kernel, code, &context, &mut Memory::new(scratch, program.shared as *mut u8), true);
        context.barrier();
    }
}

/// Kernel of a launch, what it reads, and words in all.
unsafe fn header(launch: *const u32) -> (usize, Bytecode, usize) {
    let mut code = Bytecode(launch);
    let (kernel, words) = (code.u(), code.u());
    (kernel, code, words)
}

/// Reads a launch and, if wanted, runs it. Numbers of the kernels: KERNELS in lib/backend/wasm/lower.ts is the same
/// list.
#[inline(never)]
unsafe fn dispatch(kernel: usize, code: Bytecode, context: &Context, memory: &mut Memory, runs: bool) {
    match kernel {
        0 => visit::<Map>(code, context, memory, runs),
        1 => visit::<Reduce>(code, context, memory, runs),
        2 => visit::<Contract>(code, context, memory, runs),
        4 => visit::<ScatterAdd>(code, context, memory, runs),
        6 => visit::<LayerNorm>(code, context, memory, runs),
        8 => visit::<Attention>(code, context, memory, runs),
        #[cfg(feature = "training")]
        9 => visit::<AttentionGradient>(code, context, memory, runs),
        #[cfg(feature = "training")]
        10 => visit::<LayerNormGradient>(code, context, memory, runs),
        #[cfg(feature = "training")]
        11 => visit::<GroupNormGradient>(code, context, memory, runs),
        12 => visit::<Softmax>(code, context, memory, runs),
        #[cfg(feature = "training")]
        13 => visit::<SoftmaxGradient>(code, context, memory, runs),
        14 => visit::<Swiglu>(code, context, memory, runs),
        #[cfg(feature = "training")]
        15 => visit::<SwigluGradient>(code, context, memory, runs),
        UPLOAD => visit::<Upload>(code, context, memory, runs),
        // The others are given no working memory.
        _ if !runs => {}
        3 => gather(code, context),
        5 => fold(code, context),
        7 => rope(code, context),
        _ => crate::simd::unreachable(),
    }
}

#[inline(never)]
unsafe fn visit<K: Kernel>(mut code: Bytecode, context: &Context, memory: &mut Memory, runs: bool) {
    let mut kernel = K::read(&mut code, context, memory);
    if runs {
        kernel.run(context);
    }
}

/// Whether kernels of backward passes are in this build: there is such a function.
#[cfg(feature = "training")]
#[no_mangle]
pub extern "C" fn trains() {}

/// Runs the program `control.program` on the calling thread, as thread 0.
#[no_mangle]
pub unsafe extern "C" fn run(control: *const Control) {
    replay(control, (*control).program.load(Acquire) as usize, 0);
}

/// Working memory of a launch on `threads` threads, taken from nowhere.
#[inline(never)]
unsafe fn needs(launch: *const u32, threads: u32) -> Memory {
    let mut memory = Memory::new(null_mut(), null_mut());
    let (kernel, code, _) = header(launch);
    dispatch(kernel, code, &Context::counting(threads as usize), &mut memory, false);
    memory
}

/// Bytes every thread needs for itself when `threads` of them run the launch at an address.
#[no_mangle]
pub unsafe extern "C" fn scratch_bytes(launch: *const u32, threads: u32) -> usize {
    needs(launch, threads).scratch.used()
}

/// Bytes these threads share.
#[no_mangle]
pub unsafe extern "C" fn shared_bytes(launch: *const u32, threads: u32) -> usize {
    needs(launch, threads).shared.used()
}

/// Life of worker `thread` (1 or more): takes part in every run until told to quit or idle for long.
#[cfg(target_feature = "atomics")]
#[no_mangle]
pub unsafe extern "C" fn work(control: *const Control, thread: u32) {
    let (control, thread) = (&*control, thread as usize);
    let mut seen = control.enter(thread);
    while let Some(epoch) = control.next_run(thread, seen) {
        seen = epoch;
        if thread < control.threads.load(Acquire) as usize {
            replay(control, control.program.load(Acquire) as usize, thread);
        }
        // Ready for the next claim only after the last barrier of this run, which `replay` ends with.
        control.is_ready(thread);
    }
}
