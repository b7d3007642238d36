//! What the output of a test run says, in the shapes of the common runners.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexSet};

/// How a test run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome<'t> {
    /// Tests that passed, where the output counts them.
    pub passed: Option<u64>,
    /// Tests that failed or broke, where the output counts them.
    pub failed: Option<u64>,
    /// The line that says it went well.
    pub good: Option<&'t str>,
    /// The line that says it did not.
    pub bad: Option<&'t str>,
    /// The line that says that tests ran, but not how they ended.
    ran: Option<&'t str>,
    /// The line that says that tests could not even be set up: their package was never built.
    pub not_built: Option<&'t str>,
}

/// Lines of the runners' summaries. `passed`, `failed`, `errors`, `skipped` and `total` are counts, `one_passed` and
/// `one_failed` stand for one test each, `good` and `bad` say how it went without a count. Words end by ASCII: with Unicode
/// word boundaries the set of all shapes is ten times slower on any output that is not ASCII.
const SHAPES: [&str; 31] = [
    // cargo test
    r"^test result: (?:ok|(?P<bad>FAILED))\. (?P<passed>\d+) passed; (?P<failed>\d+) failed",
    r"^(?P<bad>error: (?:could not compile|test failed, to rerun).*)",
    // cargo nextest
    r"^\s*Summary \[[^\]\n]*\]\s+\d+(?:/\d+)? tests? run: (?P<passed>\d+) passed(?: \([^)\n]*\))?(?:, (?P<failed>\d+) (?:failed|timed out))?",
    // pytest, with and without bars
    r"^(?:=+ )?(?:(?P<failed>\d+) failed(?:, )?)?(?:(?P<passed>\d+) passed(?:, )?)?(?:\d+ (?:skipped|deselected|xfailed|xpassed|warnings?|rerun|subtests passed)(?:, )?)*(?:(?P<errors>\d+) errors?)? in \d[\d.]*s",
    r"^(?P<bad>(?:FAILED|ERROR) \S+::\S+.*)",
    // unittest
    r"^Ran (?P<total>\d+) tests? in [\d.]+s\s+(?:OK|(?P<bad>FAILED) \((?:failures=(?P<failed>\d+))?(?:, )?(?:errors=(?P<errors>\d+))?)",
    // jest
    r"^Tests:\s+(?:(?P<failed>\d+) failed, )?(?:\d+ (?:skipped|todo|pending), )*(?:(?P<passed>\d+) passed, )?\d+ total",
    // vitest
    r"^\s*Tests\s+(?:(?P<failed>\d+) failed)?(?: \| )?(?:(?P<passed>\d+) passed)?(?: \| \d+ (?:skipped|todo|expected fail))* \(\d+\)",
    // mocha
    r"^\s*(?P<passed>\d+) passing(?-u:\b)",
    r"^\s*(?P<failed>\d+) failing\s*$",
    // playwright
    r"^\s*(?P<passed>\d+) passed \([\d.]+(?:ms|s|m|h)\)",
    r"^\s*(?P<failed>\d+) failed\s*$",
    // bun
    r"^\s*(?P<passed>\d+) pass\s*$",
    r"^\s*(?P<failed>\d+) fail\s*$",
    r"^\s*(?P<ran>Ran \d+ tests? across \d+ files?)\.",
    // node --test
    r"^(?:#|ℹ) pass (?P<passed>\d+)\s*$",
    r"^(?:#|ℹ) fail (?P<failed>\d+)\s*$",
    // go test
    r"^(?P<good>ok)\s+\S+\s+(?:[\d.]+s|\(cached\)).*",
    r"^--- PASS: (?P<one_passed>\S+)",
    r"^--- FAIL: (?P<one_failed>\S+)",
    r"^(?P<bad>FAIL)(?:\s+\S.*)?$",
    // gotestsum
    r"^DONE (?P<total>\d+) tests?(?:, (?P<skipped>\d+) skipped)?(?:, (?P<failed>\d+) failures?)?(?:, (?P<errors>\d+) errors?)? in ",
    // Maven, JUnit and TestNG; lines with a time are parts of the last one
    r"^(?:\[\w+\]\s+)?(?:Total )?[Tt]ests run:\s*(?P<total>\d+),\s+Failures: (?P<failed>\d+)(?:,\s+Errors: (?P<errors>\d+))?(?:,\s+Skipped: (?P<skipped>\d+))?\s*$",
    // JUnit 4 and PHPUnit
    r"^OK \((?P<passed>\d+) tests?(?:, \d+ assertions?)?\)",
    r"^Tests: (?P<total>\d+), Assertions: \d+(?:, Errors: (?P<errors>\d+))?(?:, Failures: (?P<failed>\d+))?(?:, \w+: \d+)*\.",
    // Gradle
    r"^(?P<total>\d+) tests? completed, (?P<failed>\d+) failed(?:, (?P<skipped>\d+) skipped)?",
    // RSpec
    r"^(?P<total>\d+) examples?, (?P<failed>\d+) failures?(?:, (?P<skipped>\d+) pending)?",
    // minitest, ExUnit and bats
    r"^(?:\d+ doctests?, )?(?P<total>\d+) (?:runs|tests?), (?:\d+ assertions?, )?(?P<failed>\d+) failures?(?:, (?P<errors>\d+) errors?)?",
    // dotnet test
    r"^\s*(?:Passed|(?P<bad>Failed))!\s+-\s+Failed:\s+(?P<failed>\d+), Passed:\s+(?P<passed>\d+)",
    // ctest
    r"^\d+% tests passed, (?P<failed>\d+) tests? failed out of (?P<total>\d+)",
    // deno test
    r"^(?:ok|(?P<bad>FAILED)) \| (?P<passed>\d+) passed(?: \([^)\n]*\))? \| (?P<failed>\d+) failed",
];

