//! What a simple command does, as far as it is evidence: tests, builds, commits, pushes, pull requests.

/// What a simple command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// Runs tests, builds, or both.
    Run {
        /// Whether it runs tests.
        tests: bool,
        /// Whether it builds.
        builds: bool,
        /// The command without its arguments.
        tool: String,
    },
    /// Makes a commit.
    Commit {
        /// Whether it replaces the one before.
        amend: bool,
        /// Whether git says nothing about it.
        quiet: bool,
        /// The first line of the message, where the command holds it.
        message: Option<String>,
    },
    /// Pushes to another repository.
    Push,
    /// Opens a pull request.
    OpenPullRequest,
    /// Merges a pull request, named by number or address where the command names it; `later` when its checks have passed.
    MergePullRequest {
        /// Number or address.
        which: Option<String>,
        /// Whether it is merged only later.
        later: bool,
    },
}

/// A program that runs a command and prints a short account of its output; it ends well where the command did not.
const SHORTENER: &str = "rtk";

/// Programs that run the command that follows them, with how many of their own words stand before it.
const WRAPPERS: [(&[&str], usize); 35] = [
    (&["sudo"], 0),
    (&["time"], 0),
    (&["env"], 0),
    (&["nohup"], 0),
    (&["nice"], 0),
    (&["command"], 0),
    (&["exec"], 0),
    (&[SHORTENER, "test"], 0),
    (&[SHORTENER, "err"], 0),
    (&[SHORTENER], 0),
    (&["xvfb-run"], 0),
    (&["if"], 0),
    (&["then"], 0),
    (&["do"], 0),
    (&["else"], 0),
    (&["!"], 0),
    (&["{"], 0),
    (&["timeout"], 1),
    (&["gtimeout"], 1),
    (&["npx"], 0),
    (&["bunx"], 0),
    (&["nyc"], 0),
    (&["c8"], 0),
    (&["uv", "run"], 0),
    (&["poetry", "run"], 0),
    (&["pipenv", "run"], 0),
    (&["pdm", "run"], 0),
    (&["rye", "run"], 0),
    (&["hatch", "run"], 0),
    (&["bundle", "exec"], 0),
    (&["pnpm", "exec"], 0),
    (&["pnpm", "dlx"], 0),
    (&["npm", "exec"], 0),
    (&["yarn", "dlx"], 0),
    (&["coverage", "run"], 0),
];

/// Options that take the next word, by the programs that have them.
const OPTIONS_WITH_VALUE: [(&[&str], &[&str]); 8] = [
    (&["npm", "pnpm", "yarn", "bun"], &["--filter", "-F", "-C", "--dir", "--prefix", "--cwd", "-w", "--workspace"]),
    (&["make", "gmake", "just", "ninja"], &["-C", "-f", "-d", "--justfile", "--working-directory", "-j"]),
    (&["git"], &["-C", "-c", "--git-dir", "--work-tree"]),
    (&["gradle", "gradlew"], &["-x", "-p", "--exclude-task"]),
    (&["mvn", "mvnw"], &["-f", "-pl", "-P"]),
    (&["mise"], &["-C", "-E"]),
    (
        &["uv", "timeout", "env", "nice", "sudo"],
        &["--project", "--directory", "--with", "--extra", "--group", "-k", "-s", "-u", "-n"],
    ),
    (&["go", "cargo", "dotnet"], &["-C", "--manifest-path"]),
];

/// Words that make a command tell about itself instead of working.
const TELLS: [&str; 10] = [
    "--help",
    "--version",
    "--list",
    "--collect-only",
    "--co",
    "--no-run",
    "--dry-run",
    "--listTests",
    "-list",
    "--init",
];

/// What a command of `words` does, where it is of interest.
pub(super) fn work(words: &[String]) -> Option<Work> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    of(&words, 0)
}

/// Depth bounds commands that hold commands.
fn of(words: &[&str], depth: usize) -> Option<Work> {
    let words = after_assignments(words);
    let (head, rest) = words.split_first()?;
    let head = program(head);
    if depth > 6 {
        return None;
    }
    if let Some(inner) = wrapped(&head, rest) {
        return of(inner, depth + 1);
    }
    if head == "git" {
        return git(&plain(&head, rest), rest);
    }
    if rest.iter().any(|word| TELLS.contains(word)) {
        return None;
    }
    if head == "gh" || head == "glab" || head == "hub" {
        return forge(&plain(&head, rest), rest);
    }
    run(&head, rest, depth)
}

