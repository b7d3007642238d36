//! The tier of the models of a session: what is left of their names without versions.

/// Words of names that are no tier.
const OTHERS: [&str; 2] = ["latest", "preview"];

/// The tiers of `models`: the words of each name without versions, as `claude sonnet` of `claude-sonnet-4-5-20250929`, sorted and
/// with ` + ` between where there are several; none where no name says anything. The study's tiers are not published; these are
/// ours.
pub(super) fn tier(models: &[String]) -> Option<String> {
    let mut tiers: Vec<String> = models.iter().map(|name| one(name)).filter(|tier| !tier.is_empty()).collect();
    tiers.sort_unstable();
    tiers.dedup();
    (!tiers.is_empty()).then(|| tiers.join(" + "))
}

fn one(name: &str) -> String {
    // Providers stand before the last slash, variants of a call in brackets.
    let name = name.rsplit('/').next().unwrap_or(name).split('[').next().unwrap_or_default().to_lowercase();
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !OTHERS.contains(word));
    let plain = words.map(|word| word.trim_end_matches(|letter: char| letter.is_ascii_digit()));
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(char::is_alphabetic);
    plain.filter(is_word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::tier;

    fn of(models: &[&str]) -> Option<String> {
        tier(&models.iter().map(|model| (*model).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_tier_is_the_name_without_versions() {
        let names = [
            ("claude-sonnet-4-5-20250929", "claude sonnet"),
            ("claude-3-5-haiku-latest", "claude haiku"),
            ("anthropic/claude-opus-4.1[1m]", "claude opus"),
            ("gpt-5.1-codex", "gpt codex"),
            ("gemini-2.5-pro-preview-05-06", "gemini pro"),
            ("Qwen3-Coder:480b", "qwen coder"),
        ];
        for (name, expected) in names {
            assert_eq!(of(&[name]).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn several_tiers_are_one_of_their_own_and_nothing_is_none() {
        let two = ["claude-opus-4-6", "claude-haiku-4-5", "claude-opus-4-7"];
        assert_eq!(of(&two).as_deref(), Some("claude haiku + claude opus"));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["4.1"]), None);
    }
}
