//! The person's reaction to what the agent did, in their own words.

use std::sync::LazyLock;

use regex::Regex;

use super::model::{EvidenceItem, EvidenceKind};
use crate::session::model::{PromptKind, Turn};
use crate::session::words::count_words;

/// Longest prompt, in words, that is taken as nothing but a reaction to what the agent did.
const REACTION_WORDS: u64 = 30;

/// Words that affirm wherever they stand, and those that do so only at the beginning of a prompt.
static AFFIRMATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:thanks|thank you|thx|lgtm|looks good to me|well done|(?:nice|great|good|amazing|excellent) (?:work|job)|that fixed it|love it)\b",
        r"|\b(?:it|that|this|now|everything|all)(?:'s|\s+is)?(?:\s+(?:now|all|finally))?\s+(?:works|working)\b",
        r"|\bworked\s+(?:great|well|fine|perfectly|nicely|like a charm)\b",
        r"|\bworks\s+(?:now|great|well|fine|perfectly|like a charm)\b|\b(?:looks?|is|all|works) (?:perfect|great|good|excellent|awesome) now\b",
        r"|^\s*(?:perfect|awesome|excellent|brilliant|amazing|fantastic|wonderful|great|nice|approved|works|working|(?:that |this |it |all )?looks (?:good|great|perfect))\s*(?:[!.,:;👍🎉]|-|$)",
    ))
    .ok()
});

/// Words that take an affirmation back, or say that something is only hoped for.
static NOT_AFFIRMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:if|once|when|until|unless|before|check|verify|validate|needs? to|see if|ensure|make sure|confirm|sure|so that|whether|how|why|would|should|could|thanks? to|no thanks)\b",
        r"|\bnot (?:great|good|perfect|working)\b|\btest (?:that|if|it|this|everything|all)\b|^\s*(?:please )?test\b",
        r"|\b(?:hope|hopes|hoping|hopefully|wish|want|expect|in advance|will|doubt|previously|earlier|yesterday|last time|used to|old|previous|(?:do|did)(?:n'?t| not) think)\b",
        r"|\b(?:get|gets|getting|make|makes|making|keep|have) (?:it|that|this|everything|all)\b|\bworked\b.*\bbut\b",
        r"|\b(?:a|an|the|say|says|saying|write|add) (?:thanks|thank you|thx|lgtm)\b|\b(?:thanks|thank you) (?:page|message|note|mail|email|e-mail|button|screen|text|section)\b",
    ))
    .ok()
});

/// Words that say the work is wrong or is given up.
static REJECTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:it|that|this|which|still|everything|nothing|fix|button|app|page|change)\s+(?:still\s+)?(?:does ?n[o']?t|do ?n[o']?t|did ?n[o']?t|is ?n[o']?t|not|never)\s+(?:(?:really|actually|even|seem to)\s+)?work(?:s|ed|ing)?\b",
        r"|\b(?:does|did) ?n[o']?t\s+work\s+(?:any ?more|any longer|at all|properly|correctly|for me|yet|either)\b",
        r"|^\s*(?:\w+\s+)?not working\b|\bnothing works\b",
        r"|\bstill\s+(?:broken|failing|fails|wrong|not (?:working|fixed|right|there|showing)|the same (?:error|issue|problem)|(?:does|is|do)n'?t|get(?:ting)?\s+(?:the|an|this|that)\b.*\berror)",
        r"|^\s*(?:ok |okay |actually |no,? )*(?:never ?mind|forget (?:it|that|about it)|i give up|revert (?:that|this|it|everything|all|the (?:last )?(?:commit|changes?))|undo (?:that|this|it|everything|all|the (?:last )?(?:commit|changes?)))\b",
        r"|^\s*(?:no,? |hmm+,? |well,? )*(?:that|this|it)(?:'s| is| was) (?:completely |totally |just |all |still )?(?:wrong|incorrect|broken|no good|not (?:right|correct|what i))\b",
        r"|\bnot what i (?:asked|wanted|meant|said)\b",
    ))
    .ok()
});

