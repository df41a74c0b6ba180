//! Ranges of every stored type into buffers of every type and order, against one element at a time.

use super::raw::*;
use super::*;
use crate::context::Context;
use crate::math::{fp16, to_fp16};
use crate::place::F32;
use crate::simd::*;
use crate::sync::Control;
use core::mem::zeroed;
use core::sync::atomic::Ordering::*;

/// Stored numbers and the floats they are.
fn stored(dtype: usize, n: usize) -> (Vec<u64>, Vec<f32>) {
    let value = |i: usize| ((i * 7919 % 4001) as f64 - 2000.3) * 2f64.powi(i as i32 * 37 % 31 - 26);
    let half = |i: usize| i32x4_extract_lane::<0>(to_fp16(f32x4_splat(value(i) as f32))) as u16;
    let brain = |i: usize| ((value(i) as f32).to_bits() >> 16) as u16;
    let floats = (0..n).map(|i| match dtype {
        RAW_F16 => unsafe { fp16(&half(i)) },
        RAW_BF16 => f32::from_bits((brain(i) as u32) << 16),
        _ => value(i) as f32,
    });
    let bytes = (0..n).flat_map(|i| match dtype {
        RAW_F16 => half(i).to_le_bytes().to_vec(),
        RAW_BF16 => brain(i).to_le_bytes().to_vec(),
        RAW_F64 => value(i).to_le_bytes().to_vec(),
        _ => (value(i) as f32).to_le_bytes().to_vec(),
    });
    let mut words = vec![0u64; n + 2];
    for (i, byte) in bytes.enumerate() {
        words[i / 8] |= (byte as u64) << (8 * (i % 8));
    }
    (words, floats.collect())
}

/// Numbers of a buffer as bits; of bytes with their scales.
fn wanted(floats: &[f32], dtype: usize, columns: usize) -> (Vec<u32>, Vec<f32>) {
    let half = |x: f32| i32x4_extract_lane::<0>(to_fp16(f32x4_splat(x))) as u32;
    match dtype {
        F32 => (floats.iter().map(|x| x.to_bits()).collect(), vec![]),
        F16 => (floats.iter().map(|x| half(*x)).collect(), vec![]),
        _ => {
            let largest = |row: &[f32]| row.iter().fold(0f32, |most, x| most.max(x.abs())) as f64;
            let rows = floats.chunks(columns);
            let number = |x: f32, most: f64| {
                let y = x as f64 * (127.0 / most);
                let (whole, rest) = (y.floor(), y - y.floor());
                (whole + if rest >= 0.5 { 1.0 } else { 0.0 }) as i8 as u8 as u32
            };
            let numbers = rows.clone().flat_map(|row| row.iter().map(|x| number(*x, largest(row))).collect::<Vec<_>>());
            (numbers.collect(), rows.map(|row| (largest(row) / 127.0) as f32).collect())
        }
    }
}

/// Uploads elements `from .. to` of a matrix and returns the buffer's numbers, its scales, and whether all are finite.
fn upload(
    raw: (&[u64], usize),
    dtype: usize,
    [rows, columns]: [usize; 2],
    packed: bool,
    [from, to]: [usize; 2],
) -> (Vec<u32>, Vec<f32>, bool) {
    let size = element_bytes(dtype);
    let mut buffer = vec![0xaau8; rows * columns * size];
    let mut scales = vec![-1f32; rows];
    let (mut block, mut floats) = (vec![0u16; NR * BLOCK + NR], vec![0f32; NR * BLOCK]);
    let bytes = [4, 2, 2, 8][raw.1];
    let start = if packed { from % (NR * columns) } else { 0 };
    let control: Control = unsafe { zeroed() };
    let context = Context { slots: core::ptr::null(), thread: 0, threads: 1, launch: 0, control: &control };
    unsafe {
        let base = (raw.0.as_ptr() as *const u8).add(from * bytes);
        let first = if packed { from - start } else { from };
        let mut kernel = Upload {
            from: Raw { base, dtype: raw.1 },
            to: Place { base: buffer.as_mut_ptr().add(first * size), dtype },
            scales: scales.as_mut_ptr().add(if dtype == I8 { from / columns } else { 0 }),
            columns,
            packed,
            start,
            count: to - from,
            floats: floats.as_mut_ptr(),
            block: block.as_mut_ptr(),
        };
        kernel.run(&context);
    }
    let place = |i: usize| {
        let (row, column) = (i / columns, i % columns);
        if packed {
            (row - row % NR) * columns + column * NR + row % NR
        } else {
            i
        }
    };
    let number = |i: usize| {
        let at = place(i) * size;
        buffer[at..at + size].iter().rev().fold(0u32, |bits, byte| bits << 8 | *byte as u32)
    };
    ((0..rows * columns).map(number).collect(), scales, control.failed_launch.load(Acquire) == 0)
}

