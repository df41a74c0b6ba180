//! How a product is cut into blocks that threads share.

use super::sizes::Extent;
use crate::micro::{MR, NR};

/// Blocks along m and along n, and whether all rows are packed for all threads first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    pub down: usize,
    pub across: usize,
    pub is_shared: bool,
}

/// Where part `i` of `parts` parts of an axis begins: all have as many groups of `multiple` elements, give or take one.
pub fn edge(size: usize, multiple: usize, i: usize, parts: usize) -> usize {
    (size.div_ceil(multiple) * i / parts * multiple).min(size)
}

/// Blocks along an axis, `least` or up to a fifth more, at most `most`: as many as are shared best among threads, when
/// there are `others` such axes.
fn fair(least: usize, most: usize, others: usize, threads: usize) -> usize {
    // What the thread with the most work has, in shares of an axis.
    let longest = |blocks: usize| (others * blocks).div_ceil(threads) as f32 / blocks as f32;
    let candidates = least..=(least + least.div_ceil(5)).min(most.max(least));
    candidates.fold(least, |best, more| if longest(more) < longest(best) { more } else { best })
}

/// As few blocks as fit, or more where that would leave threads without work.
pub fn parts(extent: &Extent, threads: usize) -> Parts {
    let Extent { batch, m, n, .. } = *extent;
    let wanted = 4 * threads;
    let (mut down, mut across) = (m.div_ceil(extent.tallest()), n.div_ceil(extent.widest()));
    // Lower and narrower blocks would cost more than their threads gain.
    let (lowest, narrowest) = (m.div_ceil(12 * MR), n.div_ceil(12 * NR));
    if threads == 1 || batch * across * down >= wanted {
        return Parts { down: fair(down, lowest, batch * across, threads), across, is_shared: false };
    }
    if extent.shared(threads) > 0 {
        across = across.max(wanted.div_ceil(down)).min(narrowest);
        down = down.max(wanted.div_ceil(across)).min(m.div_ceil(2 * MR));
        return Parts { down, across, is_shared: true };
    }
    let split = |parts: usize, others: usize, most: usize| parts.max(wanted.div_ceil(batch * others).min(most));
    // More blocks of columns pack more rows. Blocks of rows pack more columns, unless those lie in panels.
    if extent.is_packed {
        down = split(down, across, m.div_ceil(32 * MR));
    }
    across = split(across, down, narrowest);
    down = split(down, across, lowest);
    Parts { down: fair(down, lowest, batch * across, threads), across, is_shared: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_cut_an_axis_at_whole_groups() {
        for (size, multiple, parts) in [(100, 6, 4), (5, 8, 1), (704, 8, 3), (13, 6, 3)] {
            let edges: Vec<_> = (0..=parts).map(|i| edge(size, multiple, i, parts)).collect();
            assert_eq!((edges[0], edges[parts]), (0, size));
            for pair in edges.windows(2) {
                assert!(pair[0] % multiple == 0 && pair[0] < pair[1], "{edges:?}");
            }
        }
    }

    #[test]
    fn fair_takes_more_blocks_only_where_threads_share_them_better() {
        assert_eq!(fair(10, 100, 1, 4), 12);
        assert_eq!(fair(8, 100, 1, 4), 8);
        assert_eq!(fair(10, 10, 1, 4), 10);
    }

    #[test]
    fn blocks_fit_the_memory_kept_for_them_and_none_is_empty() {
        for m in [1, 7, 100, 577, 3000] {
            for n in [1, 40, 1409, 5000] {
                for (is_packed, is_quantised) in [(false, false), (true, false), (false, true)] {
                    for threads in [1, 2, 5, 16] {
                        let n = if is_packed { n * NR } else { n };
                        let extent = Extent { batch: 1, m, n, k: 352, is_quantised, is_packed, is_scattered: false };
                        let Parts { down, across, is_shared } = parts(&extent, threads);
                        assert!(!is_shared || extent.shared(threads) > 0);
                        for i in 0..down {
                            let height = edge(m, MR, i + 1, down) - edge(m, MR, i, down);
                            assert!(height > 0 && height.next_multiple_of(MR) <= extent.rows());
                        }
                        for j in 0..across {
                            let width = edge(n, NR, j + 1, across) - edge(n, NR, j, across);
                            assert!(width > 0 && width.next_multiple_of(NR) <= extent.columns());
                        }
                    }
                }
            }
        }
    }
}
