//! How many items show that kappa is above a value, for any number of labels (Flack and others 1988).
//!
//! Shares and kappa do not fix a table of more than two labels, so that the plan goes by the table whose kappa has the largest variance.

use crate::stats::interval::normal_inverse;

/// What rounding may leave of a share.
const NOTHING: f64 = 1e-12;

/// The largest variance of Cohen's kappa of two raters who both give labels with `shares`, times the number of items (Flack and
/// others 1988, equation 4, with the variance of Fleiss, Cohen and Everitt 1969). None where no table has these shares and this kappa.
#[must_use]
pub fn largest_kappa_unit_variance(shares: &[f64], kappa: f64) -> Option<f64> {
    let chance: f64 = shares.iter().map(|share| share * share).sum();
    let observed = kappa * (1.0 - chance) + chance;
    let apart = 1.0 - observed;
    if chance >= 1.0 || !(-NOTHING..=1.0 + NOTHING).contains(&observed) {
        return None;
    }
    let on = |label: usize| (1.0 - chance - 2.0 * shares[label] * apart).powi(2);
    // What the variance gains by a pair of labels that is told apart instead of each of them agreed on.
    let gain = |a: usize, b: usize| (apart * (shares[a] + shares[b])).powi(2) - f64::midpoint(on(a), on(b));
    let agreed: f64 = (0..shares.len()).map(|label| shares[label] * on(label)).sum();
    let gained = most_gain(shares, apart.max(0.0), gain)?;
    let centre = observed * chance - 2.0 * chance + observed;
    Some((agreed + gained - centre * centre) / (1.0 - chance).powi(4))
}

/// Items that show, with `power` and one-sided at `alpha`, that kappa is above `null` where it is `kappa`, whatever the table. None where
/// there is no such table, or no difference. For two labels it is Cantor's number (1996).
#[must_use]
pub fn kappa_items_of_shares(shares: &[f64], null: f64, kappa: f64, alpha: f64, power: f64) -> Option<f64> {
    let [of_null, of_kappa] = [null, kappa].map(|value| largest_kappa_unit_variance(shares, value));
    let sum =
        normal_inverse(1.0 - alpha) * of_null?.max(0.0).sqrt() + normal_inverse(power) * of_kappa?.max(0.0).sqrt();
    ((kappa - null).abs() > NOTHING).then(|| (sum / (kappa - null)).powi(2))
}

/// The most that can be gained by sending `amount` from labels to other labels, no label sending or receiving more than its share:
/// a flow of least cost, one best path at a time. None where the shares do not hold so much.
fn most_gain(shares: &[f64], amount: f64, gain: impl Fn(usize, usize) -> f64) -> Option<f64> {
    let q = shares.len();
    let (mut sending, mut receiving) = (shares.to_vec(), shares.to_vec());
    let mut flow = vec![0.0; q * q];
    let (mut left, mut gained) = (amount, 0.0);
    while left > NOTHING {
        // Best gain from any sender with something left to each receiver, by rounds of Bellman and Ford over what can still change.
        let mut best = vec![f64::NEG_INFINITY; q];
        let mut from = vec![None; q];
        let mut at_sender: Vec<f64> =
            sending.iter().map(|left| if *left > NOTHING { 0.0 } else { f64::NEG_INFINITY }).collect();
        let mut back = vec![None; q];
        for _ in 0..2 * q {
            for sender in 0..q {
                for receiver in (0..q).filter(|receiver| *receiver != sender) {
                    let there = at_sender[sender] + gain(sender, receiver);
                    if there > best[receiver] + NOTHING {
                        (best[receiver], from[receiver]) = (there, Some(sender));
                    }
                    let again = best[receiver] - gain(sender, receiver);
                    if flow[sender * q + receiver] > NOTHING && again > at_sender[sender] + NOTHING {
                        (at_sender[sender], back[sender]) = (again, Some(receiver));
                    }
                }
            }
        }
        let open = (0..q).filter(|receiver| receiving[*receiver] > NOTHING && from[*receiver].is_some());
        let last = open.max_by(|a, b| best[*a].total_cmp(&best[*b]))?;
        // The path backwards: pairs of sender and receiver that gain flow, and between them those that give it back.
        let (mut pushed, mut returned) = (Vec::new(), Vec::new());
        let mut receiver = last;
        let first = loop {
            let sender = from[receiver]?;
            pushed.push((sender, receiver));
            match back[sender] {
                Some(before) => {
                    returned.push((sender, before));
                    receiver = before;
                }
                None => break sender,
            }
        };
        let most = returned.iter().map(|(sender, receiver)| flow[sender * q + receiver]).fold(f64::INFINITY, f64::min);
        let step = left.min(sending[first]).min(receiving[last]).min(most);
        for (sender, receiver) in pushed {
            flow[sender * q + receiver] += step;
            gained += step * gain(sender, receiver);
        }
        for (sender, receiver) in returned {
            flow[sender * q + receiver] -= step;
            gained -= step * gain(sender, receiver);
        }
        sending[first] -= step;
        receiving[last] -= step;
        left -= step;
    }
    Some(gained)
}

#[cfg(test)]
mod tests {
    use super::super::kappa_unit_variance;
    use super::*;

    // With two labels shares and kappa fix the table.
    #[test]
    fn two_labels_have_the_one_variance_there_is() {
        for (share, kappa) in [(0.5, 0.7), (0.3, 0.4), (0.1, 0.0), (0.2, 0.95)] {
            let found = largest_kappa_unit_variance(&[share, 1.0 - share], kappa).unwrap();
            assert!((found - kappa_unit_variance(share, share, kappa).unwrap()).abs() < 1e-12, "{share} {kappa}");
        }
        assert_eq!(largest_kappa_unit_variance(&[0.1, 0.9], -0.9), None);
        assert_eq!(kappa_items_of_shares(&[0.5, 0.5], 0.4, 0.4, 0.05, 0.8), None);
    }

    // Three labels of even shares leave nothing to choose: every disagreement gains the same. By hand at kappa 0.4: chance 1/3, observed
    // 0.6, (0.6 (2/3 - 4/15)^2 + 0.4 (4/15)^2 - (0.2 - 2/3 + 0.6)^2) / (2/3)^4.
    #[test]
    fn even_shares_are_done_by_hand() {
        let found = largest_kappa_unit_variance(&[1.0 / 3.0; 3], 0.4).unwrap();
        let by_hand =
            (0.6 * 0.16 + 0.4 * (4.0_f64 / 15.0).powi(2) - (2.0_f64 / 15.0).powi(2)) / (2.0_f64 / 3.0).powi(4);
        assert!((found - by_hand).abs() < 1e-12, "{found} {by_hand}");
    }
}
