//! Counting words.

use serde_json::Value;

/// Number of whitespace-separated words.
#[must_use]
pub fn count_words(text: &str) -> u64 {
    if !text.is_ascii() {
        return text.split_whitespace().count() as u64;
    }
    // Most text is ASCII, of which a word begins wherever something follows a space: several times faster than letters.
    let space = |byte: u8| byte == b' ' || byte.wrapping_sub(9) < 5;
    let bytes = text.as_bytes();
    let begun = bytes.windows(2).filter(|pair| space(pair[0]) & !space(pair[1])).count();
    (begun + usize::from(bytes.first().is_some_and(|first| !space(*first)))) as u64
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

    proptest! {
        #[test]
        fn words_are_what_stands_between_spaces(text in "[\\x00-\\x20a-c\u{a0}é]{0,12}") {
            prop_assert_eq!(count_words(&text), text.split_whitespace().count() as u64);
        }

        #[test]
        fn ascii_is_counted_alike(text in "[\\x00-\\x7f]{0,12}") {
            prop_assert_eq!(count_words(&text), text.split_whitespace().count() as u64);
        }
    }
}
