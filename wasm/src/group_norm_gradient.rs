//! `groupNormGradient`: cotangents of x, weight and bias of a norm whose statistics go over points and the channels of
//! a group. A task is a part of the samples, and a block of channels of whole groups.
//!
//! With d = x - mean (0 where none is taken off), r = 1 / deviation, g the cotangent of the result, and sums over the
//! points of a sample, channel by channel: `A = sum of g d`, `B = sum of g`; with means over the N elements of a group:
//! `dx = r (g weight - mean of weight B - d r^2 mean of weight A)`, `dweight = sum over samples of r A`,
//! `dbias = sum over samples of B`. Sums run over a few rows in single precision, then in double.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::layer_norm::square_root;
use crate::memory::Memory;
use crate::odometer::{count, Odometer};
use crate::parameter_sums::{add, Sums};
use crate::rows::{dense, spread};
use crate::simd::*;

/// Channels of a task, about.
const CHANNELS: usize = 64;
/// Points that are added in single precision.
const POINTS: usize = 8;

const NONE: [*mut f32; POINTS] = [core::ptr::null_mut(); POINTS];

/// An operand: strides of the samples, of the points, and of the channels.
#[derive(Clone, Copy)]
struct Operand {
    base: *mut f32,
    samples: *const i32,
    points: *const i32,
    step: i32,
}

pub struct GroupNormGradient {
    sample_axes: usize,
    sample_sizes: *const u32,
    point_axes: usize,
    point_sizes: *const u32,
    channels: usize,
    /// Channels of a group.
    width: usize,
    /// Channels of a task.
    block: usize,
    is_centred: bool,
    epsilon: f64,
    /// Result, x, cotangent of the norm's result.
    operands: [Operand; 3],
    weight: *const f32,
    weight_step: i32,
    /// Of weight and bias.
    sums: Sums,
    /// Sums of d, its squares, g d and g over the points of a sample, a channel each.
    totals: [*mut f64; 4],
    /// Factors of g and d, what is taken off, the mean, the weight; a channel each.
    vectors: [*mut f32; 5],
    /// Rows of x and of the cotangent where they are strided, and a row of the result.
    buffers: [*mut f32; 3],
}

impl Kernel for GroupNormGradient {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> GroupNormGradient {
        let sample_axes = code.u();
        let sample_sizes = code.take(sample_axes);
        let point_axes = code.u();
        let point_sizes = code.take(point_axes);
        let channels = code.u();
        let width = code.u();
        let is_centred = code.flag();
        let epsilon = code.f() as f64;
        let operands = core::array::from_fn(|_| Operand {
            base: context.place(code).base as *mut f32,
            samples: code.strides(sample_axes),
            points: code.strides(point_axes),
            step: code.i(),
        });
        let weight = context.place(code).base as *const f32;
        let weight_step = code.i();
        let block = width * (CHANNELS / width).max(1);
        let padded = block.next_multiple_of(4);
        GroupNormGradient {
            sample_axes,
            sample_sizes,
            point_axes,
            point_sizes,
            channels,
            width,
            block,
            is_centred,
            epsilon,
            operands,
            weight,
            weight_step,
            sums: Sums::read(code, context, memory, count(sample_axes, sample_sizes), 1, channels),
            totals: core::array::from_fn(|_| memory.scratch.take(padded)),
            vectors: core::array::from_fn(|_| memory.scratch.take(padded)),
            buffers: core::array::from_fn(|_| memory.scratch.take(POINTS * padded)),
        }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let blocks = self.channels.div_ceil(self.block);
        let mut samples =
            Odometer::new(self.sample_axes, self.sample_sizes, &self.operands.map(|operand| operand.samples));
        loop {
            let task = context.next();
            if task >= self.sums.parts * blocks {
                break;
            }
            let part = self.sums.part(task / blocks);
            let first = task % blocks * self.block;
            let n = self.block.min(self.channels - first);
            let sums = part.sums.map(|sums| sums.add(first));
            for sums in sums {
                sums.write_bytes(0, n);
            }
            for i in 0..n {
                *self.vectors[4].add(i) = *self.weight.offset((first + i) as isize * self.weight_step as isize);
            }
            samples.seek(part.start);
            for _ in part.start..part.end {
                let bases = core::array::from_fn(|o| {
                    let operand = self.operands[o];
                    operand.base.offset(samples.offset[o] as isize + first as isize * operand.step as isize)
                });
                if self.is_centred {
                    self.sample::<true>(bases, n, sums);
                } else {
                    self.sample::<false>(bases, n, sums);
                }
                samples.advance();
            }
        }
        self.sums.finish(context);
    }
}

/// Rows of a few points at once: how many there are, and where they lie.
struct Points {
    count: usize,
    /// Rows of the result, and where they are written first.
    to: [*mut f32; POINTS],
    out: [*mut f32; POINTS],
    x: [*const f32; POINTS],
    g: [*const f32; POINTS],
}

