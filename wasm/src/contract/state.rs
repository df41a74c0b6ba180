//! A product as it was read.

use super::epilogue::Epilogue;
use super::group::Group;
use super::sizes::Extent;
use super::tables::Tables;
use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::memory::Memory;
use crate::place::Place;
use core::ptr::null;

pub struct Contract {
    pub batch: Group,
    pub m: Group,
    pub n: Group,
    pub k: Group,
    pub a: Place,
    /// In panels it is `b[n / NR][k][NR]`, k a multiple of 4.
    pub b: Place,
    pub out: Place,
    /// Factors of the columns, or null.
    pub scale: *const f32,
    /// What is added to the columns after the last k-block, or null; then what lies as the output does, or null.
    pub bias: *const f32,
    pub residuals: [*const f32; 2],
    pub epilogue: Option<Epilogue>,
    pub extent: Extent,
    /// Terms of a k-block.
    pub kc: usize,
    pub tables: Tables,
    /// All of a, packed for all threads.
    pub shared: *mut f32,
    /// Parts that long sums are kept in, row after row of whole panels; none where they go to the output.
    pub parts: usize,
    pub sums: *mut f32,
}

/// Operand addresses of one batch element.
#[derive(Clone, Copy)]
pub struct Bases {
    pub a: *const u8,
    pub b: *const u8,
    pub out: *mut f32,
    pub residuals: [*const f32; 2],
}

/// A k-block: terms that are packed and multiplied at once.
#[derive(Clone, Copy)]
pub struct KBlock {
    pub first: usize,
    pub count: usize,
    /// Whether sums begin or end with it.
    pub is_first: bool,
    pub is_last: bool,
}

impl Contract {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn new(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Contract {
        let [a, b, out] = core::array::from_fn(|_| context.place(code));
        let [batch, m, n, k] = core::array::from_fn(|_| Group::read(code));
        let (is_quantised, is_packed) = (code.flag(), code.flag());
        let [scale, bias, first, second] = core::array::from_fn(|_| {
            let is_there = code.flag();
            if is_there {
                context.place(code).base as *const f32
            } else {
                null()
            }
        });
        let residuals = [first, second];
        let has_epilogue = code.flag();
        let is_scattered = n.size > 1 && *n.out.add(n.axes - 1) != 1;
        let extent =
            Extent { batch: batch.size, m: m.size, n: n.size, k: k.size, is_quantised, is_packed, is_scattered };
        let arena = &mut memory.scratch;
        let epilogue = has_epilogue.then(|| Epilogue::read(code, context, arena, out, [&batch, &m, &n], extent.rows()));
        let tables = Tables::new(arena, &extent);
        let shared = memory.shared.take(extent.shared(context.threads));
        let parts = extent.parts(context.threads);
        let sums = memory.shared.take(parts * extent.part());
        let kc = extent.k_block();
        Contract {
            batch,
            m,
            n,
            k,
            a,
            b,
            out,
            scale,
            bias,
            residuals,
            epilogue,
            extent,
            kc,
            tables,
            shared,
            parts,
            sums,
        }
    }
}