#[test]
fn ranges_of_every_type_and_order() {
    for [rows, columns] in [[8, 4], [16, 140], [24, 132], [9, 5], [3, 700], [1, 9001]] {
        let n = rows * columns;
        for raw in [RAW_F32, RAW_F16, RAW_BF16, RAW_F64] {
            let (words, floats) = stored(raw, n);
            for dtype in [F32, F16, I8] {
                let (numbers, scales) = wanted(&floats, dtype, columns);
                for packed in [false, true] {
                    if packed && (rows % NR != 0 || columns % 4 != 0) {
                        continue;
                    }
                    let row = columns;
                    let mut ranges = vec![[0, n], [n, n], [row * (rows / 2), n], [0, row]];
                    if dtype != I8 {
                        ranges.extend([[n / 3, n / 3 + 1], [n / 7, n - 1], [row / 2, n]]);
                    }
                    for [from, to] in ranges {
                        let (got, got_scales, is_finite) =
                            upload((&words, raw), dtype, [rows, columns], packed, [from, to]);
                        let untouched = 0xaaaa_aaaau32 >> (32 - 8 * element_bytes(dtype));
                        for i in 0..n {
                            let want = if i >= from && i < to { numbers[i] } else { untouched };
                            assert_eq!(got[i], want, "{i} of {from}..{to}, {raw} {dtype} {packed} {rows}x{columns}");
                        }
                        if dtype == I8 {
                            for r in 0..rows {
                                let is_inside = r * columns >= from && r * columns < to;
                                assert_eq!(got_scales[r], if is_inside { scales[r] } else { -1.0 });
                            }
                        }
                        assert!(is_finite);
                    }
                }
            }
        }
    }
}

#[test]
fn numbers_that_are_not_finite_are_noticed_wherever_they_are() {
    let [rows, columns] = [16, 12];
    for (value, dtype, is_finite) in [
        (f32::NAN, F32, false),
        (f32::NEG_INFINITY, I8, false),
        (f32::MAX, F32, true),
        (-65_519.9, F16, true),
        (-65_520.0, F16, false),
        (f32::INFINITY, F16, false),
    ] {
        for at in [0, 1, 95, 100, 191] {
            let mut floats = vec![1f32; rows * columns + 4];
            floats[at] = value;
            let words: Vec<u64> =
                floats.chunks(2).map(|x| x[0].to_bits() as u64 | (x[1].to_bits() as u64) << 32).collect();
            for packed in [false, true] {
                let all = [0, rows * columns];
                assert_eq!(upload((&words, RAW_F32), dtype, [rows, columns], packed, all).2, is_finite, "{at} {value}");
            }
        }
    }
}

#[test]
fn stored_fp16_numbers_that_are_not_finite_are_noticed() {
    let [rows, columns] = [8, 20];
    for (bits, is_finite) in [(0x7bffu16, true), (0xfbff, true), (0x7c00, false), (0xfc00, false), (0x7e01, false)] {
        for at in [0, 1, 77, 159] {
            let mut halves = vec![0x3c00u16; rows * columns + 8];
            halves[at] = bits;
            let word = |x: &[u16]| x.iter().rev().fold(0u64, |word, x| word << 16 | *x as u64);
            let words: Vec<u64> = halves.chunks(4).map(word).collect();
            for (dtype, packed) in [(F16, false), (F16, true), (F32, false), (F32, true), (I8, true)] {
                let all = [0, rows * columns];
                assert_eq!(
                    upload((&words, RAW_F16), dtype, [rows, columns], packed, all).2,
                    is_finite,
                    "{at} {bits:x}"
                );
            }
        }
    }
}