impl GroupNormGradient {
    /// The cotangent of a sample's `n` channels at `bases`; adds to those of weight and bias.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn sample<const CENTRED: bool>(&self, bases: [*mut f32; 3], n: usize, sums: [*mut f64; 2]) {
        let [firsts, _, products, cotangents] = self.totals;
        let [scales, slopes, levels, centers, _] = self.vectors;
        let padded = n.next_multiple_of(4);
        for totals in self.totals {
            totals.write_bytes(0, padded);
        }
        centers.write_bytes(0, padded);
        if CENTRED {
            self.points(bases, n, &mut |points| {
                for c in (0..n).step_by(4) {
                    let mut sum = f32x4_splat(0.0);
                    for x in &points.x[..points.count] {
                        sum = f32x4_add(sum, load(x.add(c)));
                    }
                    add(firsts.add(c), sum);
                }
            });
            for group in (0..n).step_by(self.width) {
                let mean = self.mean(group, |c| *firsts.add(c)) as f32;
                for c in group..group + self.width {
                    *centers.add(c) = mean;
                }
            }
            firsts.write_bytes(0, padded);
        }
        self.points(bases, n, &mut |points| {
            for c in (0..n).step_by(4) {
                let center = load(centers.add(c));
                let mut parts = [f32x4_splat(0.0); 4];
                for (x, g) in points.x.iter().zip(points.g).take(points.count) {
                    let (x, g) = (load(x.add(c)), load(g.add(c)));
                    let d = if CENTRED { f32x4_sub(x, center) } else { x };
                    if CENTRED {
                        parts[0] = f32x4_add(parts[0], d);
                    }
                    parts[1] = madd(d, d, parts[1]);
                    parts[2] = madd(g, d, parts[2]);
                    parts[3] = f32x4_add(parts[3], g);
                }
                for (totals, part) in self.totals.iter().zip(parts) {
                    add(totals.add(c), part);
                }
            }
        });
        for group in (0..n).step_by(self.width) {
            self.factors::<CENTRED>(group);
            for c in group..group + self.width {
                *sums[0].add(c) += *products.add(c);
                *sums[1].add(c) += *cotangents.add(c);
            }
        }
        self.points(bases, n, &mut |points| {
            for c in (0..n).step_by(4) {
                let (scale, slope) = (load(scales.add(c)), load(slopes.add(c)));
                let (level, center) = (load(levels.add(c)), load(centers.add(c)));
                for i in 0..points.count {
                    let x = load(points.x[i].add(c));
                    let d = if CENTRED { f32x4_sub(x, center) } else { x };
                    let dx = f32x4_sub(f32x4_mul(load(points.g[i].add(c)), scale), madd(d, slope, level));
                    store(points.out[i].add(c), dx);
                }
            }
            for i in 0..points.count {
                if points.out[i] != points.to[i] {
                    spread(points.out[i], n, points.to[i], self.operands[0].step);
                }
            }
        });
    }

    /// Mean over a group of what is a sum over the points.
    #[inline(always)]
    unsafe fn mean(&self, group: usize, of: impl Fn(usize) -> f64) -> f64 {
        let sum: f64 = (group..group + self.width).map(of).sum();
        sum / (self.width * count(self.point_axes, self.point_sizes)) as f64
    }

    /// From the sums of a group's channels: factors of g and d and what is taken off; the products become those of the
    /// normalized numbers.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn factors<const CENTRED: bool>(&self, group: usize) {
        let [firsts, squares, products, cotangents] = self.totals;
        let [scales, slopes, levels, _, weight] = self.vectors;
        // What the mean was rounded by.
        let rest = if CENTRED { self.mean(group, |c| *firsts.add(c)) } else { 0.0 };
        let variance = self.mean(group, |c| *squares.add(c)) - rest * rest;
        let scale = 1.0 / square_root(variance + self.epsilon);
        for c in group..group + self.width {
            *products.add(c) = scale * (*products.add(c) - rest * *cotangents.add(c));
        }
        let along = self.mean(group, |c| *weight.add(c) as f64 * *products.add(c));
        let level = if CENTRED { self.mean(group, |c| *weight.add(c) as f64 * *cotangents.add(c)) } else { 0.0 };
        let slope = scale * scale * along;
        for c in group..group + self.width {
            *scales.add(c) = (scale * *weight.add(c) as f64) as f32;
            *slopes.add(c) = slope as f32;
            *levels.add(c) = (scale * level - rest * slope) as f32;
        }
    }

    /// Goes over the points of a sample, a few rows of `n` channels at a time.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn points(&self, bases: [*mut f32; 3], n: usize, f: &mut dyn FnMut(&Points)) {
        let [out, x, g] = self.operands;
        let all = count(self.point_axes, self.point_sizes);
        let padded = self.block.next_multiple_of(4);
        let mut walk = Odometer::new(self.point_axes, self.point_sizes, &[out.points, x.points, g.points]);
        walk.seek(0);
        let mut rows = Points {
            count: 0,
            to: NONE,
            out: NONE,
            x: NONE.map(|p| p as *const f32),
            g: NONE.map(|p| p as *const f32),
        };
        for first in (0..all).step_by(POINTS) {
            rows.count = POINTS.min(all - first);
            for i in 0..rows.count {
                let [to, x_row, g_row] = core::array::from_fn(|o| bases[o].offset(walk.offset[o] as isize));
                let [staging, x_buffer, g_buffer] = self.buffers.map(|buffer| buffer.add(i * padded));
                rows.to[i] = to;
                // Whole vectors are written, so a ragged row takes the way of a strided one.
                rows.out[i] = if out.step == 1 && n.is_multiple_of(4) { to } else { staging };
                rows.x[i] = dense(x_row, x.step, n, x_buffer);
                rows.g[i] = dense(g_row, g.step, n, g_buffer);
                walk.advance();
            }
            f(&rows);
        }
    }
}
