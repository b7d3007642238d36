//! Commands that stand inside others: in a word of a shell, on another machine, in a container.

use super::shell::{Simple, simple_commands};
use super::work::{program, unwrapped};

/// How many commands may hold one another.
const DEPTH: usize = 6;

/// Options of `ssh` that take the next word.
const SSH_VALUES: [&str; 20] = [
    "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-R", "-S", "-W",
    "-w",
];

/// Options of `docker exec`, `docker compose` and what these run that take the next word.
const CONTAINER_VALUES: [&str; 23] = [
    "-e",
    "--env",
    "--env-file",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--detach-keys",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--project-directory",
    "--profile",
    "--index",
    "-v",
    "--volume",
    "--publish",
    "--name",
    "--entrypoint",
    "-l",
    "--label",
    "--context",
];

/// The simple commands of `line`, in order, with those that others hold in the place of these.
pub(super) fn commands(line: &str) -> Vec<Simple> {
    let mut all = Vec::new();
    for command in simple_commands(line) {
        expand(command, 0, &mut all);
    }
    all
}

fn expand(command: Simple, depth: usize, all: &mut Vec<Simple>) {
    let mut inner = if depth < DEPTH { held(&command.words) } else { Vec::new() };
    let (before, after) = (command.before, command.after);
    match inner.as_mut_slice() {
        [] => return all.push(command),
        [one] => (one.before, one.after) = (before, after),
        [first, .., last] => (first.before, last.after) = (before, after),
    }
    for command in inner {
        expand(command, depth + 1, all);
    }
}

/// The commands that a command of `words` holds.
fn held(words: &[String]) -> Vec<Simple> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = unwrapped(&words);
    let Some((head, rest)) = words.split_first() else { return Vec::new() };
    match program(head).as_str() {
        "bash" | "sh" | "zsh" | "dash" => {
            let runs = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
            let text = rest.iter().position(runs).and_then(|at| rest.get(at + 1));
            text.map(|text| simple_commands(text)).unwrap_or_default()
        }
        "powershell" | "pwsh" => {
            let runs = |word: &&str| matches!(word.to_ascii_lowercase().as_str(), "-command" | "-c");
            let at = rest.iter().position(runs).map_or(rest.len(), |at| at + 1);
            simple_commands(&rest[at..].join(" "))
        }
        "ssh" => simple_commands(&operands(rest, &SSH_VALUES).get(1..).unwrap_or_default().join(" ")),
        "docker" | "podman" => container(rest),
        "docker-compose" => composed(rest),
        _ => Vec::new(),
    }
}

/// `words` from the first one that is neither an option nor an option's value.
fn operands<'a, 'w>(words: &'a [&'w str], values: &[&str]) -> &'a [&'w str] {
    let mut rest = words;
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        let skip = if values.contains(option) { 2 } else { 1 };
        rest = rest.get(skip..).unwrap_or_default();
    }
    rest
}

fn container(rest: &[&str]) -> Vec<Simple> {
    match operands(rest, &CONTAINER_VALUES) {
        ["exec", rest @ ..] => inside(rest),
        ["compose", rest @ ..] => composed(rest),
        _ => Vec::new(),
    }
}

fn composed(rest: &[&str]) -> Vec<Simple> {
    match operands(rest, &CONTAINER_VALUES) {
        ["exec" | "run", rest @ ..] => inside(rest),
        _ => Vec::new(),
    }
}

/// The command after options and the name of a container or service; how one ends that is detached is not told.
fn inside(rest: &[&str]) -> Vec<Simple> {
    let words = operands(rest, &CONTAINER_VALUES);
    let detached = rest[..rest.len() - words.len()].iter().any(|word| matches!(*word, "-d" | "--detach"));
    match words {
        [_, command @ ..] if !command.is_empty() && !detached => {
            vec![Simple::of(command.iter().map(|word| (*word).to_owned()).collect())]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::shell::done_tells;
    use super::*;

    #[rstest]
    #[case("bash -lc 'cd x; cargo test'", &["cd x", "cargo test"])]
    #[case("timeout 60 bash -euc \"git add . && git commit -m 'a b'\" && git push", &["git add .", "git commit -m a b", "git push"])]
    #[case(r#"powershell.exe -NoProfile -Command "cd 'C:\x'; git commit -F m.txt""#, &["cd C:x", "git commit -F m.txt"])]
    #[case("pwsh -c 'go test ./...'", &["go test ./..."])]
    #[case("ssh -p 22 -i key host 'cd x && cargo test'", &["cd x", "cargo test"])]
    #[case("ssh host cargo test", &["cargo test"])]
    #[case("docker exec -it -e A=1 web pytest -q", &["pytest -q"])]
    #[case("docker compose -f x.yml run --rm -e A=1 web sh -c 'pytest -q'", &["pytest -q"])]
    #[case("docker-compose exec -T web npm test", &["npm test"])]
    #[case("docker exec -d web pytest", &["docker exec -d web pytest"])]
    #[case("docker exec web", &["docker exec web"])]
    #[case("docker run x pytest", &["docker run x pytest"])]
    #[case("ssh host", &["ssh host"])]
    #[case("bash x.sh -c", &["bash x.sh -c"])]
    fn commands_inside_others(#[case] line: &str, #[case] expected: &[&str]) {
        assert_eq!(commands(line).iter().map(|command| command.words.join(" ")).collect::<Vec<_>>(), expected);
    }

    #[rstest]
    #[case("ssh host 'cargo test'", true)]
    #[case("ssh host 'cargo test; echo done'", false)]
    #[case("ssh host 'cargo test' | tail", false)]
    #[case("bash -c 'cargo test' || true", false)]
    #[case("bash -c 'cargo test && echo ok' && ls", true)]
    fn what_a_status_tells_of_a_command_inside(#[case] line: &str, #[case] done: bool) {
        let commands = commands(line);
        let at = commands.iter().position(|command| command.words[0] == "cargo").unwrap();
        assert_eq!(done_tells(&commands, at), done);
    }
}