/// Whether a program prints a short account of the command of `words` in the place of its output.
pub(super) fn is_shortened(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    after_assignments(&words).first().is_some_and(|head| program(head) == SHORTENER)
}

/// `words` without assignments and the programs that run what follows them.
pub(super) fn unwrapped<'a, 'w>(words: &'a [&'w str]) -> &'a [&'w str] {
    let mut words = after_assignments(words);
    while let Some((head, rest)) = words.split_first()
        && let Some(inner) = wrapped(&program(head), rest)
    {
        words = after_assignments(inner);
    }
    words
}

fn after_assignments<'a, 'w>(words: &'a [&'w str]) -> &'a [&'w str] {
    let assigns = |word: &&&str| {
        word.split_once('=').is_some_and(|(name, _)| {
            let name = name.trim_start_matches("$env:");
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    &words[words.iter().take_while(assigns).count()..]
}

/// The name of a program without its folder and extension.
pub(super) fn program(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let name = [".exe", ".cmd", ".bat"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    name.to_owned()
}

/// The words of the command that `head` runs, where it is there to run another.
fn wrapped<'a, 'w>(head: &str, rest: &'a [&'w str]) -> Option<&'a [&'w str]> {
    let python = head
        .strip_prefix("python")
        .is_some_and(|version| version.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.')));
    if python || head == "py" {
        let at = rest.iter().position(|word| *word == "-m")?;
        return rest.get(at + 1..);
    }
    if head == "mise" && matches!(rest.first(), Some(&("exec" | "x"))) {
        let at = rest.iter().position(|word| *word == "--")?;
        return rest.get(at + 1..);
    }
    let (own, count) = WRAPPERS.iter().find_map(|(names, count)| {
        let (name, more) = names.split_first()?;
        (*name == head && rest.starts_with(more)).then_some((more.len(), *count))
    })?;
    let mut rest = &rest[own..];
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        let skip = 1 + usize::from(takes_value(head, option));
        rest = rest.get(skip..)?;
    }
    rest.get(count..)
}

fn takes_value(head: &str, option: &str) -> bool {
    OPTIONS_WITH_VALUE.iter().any(|(heads, options)| heads.contains(&head) && options.contains(&option))
}

/// The words up to `--` without options, their values and assignments.
fn plain<'w>(head: &str, rest: &[&'w str]) -> Vec<&'w str> {
    let mut plain = Vec::new();
    let mut words = rest.iter().take_while(|word| **word != "--");
    while let Some(word) = words.next() {
        if takes_value(head, word) {
            words.next();
        } else if !word.starts_with(['-', '+']) && !word.contains('=') {
            plain.push(*word);
        }
    }
    plain
}

fn git(plain: &[&str], rest: &[&str]) -> Option<Work> {
    let has = |option: &str| rest.contains(&option);
    if has("--dry-run") || has("--help") || has("-h") {
        return None;
    }
    match *plain.first()? {
        "commit" => {
            let short = |letter: char| {
                let group = |word: &&&str| word.starts_with('-') && !word.starts_with("--") && word.contains(letter);
                rest.iter().position(|word| group(&word))
            };
            let long = rest.iter().position(|word| *word == "--message");
            let message = long.or_else(|| short('m')).and_then(|at| rest.get(at + 1));
            let message = message.and_then(|text| text.lines().next()).map(|line| line.trim().to_owned());
            // A message that a command or a file gives is not in the words.
            let message =
                message.filter(|line| !line.is_empty() && !["$(", "${"].iter().any(|start| line.starts_with(start)));
            Some(Work::Commit { amend: has("--amend"), quiet: has("--quiet") || short('q').is_some(), message })
        }
        "push" => (!has("--delete") && !has("-d")).then_some(Work::Push),
        _ => None,
    }
}

fn forge(plain: &[&str], rest: &[&str]) -> Option<Work> {
    match plain {
        ["pr" | "mr", "create" | "new", ..] | ["pull-request", ..] => Some(Work::OpenPullRequest),
        ["pr" | "mr", "merge" | "accept", which @ ..] => {
            let which = which.iter().find(|word| named(word)).map(|word| (*word).to_owned());
            let later = rest.iter().any(|word| matches!(*word, "--auto" | "--auto-merge" | "--disable-auto"));
            Some(Work::MergePullRequest { which, later })
        }
        _ => None,
    }
}

