//! Position: the same two answers shown in both orders.

use serde::{Deserialize, Serialize};

use super::super::interval::{Interval, wilson_interval};
use super::super::symmetry::mcnemar;
use super::super::test::Test;

/// A judge's preferences between answers 1 and 2 of one item, named by answer and not by place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BothOrders {
    /// With answer 1 shown first; none where there is no verdict.
    pub one_first: Option<u8>,
    /// With answer 2 shown first.
    pub two_first: Option<u8>,
    /// The better answer, where known.
    pub gold: Option<u8>,
}

/// What position does to a judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PositionBias {
    /// Items.
    pub items: usize,
    /// Items with a verdict in both orders.
    pub paired: usize,
    /// Orders without a verdict.
    pub no_verdicts: usize,
    /// Pairs with the same answer preferred in both orders.
    pub consistent: usize,
    /// Pairs with the answer shown first preferred in both orders.
    pub first_shown: usize,
    /// Pairs with the answer shown second preferred in both orders.
    pub second_shown: usize,
    /// Right verdicts with answer 1 shown first.
    pub right_one_first: usize,
    /// Right verdicts with answer 2 shown first.
    pub right_two_first: usize,
    /// Items right in both orders.
    pub right_both: usize,
    /// Share of pairs whose verdict turns with the order.
    pub flip_rate: Option<f64>,
    /// Its Wilson interval.
    pub flip_interval: Option<Interval>,
    /// McNemar's tests of first against second shown, on the pairs that turn.
    pub tests: Vec<Test>,
}

/// Counts and tests over `items`. No verdict is never right and never consistent.
#[must_use]
pub fn position_bias(items: &[BothOrders]) -> PositionBias {
    let count = |is: &dyn Fn(&BothOrders) -> bool| items.iter().filter(|item| is(item)).count();
    let both = |item: &BothOrders, one: u8, two: u8| item.one_first == Some(one) && item.two_first == Some(two);
    let right = |verdict: Option<u8>, item: &BothOrders| verdict.is_some() && verdict == item.gold;
    let paired = count(&|item| item.one_first.is_some() && item.two_first.is_some());
    let first_shown = count(&|item| both(item, 1, 2));
    let second_shown = count(&|item| both(item, 2, 1));
    let turned = first_shown + second_shown;
    PositionBias {
        items: items.len(),
        paired,
        no_verdicts: count(&|item| item.one_first.is_none()) + count(&|item| item.two_first.is_none()),
        consistent: count(&|item| item.one_first.is_some() && item.one_first == item.two_first),
        first_shown,
        second_shown,
        right_one_first: count(&|item| right(item.one_first, item)),
        right_two_first: count(&|item| right(item.two_first, item)),
        right_both: count(&|item| right(item.one_first, item) && right(item.two_first, item)),
        flip_rate: (paired > 0).then(|| turned as f64 / paired as f64),
        flip_interval: wilson_interval(turned as u64, paired as u64),
        tests: mcnemar(first_shown as u64, second_shown as u64, paired),
    }
}
