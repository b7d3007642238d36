//! Every built-in rule does what its examples say; rules that do not are refused with a reason.

use rstest::rstest;

use super::*;

/// A rule that can be used, with one part replaced.
fn file_with(part: &str, other: &str) -> String {
    let rule = r"
- id: acme-key
  about: Made up.
  keywords: [acme_]
  regex: 'acme_[a-z0-9]{16}'
  finds: ['«acme_{lower:16}»']
  spares: ['acme_corp']
";
    assert!(part.is_empty() || rule.contains(part), "{part}");
    rule.replace(part, other)
}

#[test]
fn every_built_in_rule_does_what_its_examples_say() {
    let rules = parse("secrets.yaml", BUILT_IN).unwrap();
    assert!(rules.len() > 100, "{}", rules.len());
    prove("secrets.yaml", rules).unwrap();
}

#[test]
fn rules_of_a_file_take_the_place_of_the_built_in_ones() {
    let scrubber = Scrubber::with_rules("secrets.yaml", &file_with("", "")).unwrap();
    let mut counts = ScrubCounts::new();
    assert_eq!(
        scrubber.text("x acme_a1b2c3d4e5f6g7h8 ada@analytical.org", &mut counts),
        "x [secret:acme-key] ada@analytical.org"
    );
    assert_eq!(counts, ScrubCounts::from([("acme-key".to_owned(), 1)]));
}

#[rstest]
#[case("acme-key", "acme2", "lower-case letters and hyphens")]
#[case("[acme_]", "[]", "no keywords")]
#[case("[acme_]", "[ac]", "`ac` must be ASCII, and one byte or at least three")]
#[case("{16}'", "{16'", "does not compile: regex parse error")]
#[case("['acme_corp']", "[]", "one under `spares`")]
#[case("«acme_{lower:16}»", "acme_{lower:16}", "marks no secret")]
#[case("«acme_{lower:16}»", "«acme_{lower:15}»", "became `acme_a1b2c3d4e5f6g7h`, not `[secret:acme-key]`")]
#[case("'acme_corp'", "'acme_{lower:16}'", "under `spares` became `[secret:acme-key]`")]
#[case("finds:", "mask: hidden\n  finds:", "its mask `hidden` must be a word in square brackets")]
fn a_rule_that_is_wrong_is_named(#[case] part: &str, #[case] other: &str, #[case] what: &str) {
    let error = Scrubber::with_rules("my.yaml", &file_with(part, other)).unwrap_err().to_string();
    assert!(error.starts_with("my.yaml: rule `acme"), "{error}");
    assert!(error.contains(what), "{error}");
}

#[test]
fn a_file_that_is_wrong_tells_the_line() {
    let error = Scrubber::with_rules("my.yaml", &file_with("spares", "spare")).unwrap_err().to_string();
    assert!(error.starts_with("my.yaml: line 7: ") && error.contains("spare"), "{error}");
}

#[test]
fn a_rule_that_matches_its_own_mask_ends() {
    let rule = r"
- id: any
  about: Whatever stands after x=.
  keywords: ['x=y', 'x=[']
  regex: 'x=(?P<s>.+)'
  finds: ['x=«yyyyyyyyyy»']
  spares: ['x yyyyyyyyyy']
";
    assert_eq!(
        Scrubber::with_rules("my.yaml", rule).unwrap().text("x=y y y", &mut ScrubCounts::new()),
        "x=[secret:any]"
    );
}