struct Shapes {
    set: RegexSet,
    each: Vec<Regex>,
}

static SHAPES_READ: LazyLock<Option<Shapes>> = LazyLock::new(|| {
    let sources: Vec<String> = SHAPES.iter().map(|shape| format!("(?m){shape}")).collect();
    let each: Option<Vec<Regex>> = sources.iter().map(|source| Regex::new(source).ok()).collect();
    Some(Shapes { set: RegexSet::new(&sources).ok()?, each: each? })
});

/// What the output of a test run says.
pub(super) fn outcome(output: &str) -> Outcome<'_> {
    let mut outcome = Outcome::default();
    let Some(shapes) = SHAPES_READ.as_ref() else { return outcome };
    for shape in shapes.set.matches(output) {
        for found in shapes.each[shape].captures_iter(output) {
            outcome.add(&found);
        }
    }
    // The count of passed tests may be cut off above it.
    let ran = outcome.ran.take();
    if outcome.failed == Some(0) && outcome.passed.is_none() && outcome.bad.is_none() {
        outcome.good = outcome.good.or(ran);
    }
    // Nothing ran where every count is 0.
    if outcome.passed == Some(0) && outcome.failed.unwrap_or(0) == 0 && outcome.good.is_none() && outcome.bad.is_none()
    {
        return Outcome { not_built: outcome.not_built, ..Outcome::default() };
    }
    outcome
}

impl<'t> Outcome<'t> {
    fn add(&mut self, found: &Captures<'t>) {
        let Some(line) = found.get(0).map(|line| line.as_str().trim()) else { return };
        if line.contains("no tests to run") || line.contains("no test files") {
            return;
        }
        match line.lines().rfind(|line| line.starts_with("FAIL")) {
            Some(line) if line.ends_with("[setup failed]") => {
                self.not_built.get_or_insert(line);
                return;
            }
            // What go writes below the lines of all packages says nothing that those did not.
            Some("FAIL") if self.not_built.is_some() => return,
            _ => {}
        }
        if let Some(ran) = found.name("ran") {
            self.ran = Some(line).filter(|_| !ran.as_str().starts_with("Ran 0 "));
            return;
        }
        let count = |name: &str| found.name(name).and_then(|count| count.as_str().parse::<u64>().ok());
        let one = |name: &str| found.name(name).map(|_| 1);
        let failed = [count("failed"), count("errors"), one("one_failed")].into_iter().flatten().reduce(|a, b| a + b);
        let left = |total: u64| total.saturating_sub(failed.unwrap_or(0)).saturating_sub(count("skipped").unwrap_or(0));
        let passed = count("passed").or(one("one_passed")).or(count("total").map(left));
        let add = |sum: &mut Option<u64>, part: Option<u64>| {
            if let Some(part) = part {
                *sum = Some(sum.unwrap_or(0).saturating_add(part));
            }
        };
        add(&mut self.passed, passed);
        add(&mut self.failed, failed);
        if found.name("bad").is_some() || failed.unwrap_or(0) > 0 {
            self.bad.get_or_insert(line);
        } else if found.name("good").is_some() || passed.unwrap_or(0) > 0 {
            self.good = Some(line);
        }
    }
}

