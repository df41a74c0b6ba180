//! How large blocks are.

use crate::micro::{MR, NR};
use crate::pack::padded;

/// Rows of a block of a, which streams past every panel of b: the more there are, the seldomer panels come from the
/// last cache.
const MC: usize = 288;
/// Columns and most steps of a packed block of b, which lies in the last cache; its panels pass through the first. Longer
/// sums have k-blocks of one chain: more would push blocks of a out of the second cache.
const NC: usize = 704;
const KC: usize = 704;
/// Steps of the longest chain of additions.
const CHAIN: usize = 352;
/// The same of a b that is packed in memory: nothing of it is copied, so that rows of a are packed seldomer and few
/// and long panels save what each of them costs.
const MC_PACKED: usize = 576;
const NC_PACKED: usize = 1408;
const KC_PACKED: usize = 1408;
/// Terms of a k-block of quantised activations, whose panels are bytes.
const KC_QUANTISED: usize = 1408;

/// Elements that all threads keep together at the most, of a or of sums: 16 MiB.
const MOST_SHARED: usize = 1 << 22;

/// Points of a product's groups, and what is special about it.
#[derive(Clone, Copy)]
pub struct Extent {
    pub batch: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub is_quantised: bool,
    pub is_packed: bool,
    /// Whether columns of the output that follow each other do not lie so.
    pub is_scattered: bool,
}

impl Extent {
    /// Rows of the tallest block.
    pub fn tallest(&self) -> usize {
        if self.is_packed {
            MC_PACKED
        } else {
            MC
        }
    }

    /// Columns of the widest block.
    pub fn widest(&self) -> usize {
        if self.is_packed {
            NC_PACKED
        } else {
            NC
        }
    }

    /// Terms of a k-block: as few parts of k as there can be, all about as long, in whole groups of 4; whole chains where
    /// both operands are packed.
    pub fn k_block(&self) -> usize {
        let like = |size: usize, longest: usize| size.div_ceil(size.div_ceil(longest));
        if self.is_packed || self.is_quantised {
            return padded(like(self.k, if self.is_packed { KC_PACKED } else { KC_QUANTISED }));
        }
        let chain = self.chain(0);
        if self.k <= KC {
            padded(self.k)
        } else {
            chain
        }
    }

    /// Steps of a chain of additions in a k-block of `count` terms.
    pub fn chain(&self, count: usize) -> usize {
        let k = if self.is_packed { count } else { self.k };
        padded(k.div_ceil(k.div_ceil(CHAIN)))
    }

    /// Rows of tables for the rows of a block.
    pub fn rows(&self) -> usize {
        self.m.min(self.tallest()) + 2 * MR
    }

    /// Columns of tables for the columns of a block.
    pub fn columns(&self) -> usize {
        self.n.min(self.widest()) + 2 * NR
    }

    /// Columns whose panels are in working memory at once.
    pub fn packed_columns(&self) -> usize {
        if self.is_packed {
            2 * NR
        } else {
            self.columns()
        }
    }

    /// Parts that long sums of a small output are kept in, one behind the other; 0 where they go to the output.
    pub fn parts(&self, threads: usize) -> usize {
        if self.is_packed || self.is_quantised || self.batch > 1 || self.k <= KC {
            return 0;
        }
        let k_blocks = self.k.div_ceil(self.k_block());
        let blocks = self.m.div_ceil(MC) * self.n.div_ceil(NC);
        if threads > 1 && blocks < 4 * threads && self.part() * k_blocks <= MOST_SHARED {
            k_blocks
        } else {
            (self.is_scattered && self.part() <= MOST_SHARED) as usize
        }
    }

    /// Elements of a part.
    pub fn part(&self) -> usize {
        self.m * self.n.next_multiple_of(NR)
    }

    /// Elements of all of a, packed for all of `threads` threads; 0 where each packs its own part.
    pub fn shared(&self, threads: usize) -> usize {
        let elements = self.m.next_multiple_of(MR) * self.k;
        if threads > 1 && self.is_packed && elements <= MOST_SHARED {
            elements
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_blocks_cut_k_into_few_parts_of_like_length() {
        let steps = |k, is_packed, is_quantised| {
            Extent { batch: 1, m: 1, n: 1, k, is_quantised, is_packed, is_scattered: false }.k_block()
        };
        assert_eq!([1, 352, 353, 704, 705].map(|k| steps(k, false, false)), [4, 352, 356, 704, 236]);
        assert_eq!([steps(1408, true, false), steps(1412, true, false)], [1408, 708]);
        assert_eq!([steps(1408, false, true), steps(1409, false, true)], [1408, 708]);
    }

    #[test]
    fn rows_are_shared_only_among_threads_that_read_panels_and_when_few() {
        let extent =
            |m, is_packed| Extent { batch: 1, m, n: 8, k: 1024, is_quantised: false, is_packed, is_scattered: false };
        assert_eq!(extent(100, true).shared(4), 102 * 1024);
        assert_eq!(extent(100, true).shared(1), 0);
        assert_eq!(extent(100, false).shared(4), 0);
        assert_eq!(extent(4092, true).shared(2), 4092 * 1024);
        assert_eq!(extent(4097, true).shared(2), 0);
    }

    #[test]
    fn long_sums_are_kept_in_parts_where_threads_would_lack_blocks() {
        let extent =
            |m, k| Extent { batch: 1, m, n: 90, k, is_quantised: false, is_packed: false, is_scattered: false };
        assert_eq!([extent(96, 3072).parts(1), extent(96, 3072).parts(2), extent(96, 704).parts(2)], [0, 9, 0]);
        assert_eq!(extent(9 * 288, 3072).parts(2), 0);
        assert_eq!(Extent { is_scattered: true, ..extent(96, 3072) }.parts(1), 1);
        assert_eq!(extent(5, 3072).part(), 5 * 96);
    }
}