/// Words before a rejection, in its clause, that say it is only feared or provided for.
static NOT_REJECTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:if|in case|unless|whether|hope|hopefully|make sure|ensure|might|may|would|could|afraid|worried|(?:check|verify|test|see) (?:that|it|this))\b",
    )
    .ok()
});

/// The person's reaction in a short typed prompt after the first; a rejection outweighs thanks in the same prompt.
pub(super) fn reaction(turn: &Turn) -> Option<EvidenceItem> {
    let typed = matches!(turn.kind, PromptKind::Typed | PromptKind::Queued);
    if turn.number < 2 || !typed || count_words(&turn.prompt) > REACTION_WORDS {
        return None;
    }
    let is = |pattern: &LazyLock<Option<Regex>>, text: &str| pattern.as_ref().is_some_and(|regex| regex.is_match(text));
    let rejects = |sentence: &str| {
        let found = REJECTION.as_ref().and_then(|pattern| pattern.find(sentence));
        found.is_some_and(|found| {
            let clause = sentence[..found.start()].rsplit([',', ';']).next().unwrap_or_default();
            !is(&NOT_REJECTED, clause)
        })
    };
    let own = without_quotations(&turn.prompt);
    // A question asks, and a pasted line of a log is not the person's.
    let sentences = || own.split_inclusive(['.', '!', '?', '\n']).filter(|sentence| !asks(sentence));
    let kind = if sentences().any(rejects) {
        EvidenceKind::Rejection
    } else if sentences().any(|sentence| is(&AFFIRMATION, sentence) && !is(&NOT_AFFIRMED, sentence)) {
        EvidenceKind::Affirmation
    } else {
        return None;
    };
    Some(EvidenceItem::new(kind, turn.number, &turn.prompt, None))
}

/// `text` without what stands in quotation marks or backquotes: it is said by something else.
fn without_quotations(text: &str) -> String {
    let mut own = String::with_capacity(text.len());
    let mut rest = text;
    // Openers that nothing closes: what was looked for once in vain is not looked for again.
    let mut unclosed = String::new();
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        let close: &[char] = match letter {
            '"' => &['"'],
            '`' => &['`'],
            '\'' if !own.ends_with(char::is_alphanumeric) => &['\''],
            '\u{201c}' => &['\u{201d}'],
            '\u{201e}' => &['\u{201c}', '\u{201d}'],
            '\u{ab}' => &['\u{bb}'],
            _ => &[],
        };
        // An apostrophe inside a word closes nothing.
        let ends =
            |(at, mark): &(usize, &str)| *mark != "'" || !after[at + mark.len()..].starts_with(char::is_alphanumeric);
        let looked_for = !close.is_empty() && !unclosed.contains(letter);
        if let Some((at, mark)) = looked_for.then(|| after.match_indices(close).find(ends)).flatten() {
            own.push(' ');
            rest = &after[at + mark.len()..];
        } else {
            if looked_for {
                unclosed.push(letter);
            }
            own.push(letter);
            rest = after;
        }
    }
    own
}