/// `output` without the colours that some runners print into it.
pub(super) fn without_colours(output: Cow<'_, str>) -> Cow<'_, str> {
    static COLOUR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("\u{1b}\\[[0-9;]*[A-Za-z]").ok());
    let pattern = COLOUR.as_ref().filter(|_| output.contains('\u{1b}'));
    match pattern {
        Some(pattern) => Cow::Owned(pattern.replace_all(&output, "").into_owned()),
        None => output,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_shape_compiles() {
        assert!(SHAPES_READ.is_some());
    }

    #[rstest]
    #[case::cargo(
        "running 3 tests\ntest a ... ok\n\ntest result: ok. 3 passed; 0 failed; 0 ignored; finished in 0.1s\n\ntest result: ok. 4 passed; 0 failed; 1 ignored",
        Some(7),
        Some(0),
        true
    )]
    #[case::cargo_fails("test result: FAILED. 2 passed; 1 failed; 0 ignored", Some(2), Some(1), false)]
    #[case::nextest("     Summary [   1.2s] 12 tests run: 12 passed, 0 skipped", Some(12), None, true)]
    #[case::nextest_fails(
        "     Summary [   1.2s] 12/13 tests run: 10 passed (1 slow), 2 failed, 0 skipped",
        Some(10),
        Some(2),
        false
    )]
    #[case::pytest("===== 5 passed, 2 skipped, 1 warning in 0.12s =====", Some(5), None, true)]
    #[case::pytest_quiet(
        "..F\nFAILED tests/a.py::test_x - assert 1\n1 failed, 2 passed in 0.05s",
        Some(2),
        Some(1),
        false
    )]
    #[case::pytest_errors("=== 3 passed, 2 errors in 1.0s ===", Some(3), Some(2), false)]
    #[case::unittest("...\nRan 3 tests in 0.001s\n\nOK", Some(3), None, true)]
    #[case::unittest_fails("Ran 4 tests in 0.01s\n\nFAILED (failures=1, errors=1)", Some(2), Some(2), false)]
    #[case::jest(
        "Test Suites: 2 passed, 2 total\nTests:       1 skipped, 5 passed, 6 total\nTime: 1 s",
        Some(5),
        None,
        true
    )]
    #[case::jest_fails("FAIL src/a.test.ts\nTests:       1 failed, 5 passed, 6 total", Some(5), Some(1), false)]
    #[case::vitest(" Test Files  3 passed (3)\n      Tests  12 passed (12)", Some(12), None, true)]
    #[case::vitest_fails("      Tests  1 failed | 11 passed | 1 skipped (13)", Some(11), Some(1), false)]
    #[case::mocha("  4 passing (12ms)", Some(4), None, true)]
    #[case::mocha_fails("  4 passing (12ms)\n  1 failing\n\n  1) x", Some(4), Some(1), false)]
    #[case::playwright("  6 passed (3.1s)", Some(6), None, true)]
    #[case::playwright_fails("  1 failed\n    a.spec.ts\n  5 passed (3.1s)", Some(5), Some(1), false)]
    #[case::bun(" 12 pass\n 0 fail\n 30 expect() calls\nRan 12 tests across 3 files. [1.20s]", Some(12), Some(0), true)]
    #[case::bun_cut(" 0 fail\n 30 expect() calls\nRan 12 tests across 3 files. [1.20s]", None, Some(0), true)]
    #[case::bun_fails(" 11 pass\n 1 fail\n", Some(11), Some(1), false)]
    #[case::node("# tests 3\n# pass 3\n# fail 0", Some(3), Some(0), true)]
    #[case::go("ok  \texample.test/a\t0.3s\n?   \texample.test/b\t[no test files]", None, None, true)]
    #[case::go_verbose(
        "--- PASS: TestA (0.00s)\n    --- PASS: TestA/sub (0.00s)\n--- PASS: TestB (0.0s)\nPASS\nok  \tx\t0.3s",
        Some(2),
        None,
        true
    )]
    #[case::go_fails(
        "--- FAIL: TestA (0.00s)\n    a_test.go:3: no\nFAIL\nFAIL\texample.test/a\t0.3s\nFAIL",
        None,
        Some(1),
        false
    )]
    #[case::go_does_not_build("FAIL\texample.test/a [build failed]", None, None, false)]
    #[case::gotestsum("DONE 12 tests, 1 skipped in 1.2s", Some(11), None, true)]
    #[case::maven(
        "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s - in A\n[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 1\n",
        Some(4),
        Some(0),
        true
    )]
    #[case::maven_fails("[ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 0", Some(3), Some(2), false)]
    #[case::junit4("OK (5 tests)", Some(5), None, true)]
    #[case::junit4_fails("Tests run: 5,  Failures: 1", Some(4), Some(1), false)]
    #[case::phpunit("OK (5 tests, 9 assertions)", Some(5), None, true)]
    #[case::phpunit_fails("Tests: 5, Assertions: 9, Failures: 2.", Some(3), Some(2), false)]
    #[case::gradle_fails("5 tests completed, 1 failed\n\nBUILD FAILED in 2s", Some(4), Some(1), false)]
    #[case::rspec("12 examples, 0 failures, 1 pending", Some(11), Some(0), true)]
    #[case::rspec_fails("12 examples, 2 failures", Some(10), Some(2), false)]
    #[case::minitest("4 runs, 8 assertions, 1 failures, 0 errors, 0 skips", Some(3), Some(1), false)]
    #[case::ex_unit("1 doctest, 4 tests, 0 failures", Some(4), Some(0), true)]
    #[case::dotnet("Passed!  - Failed:     0, Passed:     5, Skipped:     0, Total:     5", Some(5), Some(0), true)]
    #[case::dotnet_fails(
        "Failed!  - Failed:     1, Passed:     4, Skipped:     0, Total:     5",
        Some(4),
        Some(1),
        false
    )]
    #[case::ctest("100% tests passed, 0 tests failed out of 7", Some(7), Some(0), true)]
    #[case::ctest_fails("86% tests passed, 1 tests failed out of 7", Some(6), Some(1), false)]
    #[case::deno("ok | 5 passed (2 steps) | 0 failed (30ms)", Some(5), Some(0), true)]
    #[case::deno_fails("FAILED | 4 passed | 1 failed (30ms)", Some(4), Some(1), false)]
    fn outputs_of_every_runner(
        #[case] output: &str,
        #[case] passed: Option<u64>,
        #[case] failed: Option<u64>,
        #[case] good: bool,
    ) {
        let outcome = outcome(output);
        assert_eq!((outcome.passed, outcome.failed), (passed, failed), "{outcome:?}");
        assert_eq!((outcome.bad.is_none(), outcome.good.is_some() || !good), (good, true), "{outcome:?}");
    }

    #[rstest]
    #[case("test result: ok. 0 passed; 0 failed; 0 ignored")]
    #[case("ok  \texample.test/a\t0.3s [no tests to run]")]
    #[case("Ran 0 tests in 0.0s\n\nOK")]
    #[case("Ran 12 tests across 3 files. [1.20s]")]
    #[case("I fixed 3 tests and 2 passed the review")]
    #[case("const text = '5 passed in 3s'")]
    #[case("")]
    fn nothing_ran(#[case] output: &str) {
        assert_eq!(outcome(output), Outcome::default());
    }

    #[rstest]
    #[case("# example.test/b\nb.go:3:8: package c is not in std\nFAIL\texample.test/b [setup failed]\nFAIL", false)]
    #[case("ok  \texample.test/a\t0.3s\nFAIL\texample.test/b [setup failed]\nFAIL", false)]
    #[case(
        "--- FAIL: TestA (0.00s)\nFAIL\nFAIL\texample.test/a\t0.3s\nFAIL\texample.test/b [setup failed]\nFAIL",
        true
    )]
    #[case("FAIL\texample.test/b [setup failed]\nFAIL\texample.test/c\t0.1s\nFAIL", true)]
    #[case("FAIL\texample.test/b [setup failed]\nFAIL\nrm: cannot remove 'x': No such file or directory", false)]
    fn a_go_package_that_could_not_be_set_up_failed_no_test(#[case] output: &str, #[case] failed: bool) {
        let outcome = outcome(output);
        assert_eq!(outcome.not_built, Some("FAIL\texample.test/b [setup failed]"));
        assert_eq!(outcome.bad.is_some(), failed, "{outcome:?}");
    }

    #[test]
    fn colours_do_not_hide_a_summary() {
        let coloured =
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m12 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (12)\u{1b}[39m";
        assert_eq!(outcome(&without_colours(coloured.into())).passed, Some(12));
    }
}
