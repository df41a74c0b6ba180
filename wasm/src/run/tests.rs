//! Whole launches, as the host would write them, against plain formulas; each in exactly as much memory as it
//! takes.

use super::*;
use crate::math::fp16;
use crate::place::{F16, F32, I8};
use core::mem::zeroed;

/// Bytes around working memory that must stay as they are.
const GUARD: usize = 4096;

/// Working memory between guards.
struct Guarded {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl Guarded {
    fn new(length: usize) -> Guarded {
        let mut bytes = vec![0xa5; length + 2 * GUARD + 64];
        let start = GUARD + bytes[GUARD..].as_mut_ptr().align_offset(64);
        Guarded { bytes, start, length }
    }

    fn address(&mut self) -> u64 {
        self.bytes[self.start..].as_mut_ptr() as u64
    }

    fn check(&self) {
        let outside = self.bytes[..self.start].iter().chain(&self.bytes[self.start + self.length..]);
        assert!(outside.into_iter().all(|byte| *byte == 0xa5), "a launch left its memory of {} bytes", self.length);
    }
}

/// Runs a launch on one thread. `words` are those behind the header; slots are given by their addresses.
fn run_launch(kernel: u32, words: &[u32], slots: &[u64]) {
    let mut launch = vec![kernel, words.len() as u32 + 2];
    launch.extend(words);
    unsafe {
        let bytes = (scratch_bytes(launch.as_ptr(), 1), shared_bytes(launch.as_ptr(), 1));
        let (mut scratch, mut shared) = (Guarded::new(bytes.0), Guarded::new(bytes.1));
        let program = Program {
            slots: slots.as_ptr() as u64,
            launches: launch.as_ptr() as u64,
            count: 1,
            scratch: scratch.address(),
            scratch_bytes: bytes.0 as u64,
            shared: shared.address(),
        };
        let control: Control = zeroed();
        control.program.store(&program as *const Program as u64, Release);
        control.threads.store(1, Release);
        run(&control);
        scratch.check();
        shared.check();
        assert_eq!(control.failed_launch.load(Acquire), 0);
    }
}

/// Numbers between -1 and 1; loads may reach a little past the ones asked for.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n + 16).map(next).collect()
}

fn address<T>(x: &[T]) -> u64 {
    x.as_ptr() as u64
}

/// Of what a launch writes.
fn target<T>(x: &mut [T]) -> u64 {
    x.as_mut_ptr() as u64
}

fn near(got: f32, want: f64, size: f64) {
    assert!((got as f64 - want).abs() <= 3e-6 * size.max(1.0), "{got}, wanted {want}");
}

/// Words of a group of one axis: strides of a, b and out.
fn axis(size: usize, a: usize, b: usize, out: usize) -> [u32; 5] {
    [1, size as u32, a as u32, b as u32, out as u32]
}

/// Words of a product of two matrices, rows of k each; b may be packed. `flags` are followed by what they speak of.
fn product([m, n, k]: [usize; 3], dtype: usize, flags: &[u32]) -> Vec<u32> {
    let mut words = vec![0, 0, F32 as u32, 1, 0, dtype as u32, 2, 0, F32 as u32];
    for group in [axis(1, 0, 0, 0), axis(m, k, 0, n), axis(n, 0, k, 1), axis(k, 1, 1, 0)] {
        words.extend(group);
    }
    words.extend(flags);
    words
}

fn dot(a: &[f32], b: &[f32], k: usize) -> f64 {
    (0..k).map(|p| a[p] as f64 * b[p] as f64).sum()
}

#[test]
fn contract_multiplies_blocks_of_every_size_and_applies_its_epilogue() {
    for [m, n, k] in [[1, 1, 1], [13, 21, 30], [61, 40, 357], [300, 9, 5]] {
        let (a, b, bias) = (numbers(m * k, 1), numbers(n * k, 2), numbers(n, 3));
        let mut out = vec![9f32; m * n];
        let mut words = product([m, n, k], F32, &[0, 0, 0, 0, 0, 0, 1]);
        // One more operand, the same for all rows; the sum of it and the product in a third register.
        words.extend([1, 3, 0, F32 as u32, 0, 0, 1]);
        words.extend([3, 0, 2, 1, 1 | 2 << 8 | 1 << 24, 0]);
        run_launch(2, &words, &[address(&a), address(&b), target(&mut out), address(&bias)]);
        for (i, &got) in out.iter().enumerate() {
            near(got, dot(&a[i / n * k..], &b[i % n * k..], k) + bias[i % n] as f64, (k as f64).sqrt());
        }
    }
}

