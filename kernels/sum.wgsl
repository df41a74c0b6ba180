// A running sum with what rounding took from it beside it (Knuth's TwoSum): as exact as a sum in double precision, for
// any order and size of terms. Compilers that reorder sums would find that the error is zero and drop it; `held` hides
// from them where a number comes from, since only at run time is it known that the first uniform is below 2^31.

struct Total {
  sum: f32,
  rest: f32,
}

fn held(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ (word(0u) >> 31u));
}

fn plus(total: Total, term: f32) -> Total {
  let sum = held(total.sum + term);
  let added = held(sum - total.sum);
  let before = held(sum - added);
  return Total(sum, total.rest + (held(total.sum - before) + held(term - added)));
}

// Beyond the largest number the error is none: infinity and NaN stay what they are.
fn sum_of(total: Total) -> f32 {
  let isFinite = (bitcast<u32>(total.sum) & 0x7f800000u) != 0x7f800000u;
  return select(total.sum, total.sum + total.rest, isFinite);
}