fn asks(sentence: &str) -> bool {
    let sentence = sentence.trim();
    sentence.ends_with('?') || sentence.starts_with(['>', '"', '`'])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!([&AFFIRMATION, &NOT_AFFIRMED, &REJECTION, &NOT_REJECTED].iter().all(|pattern| pattern.is_some()));
    }

    #[rstest]
    #[case("thanks!", Some(EvidenceKind::Affirmation))]
    #[case("lgtm", Some(EvidenceKind::Affirmation))]
    #[case("approved", Some(EvidenceKind::Affirmation))]
    #[case("Perfect, it works now", Some(EvidenceKind::Affirmation))]
    #[case("that is working now", Some(EvidenceKind::Affirmation))]
    #[case("Great, now do the same in the other file", Some(EvidenceKind::Affirmation))]
    #[case("looks good. commit it", Some(EvidenceKind::Affirmation))]
    #[case("it works! can you push?", Some(EvidenceKind::Affirmation))]
    #[case("thanks but it still doesn't work", Some(EvidenceKind::Rejection))]
    #[case("never mind", Some(EvidenceKind::Rejection))]
    #[case("the tests are still failing", Some(EvidenceKind::Rejection))]
    #[case("the test is still failing", Some(EvidenceKind::Rejection))]
    #[case("it does not work", Some(EvidenceKind::Rejection))]
    #[case("menu not working", Some(EvidenceKind::Rejection))]
    #[case("that is wrong, it should be a list", Some(EvidenceKind::Rejection))]
    #[case("actually revert the commit, just open an issue", Some(EvidenceKind::Rejection))]
    #[case("no, that's not what I asked for", Some(EvidenceKind::Rejection))]
    #[case("both resumes worked fine", Some(EvidenceKind::Affirmation))]
    #[case("the test worked fine.\n\nLet's look at the next one.", Some(EvidenceKind::Affirmation))]
    #[case("thanks, please do the next one", Some(EvidenceKind::Affirmation))]
    #[case("'thanks' is shown now, thanks!", Some(EvidenceKind::Affirmation))]
    #[case("if the box becomes larger, the gradient doesn't work anymore.", Some(EvidenceKind::Rejection))]
    #[case("I don't like it, it's the users' page and it doesn't work", Some(EvidenceKind::Rejection))]
    #[case("Add a \"thanks\" page", None)]
    #[case("add a thank you page", None)]
    #[case("I hope it works", None)]
    #[case("thank you in advance, please do the other one", None)]
    #[case("users will love it", None)]
    #[case("please get it working", None)]
    #[case("publish previously worked fine, is it because of the release", None)]
    #[case("that worked fine in the browser, but not on the phone", None)]
    #[case("fix the error \"it does not work\" shown in the dialog", None)]
    #[case("fix the error “it does not work” shown in the dialog", None)]
    #[case("fix the error 'it does not work' shown in the dialog", None)]
    #[case("fix the error „it does not work“ shown in the dialog", None)]
    #[case("fix the error „it does not work” shown in the dialog", None)]
    #[case("„ok“ is shown, but it does not work", Some(EvidenceKind::Rejection))]
    #[case("the log says `everything is still failing`, explain", None)]
    #[case("if it does not work, tell me", None)]
    #[case("how does this work?", None)]
    #[case("why does it not work?", None)]
    #[case("check that it works, ok?", None)]
    #[case("check that everything works and commit", None)]
    #[case("make sure it works now", None)]
    #[case("the reviewer also needs to validate it works", None)]
    #[case("this is not great", None)]
    #[case("great question, but what about the cache", None)]
    #[case("use nice names", None)]
    #[case("I do not work on that, skip it", None)]
    #[case("no thanks, skip that", None)]
    #[case("add a network test", None)]
    #[case("can we revert to the old design in the docs?", None)]
    #[case("fix the wrong path", None)]
    fn reactions(#[case] prompt: &str, #[case] expected: Option<EvidenceKind>) {
        let turn = Turn::new(2, PromptKind::Typed, prompt.to_owned(), None);
        assert_eq!(reaction(&turn).map(|item| item.kind), expected);
        assert_eq!(reaction(&Turn { number: 1, ..turn.clone() }), None, "the first prompt reacts to nothing");
        assert_eq!(reaction(&Turn { kind: PromptKind::PlanHandOff, ..turn }), None, "a plan is not a reaction");
    }

    #[rstest]
    #[case("-'a")]
    #[case("-\u{201c}a")]
    #[case("-\u{201e}a")]
    #[case("-'a\u{ab}b\u{201e}c\u{201c}d")]
    #[case("'a'b")]
    fn quotations_that_nothing_closes_take_no_time(#[case] part: &str) {
        let text = part.repeat(1_000_000 / part.len());
        let start = std::time::Instant::now();
        assert!(without_quotations(&text).len() <= text.len());
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