fn named(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit()) || word.starts_with("http")
}

fn run(head: &str, rest: &[&str], depth: usize) -> Option<Work> {
    let words = plain(head, rest);
    let first = words.first().copied().unwrap_or_default();
    let second = words.get(1).copied().unwrap_or_default();
    let of_two =
        |tests: bool, builds: bool, tool: String| (tests || builds).then_some(Work::Run { tests, builds, tool });
    let with = |word: &str| format!("{head} {word}").trim_end().to_owned();
    match head {
        "pytest" | "py.test" | "unittest" | "nose2" | "tox" | "nox" | "jest" | "vitest" | "mocha" | "ava"
        | "jasmine" | "rspec" | "phpunit" | "pest" | "gotestsum" | "ginkgo" | "ctest" | "bats" => {
            of_two(true, false, head.to_owned())
        }
        "tsc" | "vue-tsc" | "webpack" | "rollup" | "ninja" | "msbuild" | "xcodebuild" => {
            of_two(first == "test", first != "test" && first != "-version", head.to_owned())
        }
        "playwright" | "cypress" => of_two(matches!(first, "test" | "run"), false, with(first)),
        "vite" | "next" | "nuxt" | "astro" | "ng" | "tauri" | "buildx" => {
            of_two(head == "ng" && first == "test", first == "build", with(first))
        }
        "cargo" => of_two(
            matches!(first, "test" | "t" | "tarpaulin" | "llvm-cov")
                || (first == "nextest" && matches!(second, "run" | "r")),
            matches!(first, "build" | "b" | "check" | "c" | "clippy" | "rustc"),
            if first == "nextest" { "cargo nextest run".to_owned() } else { with(first) },
        ),
        "go" => {
            let compiles = first == "test" && rest.contains(&"-c");
            of_two(first == "test" && !compiles, matches!(first, "build" | "vet" | "install") || compiles, with(first))
        }
        "node" => of_two(rest.contains(&"--test"), false, "node --test".to_owned()),
        "deno" => of_two(first == "test", matches!(first, "check" | "compile"), with(first)),
        "dotnet" | "swift" | "bazel" | "bazelisk" | "zig" | "mix" | "sbt" | "stack" | "cabal" | "flutter" | "dart"
        | "dune" | "lein" | "rebar3" => of_two(
            matches!(first, "test" | "eunit") || (first, second) == ("build", "test"),
            matches!(first, "build" | "publish" | "compile") && second != "test",
            with(first),
        ),
        "cmake" => of_two(false, rest.contains(&"--build"), "cmake --build".to_owned()),
        "docker" | "docker-compose" | "podman" => {
            let builds = match first {
                "build" => head != "docker-compose" || words.len() < 9,
                "buildx" | "compose" | "image" => second == "build",
                _ => false,
            };
            of_two(false, builds, with(if first == "build" { first } else { "build" }))
        }
        "mvn" | "mvnw" => {
            let skips =
                rest.iter().any(|word| word.starts_with("-DskipTests") || word.starts_with("-Dmaven.test.skip"));
            let goal = |goals: &[&str]| words.iter().any(|word| goals.contains(word));
            let tests = !skips && goal(&["test", "verify", "install", "package", "integration-test", "surefire:test"]);
            of_two(tests, goal(&["compile", "test-compile", "package", "install", "verify", "deploy"]), with(first))
        }
        "gradle" | "gradlew" => {
            let task = |word: &&str| word.rsplit(':').next().unwrap_or(word).to_owned();
            let tests = words.iter().map(task).any(|task| task == "check" || task == "build" || names_tests(&task));
            let builds = words.iter().map(task).any(|task| names_build(&task) || task.starts_with("assemble"));
            let skips = rest.windows(2).any(|pair| pair[0] == "-x" && pair[1].ends_with("test"));
            of_two(tests && !skips, builds, with(first))
        }
        "npm" | "pnpm" | "yarn" | "bun" => script(head, rest, &words, depth),
        "make" | "gmake" | "just" | "task" | "mise" | "rake" | "nx" | "turbo" | "lerna" | "composer" | "artisan"
        | "invoke" => {
            let words: Vec<&str> =
                words.into_iter().filter(|word| !matches!(*word, "run" | "r" | "run-many" | "affected")).collect();
            let target = |word: &&&str| names_tests(word) || (head == "make" && matches!(**word, "check" | "tests"));
            let tests = words.iter().find(target);
            let builds = words.iter().find(|word| names_build(word) || (head == "make" && **word == "all"));
            let bare = matches!(head, "make" | "gmake") && words.is_empty();
            of_two(tests.is_some(), builds.is_some() || bare, with(tests.or(builds).copied().unwrap_or_default()))
        }
        _ if head.starts_with("python") || head == "py" || head == "manage.py" => {
            let task = if head == "manage.py" { first } else { second };
            let of_django = head == "manage.py" || program(first) == "manage.py";
            of_two(of_django && task == "test", false, "manage.py test".to_owned())
        }
        "php" => {
            let script = program(first);
            let of_php = matches!(script.as_str(), "phpunit" | "pest") || (script == "artisan" && second == "test");
            of_two(of_php, false, format!("php {script}"))
        }
        _ => None,
    }
}