#[test]
fn contract_adds_bias_and_residuals_to_its_sums() {
    for [m, n, k] in [[13, 21, 30], [61, 40, 357], [300, 16, 1500], [7, 8, 4]] {
        let (a, b, bias) = (numbers(m * k, 1), numbers(n * k, 2), numbers(n, 3));
        let residuals = [numbers(m * n, 4), numbers(m * n, 5)];
        for (with_bias, count) in [(true, 0), (true, 1), (true, 2), (false, 1), (false, 2)] {
            let mut out = vec![9f32; m * n];
            let mut flags = vec![0, 0, 0];
            for (slot, is_there) in [(3, with_bias), (4, count > 0), (5, count > 1)] {
                flags.extend(if is_there { vec![1, slot, 0, F32 as u32] } else { vec![0] });
            }
            flags.push(0);
            let slots = [&a, &b, &out, &bias, &residuals[0], &residuals[1]].map(|x| address(x));
            run_launch(2, &product([m, n, k], F32, &flags), &slots);
            for (i, got) in out.iter_mut().enumerate() {
                let mut want = dot(&a[i / n * k..], &b[i % n * k..], k);
                want += if with_bias { bias[i % n] as f64 } else { 0.0 };
                want += residuals[..count].iter().map(|x| x[i] as f64).sum::<f64>();
                near(*got, want, (k as f64).sqrt());
            }
        }
    }
}

/// Looks a number up.
type At<'a> = &'a dyn Fn(usize) -> f32;

#[test]
fn contract_reads_packed_matrices_of_every_number_type_and_scales_columns() {
    let [m, n, k] = [67, 24, 1412];
    let (a, scale) = (numbers(m * k, 4), numbers(n, 5));
    let bytes: Vec<i8> = numbers(n * k, 6).iter().map(|x| (x * 100.0) as i8).collect();
    // Numbers of fp16 of normal size.
    let narrow: Vec<u16> = bytes.iter().map(|&x| (x as u16 & 0x83ff) | 0x3800).collect();
    let floats = numbers(n * k, 7);
    let cases: [(usize, u64, At); 3] = [
        (F32, address(&floats), &|i| floats[i]),
        (F16, address(&narrow), &|i| unsafe { fp16(&narrow[i]) }),
        (I8, address(&bytes), &|i| bytes[i] as f32),
    ];
    for (dtype, base, at) in cases {
        let mut out = vec![9f32; m * n];
        let words = product([m, n, k], dtype, &[0, 1, 1, 3, 0, F32 as u32, 0, 0, 0, 0]);
        run_launch(2, &words, &[address(&a), base, target(&mut out), address(&scale)]);
        for (i, &got) in out.iter().enumerate() {
            let column = i % n;
            let b: Vec<f32> = (0..k).map(|p| at((column / 8 * k + p) * 8 + column % 8)).collect();
            let size = if dtype == I8 { 10_000.0 } else { 100.0 };
            near(got, dot(&a[i / n * k..], &b, k) * scale[column] as f64, size);
        }
    }
}

#[test]
fn contract_quantises_rows_to_63_levels() {
    let [m, n, k] = [14, 11, 1500];
    let a = numbers(m * k, 8);
    let b: Vec<i8> = numbers(n * k, 9).iter().map(|x| (x * 127.0) as i8).collect();
    let mut out = vec![9f32; m * n];
    run_launch(2, &product([m, n, k], I8, &[1, 0, 0, 0, 0, 0, 0]), &[address(&a), address(&b), target(&mut out)]);
    for (i, &got) in out.iter().enumerate() {
        let row = &a[i / n * k..][..k];
        let level = row.iter().fold(0f32, |most, x| most.max(x.abs())) / 63.0;
        let rounded = row.iter().map(|x| (x * (1.0 / level)).round_ties_even());
        let sum: f32 = rounded.zip(&b[i % n * k..]).map(|(x, &y)| x * y as f32).sum();
        near(got, (sum * level) as f64, 1000.0);
    }
}

