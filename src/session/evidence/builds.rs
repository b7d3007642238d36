//! What the output of a build says, where its status does not tell.

use std::sync::LazyLock;

use regex::Regex;

/// Lines that compilers and build tools print when a build failed.
static FAILED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^error\[E\d{4}\]: .*|^error: could not compile .*|^.*\berror (?:TS|CS)\d+: .*|^(?:\[\w+\] )?BUILD (?:FAILURE|FAILED)\b.*",
        r"|^make(?:\[\d+\])?: \*\*\* .*|^(?:vet: )?\S+\.go:\d+:\d+: .*|^ERROR: failed to (?:solve|build).*|^Failed to compile\b.*",
        r"|^npm (?:ERR!|error) .*|^\s*ELIFECYCLE\s.*|^error: script .* exited with code [1-9]\d*|^CMake Error.*|^ninja: build stopped.*",
        r"|^(?:✘|✖|x) Build failed.*|^Build failed\b.*|^Build FAILED\b.*|^error during build:.*|^\S+:\d+:(?:\d+:)? (?:fatal )?error: .*",
    ))
    .ok()
});

/// Lines that they print when it went through.
static PASSED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^\s*Finished .*target\(s\) in .*|^(?:\[\w+\] )?BUILD SUCCESS(?:FUL)?\b.*|^.*\b[Cc]ompiled successfully.*|^\s*✓ built in .*",
        r"|^.*\bcompiled with \d+ warnings? in .*|^Build succeeded.*|^Successfully (?:built|tagged) .*|^.*naming to \S+.* done\b.*|^.*Found 0 errors\b.*",
    ))
    .ok()
});

/// The line that says the build failed.
pub(super) fn failed(output: &str) -> Option<&str> {
    FAILED.as_ref()?.find(output).map(|line| line.as_str().trim())
}

/// The line that says it went through.
pub(super) fn passed(output: &str) -> Option<&str> {
    PASSED.as_ref()?.find(output).map(|line| line.as_str().trim())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(FAILED.is_some() && PASSED.is_some());
    }

    #[rstest]
    #[case("error[E0425]: cannot find value `x`\n --> src/a.rs:1:1\nerror: could not compile `a`")]
    #[case("src/a.ts(3,5): error TS2322: Type 'x'")]
    #[case("[INFO] BUILD FAILURE")]
    #[case("FAILURE: Build failed with an exception.\n\nBUILD FAILED in 1s")]
    #[case("cc -c a.c\na.c:3:5: error: expected ';'\nmake: *** [Makefile:3: a.o] Error 1")]
    #[case("# example.test/a\n./a.go:3:5: undefined: x")]
    #[case("ERROR: failed to solve: process did not complete")]
    #[case("npm ERR! code ELIFECYCLE")]
    #[case("error: script \"build\" exited with code 2")]
    #[case("CMake Error at CMakeLists.txt:3")]
    fn failures(#[case] output: &str) {
        assert!(failed(output).is_some());
        assert_eq!(passed(output), None);
    }

    #[rstest]
    #[case("   Compiling a v0.1.0\n    Finished `dev` profile [unoptimized + debuginfo] target(s) in 2.31s")]
    #[case("[INFO] BUILD SUCCESS")]
    #[case("BUILD SUCCESSFUL in 3s")]
    #[case("webpack 5.9.0 compiled successfully in 300 ms")]
    #[case("✓ built in 1.21s")]
    #[case("Build succeeded.\n    0 Warning(s)")]
    #[case("Successfully built 1a2b3c4d")]
    #[case("#9 naming to docker.io/library/x:latest done")]
    fn successes(#[case] output: &str) {
        assert!(passed(output).is_some());
        assert_eq!(failed(output), None);
    }

    #[test]
    fn other_output_says_nothing() {
        let output = "error handling was improved\nthe build failed yesterday\nFinished";
        assert_eq!((failed(output), passed(output)), (None, None));
    }
}