/// A script of a JavaScript package, or a program that it installed.
fn script(head: &str, rest: &[&str], words: &[&str], depth: usize) -> Option<Work> {
    let words: Vec<&str> = words.iter().copied().filter(|word| !matches!(*word, "recursive" | "workspace")).collect();
    let named = matches!(words.first(), Some(&("run" | "run-script")));
    let name = *words.get(usize::from(named))?;
    let tool = if named { format!("{head} run {name}") } else { format!("{head} {name}") };
    let (tests, builds) = (names_tests(name) || (head == "npm" && name == "t"), names_build(name));
    // npm runs only tests without `run`; a bundler of bun's own is `bun build`.
    let known = named || head != "npm" || matches!(name, "test" | "t");
    if known && (tests || builds) {
        return Some(Work::Run { tests, builds, tool });
    }
    if named || head == "npm" {
        return None;
    }
    let at = rest.iter().position(|word| *word == name)?;
    of(&rest[at..], depth + 1).filter(|work| matches!(work, Work::Run { .. }))
}

/// Whether a script or target of this name runs tests.
fn names_tests(name: &str) -> bool {
    let parts: Vec<&str> = name.split([':', '-', '_', '.']).collect();
    let tests =
        |part: &&str| matches!(*part, "test" | "tests" | "unittest" | "e2e" | "pytest" | "vitest" | "jest" | "spec");
    parts.first().is_some_and(tests) || parts.last().is_some_and(tests)
}

