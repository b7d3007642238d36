//! Commands that stand inside others: in a word of a shell, on another machine, in a container.

use super::shell::{Operator, Simple, simple_commands};
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
    let Some(first) = inner.first_mut() else { return all.push(command) };
    first.before = command.before;
    // What goes on beside its shell does so beside all that follows.
    if let Some(last) = inner.last_mut().filter(|last| last.after != Operator::Beside) {
        last.after = command.after;
    }
    for mut held in inner {
        held.negated |= command.negated;
        held.elsewhere |= command.elsewhere;
        expand(held, depth + 1, all);
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
        "ssh" => elsewhere(remote(rest)),
        "docker" | "podman" => elsewhere(container(rest)),
        "docker-compose" => elsewhere(composed(rest)),
        _ => Vec::new(),
    }
}

fn elsewhere(mut commands: Vec<Simple>) -> Vec<Simple> {
    for command in &mut commands {
        command.elsewhere = true;
    }
    commands
}

/// The options that `words` begin with, each by itself and without its value, and the words after them.
fn options<'a, 'w>(words: &'a [&'w str], values: &[&str]) -> (Vec<String>, &'a [&'w str]) {
    let mut options = Vec::new();
    let mut rest = words;
    while let Some((word, after)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        rest = after;
        let mut value_follows = false;
        if *word == "--" {
            break;
        } else if word.starts_with("--") {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            value_follows = values.contains(word);
            if value != "false" {
                options.push(name.to_owned());
            }
        } else {
            for (at, letter) in word.char_indices().skip(1) {
                let option = format!("-{letter}");
                let takes_value = values.contains(&option.as_str());
                options.push(option);
                if takes_value {
                    value_follows = at + letter.len_utf8() == word.len();
                    break;
                }
            }
        }
        rest = &rest[usize::from(value_follows && !rest.is_empty())..];
    }
    (options, rest)
}

fn remote(rest: &[&str]) -> Vec<Simple> {
    let (options, words) = options(rest, &SSH_VALUES);
    // Nobody waits for what `-f` runs, and `-N` runs nothing.
    if options.iter().any(|option| option == "-f" || option == "-N") {
        return Vec::new();
    }
    simple_commands(&words.get(1..).unwrap_or_default().join(" "))
}

fn container(rest: &[&str]) -> Vec<Simple> {
    match options(rest, &CONTAINER_VALUES).1 {
        ["exec", rest @ ..] => inside(rest),
        ["compose", rest @ ..] => composed(rest),
        _ => Vec::new(),
    }
}

fn composed(rest: &[&str]) -> Vec<Simple> {
    match options(rest, &CONTAINER_VALUES).1 {
        ["exec" | "run", rest @ ..] => inside(rest),
        _ => Vec::new(),
    }
}

/// The command after options and the name of a container or service; how one ends that is detached is not told.
fn inside(rest: &[&str]) -> Vec<Simple> {
    let (options, words) = options(rest, &CONTAINER_VALUES);
    let detached = options.iter().any(|option| option == "-d" || option == "--detach");
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

    use super::super::shell::{done_tells, error_tells};
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
    #[case("docker exec -dit web pytest", &["docker exec -dit web pytest"])]
    #[case("docker exec -itd web pytest", &["docker exec -itd web pytest"])]
    #[case("docker compose run --detach=true web pytest", &["docker compose run --detach=true web pytest"])]
    #[case("docker compose run --detach=false web pytest", &["pytest"])]
    #[case("docker exec -itw /d -eA=d web pytest", &["pytest"])]
    #[case("docker exec -it -- web pytest", &["pytest"])]
    #[case("ssh -f host cargo test", &["ssh -f host cargo test"])]
    #[case("ssh -NfL 80:x:80 host cargo test", &["ssh -NfL 80:x:80 host cargo test"])]
    #[case("ssh -tp 22 -iNf host cargo test", &["cargo test"])]
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
    #[case("bash -c 'cargo test &'", false)]
    #[case("! bash -c 'cargo test'", false)]
    fn what_a_status_tells_of_a_command_inside(#[case] line: &str, #[case] done: bool) {
        let commands = commands(line);
        let at = commands.iter().position(|command| command.words[0] == "cargo").unwrap();
        assert_eq!(done_tells(&commands, at), done);
    }

    #[rstest]
    #[case("bash -c 'cargo test'", true)]
    #[case("ssh host 'cargo test'", false)]
    #[case("docker exec web sh -c 'cd x && cargo test'", false)]
    #[case("docker compose run --rm web cargo test", false)]
    fn a_failure_may_be_that_of_the_way_there(#[case] line: &str, #[case] failed: bool) {
        let commands = commands(line);
        let at = commands.iter().position(|command| command.words[0] == "cargo").unwrap();
        assert_eq!(error_tells(&commands, at), failed);
    }
}
