//! Counting words.

use serde_json::Value;

/// Number of whitespace-separated words.
#[must_use]
pub fn count_words(text: &str) -> u64 {
    let bytes = text.as_bytes();
    if has_wide_space(bytes) {
        return text.split_whitespace().count() as u64;
    }
    // A word begins wherever something follows a space: several times faster than letters.
    let space = |byte: u8| byte == b' ' || byte.wrapping_sub(9) < 5;
    let begun = bytes.windows(2).filter(|pair| space(pair[0]) & !space(pair[1])).count();
    (begun + usize::from(bytes.first().is_some_and(|first| !space(*first)))) as u64
}

/// Whether white space beyond ASCII stands in `text`, which is UTF-8: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028,
/// U+2029, U+202F, U+205F, U+3000.
fn has_wide_space(text: &[u8]) -> bool {
    let two = |at: usize| matches!(text[at..], [0xc2, 0x85 | 0xa0, ..]);
    let three = |at: usize| {
        matches!(
            text[at..],
            [0xe1, 0x9a, 0x80, ..]
                | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..]
                | [0xe2, 0x81, 0x9f, ..]
                | [0xe3, 0x80, 0x80, ..]
        )
    };
    memchr::memchr_iter(0xc2, text).any(two) || memchr::memchr3_iter(0xe1, 0xe2, 0xe3, text).any(three)
}

/// Words of every string inside a value.
pub(super) fn words_in(value: &Value) -> u64 {
    match value {
        Value::String(text) => count_words(text),
        Value::Array(items) => items.iter().map(words_in).sum(),
        Value::Object(fields) => fields.values().map(words_in).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_counted_in_every_string_of_an_input() {
        assert_eq!(words_in(&json!({"command": "cargo test", "list": ["one two", {"deep": "three"}], "n": 4})), 5);
    }

    #[test]
    fn every_white_space_ends_a_word() {
        for space in (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|letter| letter.is_whitespace()) {
            assert_eq!(count_words(&format!("a{space}b{space}")), 2, "{space:?}");
        }
    }

    proptest! {
        #[test]
        fn words_are_what_stands_between_spaces(text in "[\\x00-\\x20a-c\u{85}\u{a0}é\u{1680}\u{1681}\u{2000}\u{200a}\u{200b}\u{2014}\u{2028}\u{2029}\u{202a}\u{202f}\u{205e}\u{205f}\u{3000}\u{3001}設]{0,12}") {
            prop_assert_eq!(count_words(&text), text.split_whitespace().count() as u64);
        }

        #[test]
        fn ascii_is_counted_alike(text in "[\\x00-\\x7f]{0,12}") {
            prop_assert_eq!(count_words(&text), text.split_whitespace().count() as u64);
        }
    }
}