/// Whether a script or target of this name builds or checks types.
fn names_build(name: &str) -> bool {
    let parts: Vec<&str> = name.split([':', '-', '_', '.']).collect();
    let builds = |part: &&str| matches!(*part, "build" | "compile" | "typecheck" | "tsc");
    parts.first().is_some_and(builds)
        || parts.last().is_some_and(builds)
        || matches!(name, "type-check" | "check-types" | "types:check" | "check:types")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::nested::commands;
    use super::*;

    fn found(line: &str) -> Option<Work> {
        commands(line).iter().find_map(|command| work(&command.words))
    }

    #[rstest]
    #[case("cargo test --workspace -- --nocapture", "cargo test")]
    #[case("RUST_LOG=1 cargo +nightly test", "cargo test")]
    #[case("cargo nextest run -p x", "cargo nextest run")]
    #[case("uv run pytest -q tests/a.py", "pytest")]
    #[case("python3 -m pytest", "pytest")]
    #[case(".venv/bin/python -m unittest discover", "unittest")]
    #[case("timeout 60 npx --yes vitest run", "vitest")]
    #[case("node_modules/.bin/jest --ci", "jest")]
    #[case("npm test", "npm test")]
    #[case("npm run test:unit -- --watch=false", "npm run test:unit")]
    #[case("pnpm --filter web test", "pnpm test")]
    #[case("pnpm vitest run", "pnpm vitest")]
    #[case("bun test src/", "bun test")]
    #[case("go test ./... -run TestX", "go test")]
    #[case("cd a && GOOS=linux go test -tags integration ./...", "go test")]
    #[case("./gradlew :app:test", "gradlew :app:test")]
    #[case("mvn -q -pl core test", "mvn test")]
    #[case("make -C sub -j8 test", "make test")]
    #[case("just test-all", "just test-all")]
    #[case("mise run test:ci", "mise run test:ci")]
    #[case("bundle exec rspec spec", "rspec")]
    #[case("vendor/bin/phpunit", "phpunit")]
    #[case("php artisan test", "php artisan")]
    #[case("dotnet test -c Release", "dotnet test")]
    #[case("ctest --output-on-failure", "ctest")]
    #[case("deno test -A", "deno test")]
    #[case("npx playwright test", "playwright test")]
    #[case("python manage.py test app", "manage.py test")]
    #[case("./manage.py test", "manage.py test")]
    #[case("rtk test bun run test", "bun run test")]
    #[case("rtk cargo test", "cargo test")]
    #[case("bash -lc 'cd x; cargo test'", "cargo test")]
    #[case("sudo -u me env A=1 go test .", "go test")]
    fn test_commands(#[case] line: &str, #[case] expected: &str) {
        let Some(Work::Run { tests: true, tool, .. }) = found(line) else { panic!("{line}: {:?}", found(line)) };
        assert_eq!(tool, expected.replace("mise run", "mise"));
    }

    #[rstest]
    #[case("cargo clippy --all-targets", "cargo clippy")]
    #[case("go build -o x ./cmd", "go build")]
    #[case("go vet ./...", "go vet")]
    #[case("go test -c -o x.test .", "go test")]
    #[case("npm run build", "npm run build")]
    #[case("yarn build:prod", "yarn build:prod")]
    #[case("bun run typecheck", "bun run typecheck")]
    #[case("npx tsc --noEmit", "tsc")]
    #[case("make", "make")]
    #[case("make build", "make build")]
    #[case("mvn compile", "mvn compile")]
    #[case("cmake --build out", "cmake --build")]
    #[case("docker build -t x .", "docker build")]
    #[case("docker compose build web", "docker build")]
    #[case("npx webpack --mode production", "webpack")]
    #[case("next build", "next build")]
    #[case("./gradlew assembleDebug", "gradlew assembleDebug")]
    fn build_commands(#[case] line: &str, #[case] expected: &str) {
        let Some(Work::Run { tests: false, builds: true, tool }) = found(line) else {
            panic!("{line}: {:?}", found(line))
        };
        assert_eq!(tool, expected);
    }

    #[rstest]
    #[case("grep -r 'cargo test' docs")]
    #[case("echo go test ./...")]
    #[case("cargo test --no-run")]
    #[case("pytest --collect-only")]
    #[case("go test -list . ./...")]
    #[case("npm install jest")]
    #[case("npm run lint")]
    #[case("mise run lint")]
    #[case("make help")]
    #[case("cargo --version")]
    #[case("docker run x")]
    #[case("git log --grep commit")]
    #[case("git commit --dry-run")]
    #[case("git push origin --delete x")]
    #[case("gh pr view 3")]
    #[case("gh run watch")]
    #[case("cat test.log | grep FAIL")]
    #[case("vite dev")]
    #[case("python manage.py migrate")]
    #[case("python test.py")]
    fn other_commands(#[case] line: &str) {
        assert_eq!(found(line), None);
    }

    #[rstest]
    #[case("git -C x commit -am 'fix: it\n\nmore'", false, false, Some("fix: it"))]
    #[case("git commit --amend --no-edit -q", true, true, None)]
    #[case("git -c a=b commit -m \"$(cat <<'EOF'\nx\nEOF\n)\"", false, false, None)]
    fn commits(#[case] line: &str, #[case] amend: bool, #[case] quiet: bool, #[case] message: Option<&str>) {
        let expected = Work::Commit { amend, quiet, message: message.map(str::to_owned) };
        assert_eq!(found(line), Some(expected));
    }

    #[test]
    fn pull_requests() {
        let merge =
            |which: Option<&str>, later| Some(Work::MergePullRequest { which: which.map(str::to_owned), later });
        assert_eq!(found("gh pr create --draft --title 'x y'"), Some(Work::OpenPullRequest));
        assert_eq!(found("glab mr create --fill"), Some(Work::OpenPullRequest));
        assert_eq!(found("gh pr merge 12 --squash"), merge(Some("12"), false));
        assert_eq!(found("gh pr merge --squash --auto"), merge(None, true));
        assert_eq!(found("git push -u origin x"), Some(Work::Push));
    }
}
