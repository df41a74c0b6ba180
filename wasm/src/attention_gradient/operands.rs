//! What `attentionGradient` reads and writes.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::matrix::Matrix;

pub struct Operands {
    pub q: Matrix,
    pub k: Matrix,
    pub v: Matrix,
    pub g: Matrix,
    pub dq: Matrix,
    pub dk: Matrix,
    pub dv: Matrix,
    /// And its cotangent.
    pub bias: Option<(Matrix, Matrix)>,
}

impl Operands {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(code: &mut Bytecode, context: &Context, axes: usize) -> Operands {
        let [q, k, v, g, dq, dk, dv] = core::array::from_fn(|_| Matrix::read(code, context, axes));
        let bias = code.flag().then(|| (Matrix::read(code, context, axes), Matrix::read(code, context, axes)));
        Operands { q, k, v, g, dq, dk, dv, bias }
    }

    /// Strides of the batch axes, in the order of the fields.
    pub fn batches(&self) -> [*const i32; 9] {
        let (bias, cotangent) = self.bias.unwrap_or((self.q, self.q));
        [&self.q, &self.k, &self.v, &self.g, &self.dq, &self.dk, &self.dv, &bias, &cotangent].map(|matrix| matrix.batch)
    }
}