#[test]
fn reduce_sums_in_parts_and_takes_maxima_across() {
    let (rows, columns) = (3, 100_000);
    let x = numbers(rows * columns, 10);
    let mut out = vec![9f32; rows];
    // Along columns: results, no other reduced axes, not transposed, one input and the output, their strides.
    let mut words = vec![0, 0, 1, rows as u32, 1, 1, columns as u32, 0, 1];
    words.extend([0, 0, F32 as u32, 0, 1, 1, 0, F32 as u32, 0, 0, columns as u32, 1]);
    words.extend([1, 0, 0, 0]);
    run_launch(1, &words, &[address(&x), target(&mut out)]);
    for (row, &got) in out.iter().enumerate() {
        near(got, x[row * columns..][..columns].iter().map(|x| *x as f64).sum(), 100.0);
    }

    let (rows, columns) = (37, 301);
    let mut out = vec![9f32; columns];
    let mut words = vec![1, 1, 1, 1, 1, rows as u32, columns as u32, 0, 1];
    words.extend([0, 0, F32 as u32, columns as u32, 1, 1, 0, F32 as u32, 0, 1, 0, 0]);
    words.extend([1, 0, 0, 0]);
    run_launch(1, &words, &[address(&x), target(&mut out)]);
    for (column, &got) in out.iter().enumerate() {
        let most = (0..rows).map(|row| x[row * columns + column]).fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(got, most);
    }
}

#[test]
fn reduce_across_sums_rows_and_products_of_rows_one_after_the_other() {
    // Rows that are no multiple of those added at once, columns of more than a tile.
    let (rows, columns) = (37, 301);
    let (x, y) = (numbers(rows * columns, 15), numbers(rows * columns, 16));
    let term = |x: f32, y: f32, inputs: u32| if inputs == 1 { x } else { x * y };
    for inputs in [1u32, 2] {
        for is_max in [false, true] {
            let mut out = vec![9f32; columns];
            let mut words = vec![is_max as u32, 1, 1, 1, 1, rows as u32, columns as u32, 0, inputs];
            for slot in 0..inputs {
                words.extend([slot, 0, F32 as u32, columns as u32, 1]);
            }
            words.extend([inputs, 0, F32 as u32, 0, 1]);
            words.extend(vec![0; inputs as usize + 1]);
            // Registers, no numbers, the result's register, instructions: the product of registers 0 and 1.
            let product = [3, 0, 2, 1, 3 | 2 << 8 | 1 << 24, 0];
            words.extend(if inputs == 1 { &[1, 0, 0, 0][..] } else { &product[..] });
            let slots = [address(&x), address(&y)];
            run_launch(1, &words, &[&slots[..inputs as usize], &[target(&mut out)]].concat());
            for (column, &got) in out.iter().enumerate() {
                let terms = (0..rows).map(|r| r * columns + column).map(|i| term(x[i], y[i], inputs) as f64);
                let want = if is_max { terms.fold(f64::NEG_INFINITY, f64::max) } else { terms.sum() };
                assert_eq!(got, want as f32);
            }
        }
    }
}

#[test]
fn reduce_along_short_rows_gives_each_its_sum() {
    // Rows 30 apart, results 2 apart.
    let (rows, columns) = (1000, 24);
    let x = numbers(rows * 30, 17);
    for is_max in [false, true] {
        let mut out = vec![9f32; 2 * rows];
        let mut words = vec![is_max as u32, 0, 1, rows as u32, 1, 1, columns as u32, 0, 1];
        words.extend([0, 0, F32 as u32, 0, 1, 1, 0, F32 as u32, 0, 0, 30, 2]);
        words.extend([1, 0, 0, 0]);
        run_launch(1, &words, &[address(&x), target(&mut out)]);
        for (row, pair) in out.chunks(2).enumerate() {
            let terms = x[row * 30..][..columns].iter().map(|x| *x as f64);
            let want = if is_max { terms.fold(f64::NEG_INFINITY, f64::max) } else { terms.sum() };
            near(pair[0], want, 10.0);
            assert_eq!(pair[1], 9.0);
        }
    }
}

/// Words of `count` matrices in the slots, of as many rows and columns: one batch axis of one element.
fn matrices(shapes: &[[usize; 2]]) -> Vec<u32> {
    let matrix = |(slot, shape): (usize, &[usize; 2])| [slot as u32, 0, F32 as u32, 0, shape[1] as u32, 1];
    shapes.iter().enumerate().flat_map(matrix).collect()
}

#[test]
fn attention_and_its_gradient_follow_their_formulas() {
    let [m, n, e, width] = [53, 205, 10, 7];
    let (q, k, v, g) = (numbers(m * e, 11), numbers(n * e, 12), numbers(n * width, 13), numbers(m * width, 14));
    let mut out = vec![9f32; m * width];
    let scale = 0.5f32;
    let header = [1, 1, m as u32, n as u32, e as u32, width as u32, scale.to_bits()];
    let mut words = header.to_vec();
    words.extend(matrices(&[[m, e], [n, e], [n, width], [m, width]]));
    words.push(0);
    run_launch(8, &words, &[address(&q), address(&k), address(&v), target(&mut out)]);

    let (mut dq, mut dk, mut dv) = (vec![9f32; m * e], vec![9f32; n * e], vec![9f32; n * width]);
    let mut words = header.to_vec();
    words.extend(matrices(&[[m, e], [n, e], [n, width], [m, width], [m, e], [n, e], [n, width]]));
    let slots = [address(&q), address(&k), address(&v), address(&g), target(&mut dq), target(&mut dk), target(&mut dv)];
    run_launch(9, &words, &slots);

    let (mut want_dk, mut want_dv) = (vec![0f64; n * e], vec![0f64; n * width]);
    for i in 0..m {
        let scores: Vec<f64> = (0..n).map(|j| dot(&q[i * e..], &k[j * e..], e) * scale as f64).collect();
        let total: f64 = scores.iter().map(|s| s.exp()).sum();
        let p: Vec<f64> = scores.iter().map(|s| s.exp() / total).collect();
        let dp: Vec<f64> = (0..n).map(|j| dot(&g[i * width..], &v[j * width..], width)).collect();
        let mean: f64 = p.iter().zip(&dp).map(|(p, dp)| p * dp).sum();
        for f in 0..width {
            near(out[i * width + f], (0..n).map(|j| p[j] * v[j * width + f] as f64).sum(), 1.0);
        }
        for f in 0..e {
            let ds = |j: usize| p[j] * (dp[j] - mean) * scale as f64;
            near(dq[i * e + f], (0..n).map(|j| ds(j) * k[j * e + f] as f64).sum(), 1.0);
            (0..n).for_each(|j| want_dk[j * e + f] += ds(j) * q[i * e + f] as f64);
        }
        for j in 0..n {
            (0..width).for_each(|f| want_dv[j * width + f] += p[j] * g[i * width + f] as f64);
        }
    }
    dk.iter().zip(want_dk).for_each(|(got, want)| near(*got, want, 1.0));
    dv.iter().zip(want_dv).for_each(|(got, want)| near(*got, want, 1.0));
}

#[test]
fn layer_norm_of_strided_rows() {
    let (rows, n) = (5, 37);
    let (x, weight, bias) = (numbers(2 * rows * n, 15), numbers(2 * n, 16), numbers(n, 17));
    let mut out = vec![9f32; 3 * rows * n];
    let mut words = vec![1, rows as u32, n as u32, 1e-5f32.to_bits()];
    words.extend([0, 0, F32 as u32, 3 * n as u32, 3, 1, 0, F32 as u32, 2 * n as u32, 2]);
    words.extend([2, 0, F32 as u32, 2, 3, 0, F32 as u32, 1]);
    run_launch(6, &words, &[target(&mut out), address(&x), address(&weight), address(&bias)]);
    for row in 0..rows {
        let values: Vec<f64> = (0..n).map(|i| x[2 * (row * n + i)] as f64).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        for i in 0..n {
            let normal = (values[i] - mean) / (variance + 1e-5f32 as f64).sqrt();
            near(out[3 * (row * n + i)], normal * weight[2 * i] as f64 + bias[i] as f64, 4.0);
        }
    }
}

#[test]
fn scatter_add_adds_rows_that_meet() {
    let (picks, length, columns) = (40, 9, 13);
    let x = numbers(picks * columns, 18);
    let index: Vec<i32> = (0..picks as i32).map(|j| j * 5 % 7).collect();
    let mut out = vec![9f32; length * columns];
    let mut words = vec![1, columns as u32, length as u32, columns as u32, picks as u32, columns as u32, 1];
    words.extend([0, 0, F32 as u32, 1, 1, 0, F32 as u32, 1, 2, 0, 2]);
    run_launch(4, &words, &[target(&mut out), address(&x), address(&index)]);
    for (i, &got) in out.iter().enumerate() {
        let rows = (0..picks).filter(|&j| index[j] as usize == i / columns);
        near(got, rows.map(|j| x[j * columns + i % columns] as f64).sum(), 1.0);
    }
}

#[test]
fn threads_share_packed_rows_and_only_they_ask_for_it() {
    let mut launch = vec![2, 0];
    launch.extend(product([50, 16, 8], F32, &[0, 1, 0, 0, 0, 0, 0]));
    let bytes = |threads| unsafe { (scratch_bytes(launch.as_ptr(), threads), shared_bytes(launch.as_ptr(), threads)) };
    assert_eq!([bytes(1).1, bytes(2).1, bytes(8).1], [0, 54 * 8 * 4, 54 * 8 * 4]);
    assert!(bytes(1).0 > 0 && bytes(1).0 == bytes(8).0);
}
